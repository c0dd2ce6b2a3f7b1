"""Shapes of workflows: for each a value, a script or a condition that is followed, and what is told of it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from console.domain.workflows.boundary import check_workflows
from console.domain.workflows.workflow import Workflow
from console.services.workflows.workflow_file import parse_workflow

PATH = Path(__file__).parents[2] / "data" / "workflow_shapes.toml"
CASES: list[dict[str, Any]] = tomllib.loads(PATH.read_text())["case"]


def read(path: str, text: str) -> Workflow:
    return Workflow(path, text, parse_workflow(text.encode()))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_shape_is_told_as_it_is(case: dict[str, Any]) -> None:
    files = [read(path, text) for path, text in case.get("files", {}).items()]
    actions = [each for each in files if "/actions/" in each.path]
    others = [each for each in files if each not in actions]
    check = check_workflows([read(".github/workflows/ci.yml", case["workflow"]), *others], actions)[0]
    told = {
        f"{each.finding.id} {each.finding.severity}"
        for each in check.findings
        if each.finding.id in ("BND-04", "BND-07")
    }
    assert told == set(case["told"])


def test_names_are_unique_and_all_three_answers_occur() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names)
    answers = {word.split()[1] for case in CASES for word in case["told"]}
    assert answers == {"fail", "warn"}
    assert sum(not case["told"] for case in CASES) >= 15
