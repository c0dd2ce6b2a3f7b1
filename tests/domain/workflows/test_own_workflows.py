"""Small workflows of our own: what is told of each, and what is not; half of them are safe."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from console.domain.finding import Severity
from console.domain.workflows.boundary import WorkflowCheck, check_workflows
from console.domain.workflows.workflow import Workflow
from console.services.workflows.workflow_file import parse_workflow

FOLDER = Path(__file__).parents[2] / "data" / "workflows"
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "manifest.toml").read_text())["case"]


def checked(case: dict[str, Any]) -> WorkflowCheck:
    texts = {name: (FOLDER / name).read_text() for name in case["files"]}
    workflows = [
        Workflow(f".github/workflows/{name}", text, parse_workflow(text.encode())) for name, text in texts.items()
    ]
    return check_workflows(workflows)[0]


def worst(check: WorkflowCheck, finding_id: str) -> str:
    found = {each.finding.severity for each in check.findings if each.finding.id == finding_id}
    return next((severity.value for severity in Severity if severity in found), "none")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_workflow_is_told_as_it_is(case: dict[str, Any]) -> None:
    check = checked(case)
    assert (worst(check, "BND-04"), worst(check, "BND-07")) == (case["code"], case["text"])
    assert check.permissions == case["token"]
    told = " ".join(each.finding.message for each in check.findings if each.finding.id in ("BND-04", "BND-07"))
    assert all(words in told for words in case["says"])


def test_every_file_has_its_case_and_enough_are_safe() -> None:
    assert {name for case in CASES for name in case["files"]} == {each.name for each in FOLDER.glob("*.yml")}
    kinds = [case["kind"] for case in CASES]
    fails = [case["kind"] for case in CASES if "fail" in (case["code"], case["text"])]
    assert len(CASES) >= 24
    assert fails == ["unsafe"] * kinds.count("unsafe")
    assert kinds.count("safe") >= kinds.count("unsafe")


def test_a_finding_names_its_job_and_its_step() -> None:
    (case,) = [case for case in CASES if case["name"] == "output of gh pr view"]
    (found,) = [each for each in checked(case).findings if each.finding.id == "BND-04"]
    assert found.finding.evidence == f"line {found.lines[0]} in step 2 of job review"
