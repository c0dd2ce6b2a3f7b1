"""The real zizmor: its report still has the form that is read, and it agrees where our rules and its audits meet."""

import os
from pathlib import Path

import pytest
from support.workflows.workflows import SAFE, with_run, with_step

from console.domain.finding import Severity
from console.services.workflows.boundary import check_boundary
from console.services.workflows.zizmor import Zizmor, find_zizmor

pytestmark = pytest.mark.referee


@pytest.fixture
def zizmor() -> Zizmor:
    found = find_zizmor(os.environ)
    if found is not None:
        return found
    words = "NOT TESTED against the real zizmor: it is missing; pip install -e '.[ci]'"
    if os.environ.get("GATEWAY_CONSOLE_REFEREES") == "required":
        pytest.fail(words)
    pytest.skip(words)


async def audited(
    tmp_path: Path, zizmor: Zizmor, **texts: str
) -> dict[str, dict[str, tuple[Severity, tuple[int, ...]]]]:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text)
    boundary = await check_boundary(tmp_path, frozenset(), zizmor=zizmor)
    assert boundary.findings == ()
    return {
        Path(check.path).stem: {each.finding.id: (each.finding.severity, each.lines) for each in check.findings}
        for check in boundary.workflows
    }


async def test_its_audits_are_read_with_weight_and_line(tmp_path: Path, zizmor: Zizmor) -> None:
    found = await audited(
        tmp_path,
        zizmor,
        injection=with_run("echo ${{ github.event.issue.title }}", on="issues"),
        trigger=with_step("uses: actions/checkout@v5", on="pull_request_target"),
        broad=with_step("run: make", top="permissions: write-all"),
        broken="on: [\n",
    )
    assert found["injection"]["ZIZ-template-injection"] == (Severity.FAIL, (8,))
    assert found["injection"]["BND-07"] == (Severity.FAIL, (8,))
    assert found["trigger"]["ZIZ-dangerous-triggers"] == (Severity.WARN, (1,))
    assert found["broad"]["ZIZ-excessive-permissions"][1] == found["broad"]["BND-02"][1] == (2,)
    assert set(found["broken"]) == {"BND-14"}


async def test_it_has_nothing_grave_to_say_of_a_careful_repository(tmp_path: Path, zizmor: Zizmor) -> None:
    found = await audited(tmp_path, zizmor, safe=SAFE)
    assert not [rule_id for rule_id, (severity, _) in found["safe"].items() if severity is Severity.FAIL]


@pytest.mark.parametrize("name", ["merge-gate.yml", "check-gateway.yml"])
async def test_it_has_nothing_to_say_of_the_workflows_in_the_documentation(
    tmp_path: Path, zizmor: Zizmor, name: str
) -> None:
    page = Path(__file__).parents[2] / "docs" / "examples" / name
    found = await audited(tmp_path, zizmor, example=page.read_text())
    assert found.get("example", {}) == {}


async def test_what_it_takes_for_no_workflow_at_all_is_said(tmp_path: Path, zizmor: Zizmor) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("jobs: 7\n")
    (finding,) = (await check_boundary(tmp_path, frozenset(), zizmor=zizmor)).findings
    assert finding.id == "BND-31"
    assert "it recognises none of the files as a workflow" in finding.message
