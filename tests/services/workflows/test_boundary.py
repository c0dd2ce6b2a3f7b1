"""The boundary of a repository and an environment."""

from pathlib import Path

import pytest
from support.workflows.workflows import SAFE, with_run

from console.domain.workflows.permissions import CiPermissions
from console.services.workflows.boundary import check_boundary, names_set
from console.services.workflows.zizmor import Zizmor

CANARY = "canary-of-the-environment"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "safe.yml").write_text(SAFE)
    (folder / "unsafe.yml").write_text(with_run("deploy ${{ secrets.TOKEN }}"))
    (folder / "broken.yml").write_text("on: [\n")
    return tmp_path / "repository"


def zizmor_that(tmp_path: Path, script: str) -> Zizmor:
    path = tmp_path / "zizmor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return Zizmor(str(path))


def report(path: Path) -> str:
    return f"""[{{
        "ident": "dangerous-triggers", "determinations": {{"severity": "Low"}}, "locations": [{{
            "symbolic": {{"key": {{"Local": {{"verbatim_path": "{path}"}}}}, "kind": "Primary"}},
            "concrete": {{"location": {{"start_point": {{"row": 0}}}}}}
        }}]
    }}]"""


def test_names_are_those_of_variables_that_hold_something() -> None:
    assert names_set({"NPM_TOKEN": CANARY, "GH_TOKEN": "", "PATH": "/bin"}) == {"NPM_TOKEN", "PATH"}


async def test_workflows_and_tokens_are_checked_and_a_missing_zizmor_is_said(repository: Path) -> None:
    boundary = await check_boundary(repository, frozenset({"ACME_TOKEN"}), own_names=["ACME_*"])
    found = {
        check.path.rpartition("/")[2]: [each.finding.id for each in check.findings] for check in boundary.workflows
    }
    assert found == {"broken.yml": ["BND-14"], "safe.yml": [], "unsafe.yml": ["BND-06"]}
    assert [finding.id for finding in boundary.findings] == ["BND-20", "BND-30"]
    assert boundary.publisher_token_available
    assert boundary.ci_token_permissions is CiPermissions.UNKNOWN


async def test_a_repository_without_workflows_has_nothing_to_say(tmp_path: Path) -> None:
    boundary = await check_boundary(tmp_path, frozenset())
    assert boundary.all_findings == ()
    assert boundary.workflows == ()


async def test_what_zizmor_finds_stands_with_its_workflow(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(report(repository / ".github" / "workflows" / "unsafe.yml"))
    zizmor = zizmor_that(tmp_path, f'printf "%s\\n" "$@" > "{tmp_path}/arguments"; cat "{tmp_path}/report.json"')
    boundary = await check_boundary(repository, frozenset(), zizmor=zizmor)
    by_name = {check.path.rpartition("/")[2]: check for check in boundary.workflows}
    assert [each.finding.id for each in by_name["unsafe.yml"].findings] == ["BND-06", "ZIZ-dangerous-triggers"]
    assert by_name["safe.yml"].findings == ()
    assert boundary.findings == ()
    files = [line.rpartition("/")[2] for line in (tmp_path / "arguments").read_text().splitlines() if line[0] == "/"]
    assert files == ["safe.yml", "unsafe.yml"]


async def test_a_zizmor_that_fails_is_a_warning_and_our_rules_still_hold(repository: Path, tmp_path: Path) -> None:
    boundary = await check_boundary(repository, frozenset(), zizmor=zizmor_that(tmp_path, "exit 1"))
    (finding,) = boundary.findings
    assert finding.id == "BND-31"
    assert finding.message == "zizmor gave no result: it ended with exit code 1. Only our own rules were applied."
    assert "BND-06" in {each.id for each in boundary.all_findings}
