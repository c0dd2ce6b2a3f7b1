"""Workflows of agents by someone who had not read the rules: what is told of each, and of its token.

At first read 32 of the 36 were told right: a called workflow's text and a local action that is not there were silent,
and text in two prompts failed instead of being a warning. None of the safe ones was told wrong.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from console.domain.finding import Severity
from console.domain.workflows.boundary import WorkflowCheck, check_workflows
from console.domain.workflows.workflow import Workflow
from console.services.workflows.workflow_file import parse_workflow

FOLDER = Path(__file__).parents[2] / "data" / "workflows" / "blind"
CASES: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "manifest.jsonl").read_text().splitlines()]


def worst(check: WorkflowCheck, finding_id: str) -> str:
    found = {each.finding.severity for each in check.findings if each.finding.id == finding_id}
    worst_first = (severity for severity in (Severity.FAIL, Severity.WARN) if severity in found)
    return next((severity.value for severity in worst_first), "none")


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_each_workflow_is_told_as_its_author_decided(case: dict[str, Any]) -> None:
    text = (FOLDER / case["file"]).read_text()
    (check,) = check_workflows([Workflow(f".github/workflows/{case['file']}", text, parse_workflow(text.encode()))])
    assert worst(check, "BND-04") in case["code"]
    assert worst(check, "BND-07") in case["text"]
    assert check.permissions == case["token"]


def test_no_word_about_a_token_contradicts_what_the_agents_job_declares() -> None:
    told = {(case["scope"], case["token"]) for case in CASES}
    assert told == {
        ("none", "least privilege"), ("read", "least privilege"), ("write", "least privilege"), ("write", "broad"),
        ("unknown", "unknown"), ("unknown", "none declared"),
    }  # fmt: skip


def test_every_file_has_its_case() -> None:
    assert {case["file"] for case in CASES} == {each.name for each in FOLDER.glob("*.yml")}
