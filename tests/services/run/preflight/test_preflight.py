"""The preflight of a run: what it finds, how it stops a run, and that nothing is generated before."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.run.desks import PATCH, Office, Walked, go_on, say, walk_to
from support.run.gateway import RunGateway

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.routes.role import Role
from console.domain.run.event import RunStopped, StopCause, StopRule
from console.domain.run.gate import Gate
from console.domain.run.reach import ReachedToken
from console.domain.run.state import Phase, RunStatus
from console.domain.run.subject import PreflightNotes
from console.domain.verification import Mark, rows
from console.domain.workflows.token_kind import TokenKind
from console.services.run.preflight_notes import read_notes
from console.services.run.run_log import RunLog
from console.services.run.step import PreflightNoted
from console.services.verification_marks import MarkFile
from console.view.run_sign import current_sign

BROKEN = b"on: push\npermissions: write-all\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"
SOUND = b"on: push\npermissions: {contents: read}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"
SILENT = b"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"


async def checked(office: Office, workflow: bytes = b"", **tokens: str) -> tuple[Walked, PreflightNotes]:
    """Begin a run and go on as computed; return also what its preflight found, as it is stored."""
    if workflow:
        path = office.repository / ".github" / "workflows" / "ci.yml"
        path.parent.mkdir(parents=True)
        path.write_bytes(workflow)
    async with office.desk() as at:
        desk = replace(at, environment={**at.environment, **tokens})
        walked = await go_on(desk, await office.begin(desk))
        notes = await read_notes(desk.artifacts, walked.state)
    assert notes is not None
    (told,) = [each for each in walked.news if isinstance(each, PreflightNoted)]
    assert told.notes == notes
    return walked, notes


def stop_of(walked: Walked, gateway: RunGateway) -> RunStopped:
    """Return how a preflight stopped a run before anything was generated, with a reason that says why."""
    assert walked.state.stopped is not None
    assert walked.state.stopped.cause is StopCause.PREFLIGHT
    assert walked.state.stopped.reason
    assert gateway.generations == []
    return walked.state.stopped


# --- Routes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "model", "why"),
    [
        (Role.REVIEWER, "gpt-5-pro@chat_completions", ("contract", "endpoint_drift", "ROUTE-03")),
        (Role.CRITIC, "claude-unpriced-placeholder", ("require_price", "account_pricing", "MOD-05")),
        (Role.WRITER, "gpt-missing-placeholder", ("require_listed_model", "route_missing", "MOD-01")),
        (Role.PLANNER, "", ("needed_roles", None, "PRE-01")),
        (Role.REVIEWER, "gpt-route-placeholder", ("independence", None, "INDEP-01")),
    ],
)
async def test_a_stop_names_the_role_and_the_rule_and_what_was_in_reach(
    office: Office, gateway: RunGateway, role: Role, model: str, why: tuple[str, str | None, str]
) -> None:
    office.configure(**{role: model})
    walked, notes = await checked(office, GITHUB_TOKEN="made-up")
    stopped = stop_of(walked, gateway)
    assert (stopped.role, stopped.rule, stopped.category) == (role, *why[:2])
    assert why[2] in {each.id for each in stopped.findings}
    assert notes.reach == stopped.reach
    assert stopped.reach is not None
    assert stopped.reach.tokens == (ReachedToken("GITHUB_TOKEN", TokenKind.REPOSITORY),)
    assert "BND-23" in {each.id for each in notes.findings}
    if model and why[2].startswith("MOD"):
        blocked = [(each.route, each.rung) for each in notes.rungs if each.status == "blocked"]
        assert (blocked[0], {route for route, _ in blocked}) == ((role, 2), {role})


async def test_judges_that_are_too_close_are_named_with_their_level(office: Office, gateway: RunGateway) -> None:
    office.configure(reviewer="gpt-route-placeholder")
    walked, _ = await checked(office)
    assert stop_of(walked, gateway).independence == (("writer_vs_reviewer", 0),)


async def test_a_drifting_route_stops_a_run_before_any_request(office: Office, gateway: RunGateway) -> None:
    """Proving the other routes first could cost money, and could only delay the same stop."""
    office.configure(critic="gpt-5-pro@chat_completions", policy="preflight_level = 5")
    walked, notes = await checked(office)
    assert stop_of(walked, gateway).spent is None
    assert {each.rung for each in notes.rungs} == {0}


async def test_a_model_that_is_not_listed_runs_where_the_list_is_known_to_be_partial(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(writer="gpt-missing-placeholder", policy="require_listed_model = false")
    walked, notes = await checked(office)
    assert walked.state.stopped is not None
    assert walked.state.stopped.cause is StopCause.CALL
    assert (walked.state.stopped.role, walked.state.stopped.rule) == (Role.WRITER, StopRule.REFUSED_CALL)
    assert "MOD-01" in {each.id for each in notes.findings}  # still said


async def test_a_paid_rung_answers_whether_an_unlisted_model_is_there(office: Office, gateway: RunGateway) -> None:
    office.configure(writer="gpt-swapped-placeholder", policy="preflight_level = 4")
    walked, _ = await checked(office)
    assert walked.state.stopped is not None
    assert walked.state.stopped.category is Category.CONTRACT_VIOLATION  # it answered, under another name


async def test_every_rung_is_told_with_its_route(office: Office) -> None:
    walked, notes = await checked(office)
    assert walked.state.status is RunStatus.CLOSED
    assert {(each.route, each.rung, each.status) for each in notes.rungs} == {
        (role, rung, "passed") for role in ("planner", "writer", "revision", "reviewer", "critic") for rung in range(4)
    }
    assert any("model(s)" in each.words or "models" in each.words for each in notes.rungs)


@pytest.mark.parametrize(
    ("absent", "order", "proven"),
    [
        (("planner", "writer", "revision"), {"draft": PATCH, "made_by": "Ann"}, {"reviewer", "critic"}),
        (("revision",), {"writer": "command", "writer_command": "true"}, {"planner", "writer", "reviewer", "critic"}),
    ],
    ids=["outside", "agent"],
)
async def test_a_run_needs_and_proves_only_the_roles_that_it_asks(
    office: Office, absent: tuple[str, ...], order: dict[str, Any], proven: set[str]
) -> None:
    office.configure(**dict.fromkeys(absent, ""), policy="preflight_level = 4")
    async with office.desk() as desk:
        log = await office.begin(desk, **order)
        await walk_to(desk, log, Gate.WRITER if "draft" in order else Gate.PLANNER)
        notes = await read_notes(desk.artifacts, log.state)
    assert notes is not None
    assert {each.route for each in notes.rungs} == proven
    assert not {"PRE-01", "PRE-02"} & {each.id for each in notes.findings}


async def test_a_draft_from_outside_needs_its_judges(office: Office, gateway: RunGateway) -> None:
    office.configure(critic="")
    async with office.desk() as desk:
        walked = await go_on(desk, await office.begin(desk, draft=PATCH))
    stopped = stop_of(walked, gateway)
    assert (stopped.role, stopped.rule) == (Role.CRITIC, StopRule.NEEDED_ROLES)
    assert "a run with a draft from outside needs" in stopped.reason


# --- The verification table ------------------------------------------------------------------------------------------


async def test_a_stop_by_verification_names_the_rows_and_the_command(office: Office, gateway: RunGateway) -> None:
    office.configure(policy="require_verification = true")
    walked, notes = await checked(office)
    stopped = stop_of(walked, gateway)
    assert stopped.rule is StopRule.REQUIRE_VERIFICATION
    assert stopped.verification_rows == tuple(row.id for row in rows())
    assert f"{len(rows())} rows" in stopped.reason
    assert f"gateway-console verify mark {rows()[0].id}" in stopped.reason
    (told,) = [each.message for each in notes.findings if each.id == "VERIFY-01"]
    assert all(row.id in told for row in rows())


async def test_rows_that_the_policy_required_are_recorded_with_their_pages(office: Office) -> None:
    office.configure(policy="require_verification = true")
    file = MarkFile(office.state_directory, office.profile().name)
    for row in rows():
        file.append(Mark(row.id, datetime.now(UTC), "ann"))
    walked, _ = await checked(office)
    assert walked.state.preflight is not None
    assert [(each.id, each.source_url) for each in walked.state.preflight.verified_rows] == [
        (row.id, row.source_url) for row in rows()
    ]


# --- The boundary ----------------------------------------------------------------------------------------------------


async def test_all_that_stops_a_run_is_said_at_once(office: Office, gateway: RunGateway) -> None:
    office.configure(planner="", policy="require_verification = true")
    walked, _ = await checked(office, NPM_TOKEN="made-up", CLOUDFLARE_API_TOKEN="made-up")
    stopped = stop_of(walked, gateway)
    assert {"PRE-01", "VERIFY-01", "BND-20", "BND-21"} == {each.id for each in stopped.findings}
    assert stopped.rule is StopRule.NEEDED_ROLES
    assert "more" in stopped.reason


@pytest.mark.parametrize(
    ("name", "policy", "kind"),
    [
        ("NPM_TOKEN", "", TokenKind.PUBLISHER),
        ("CLOUDFLARE_API_TOKEN", "cloudflare_token_available_to_writer = false", TokenKind.CLOUD),
        ("ACTIONS_RUNTIME_TOKEN", "ci_token_available_to_writer = false", TokenKind.CI),
        ("GITHUB_TOKEN", "repository_token_available_to_writer = false", TokenKind.REPOSITORY),
    ],
)
async def test_a_token_that_the_policy_withholds_stops_a_run_and_is_recorded(
    office: Office, gateway: RunGateway, name: str, policy: str, kind: TokenKind
) -> None:
    office.configure(policy=policy)
    walked, _ = await checked(office, **{name: "made-up"})
    stopped = stop_of(walked, gateway)
    assert stopped.rule is StopRule.WITHHELD_TOKENS
    assert stopped.reach is not None
    assert stopped.reach.has(kind)
    assert f"env -u {name}" in stopped.reason


async def test_tokens_that_only_warn_are_recorded_and_told_with_what_to_do(office: Office) -> None:
    walked, notes = await checked(office, GITHUB_TOKEN="made-up", ACTIONS_RUNTIME_TOKEN="made-up")
    assert walked.state.status is RunStatus.CLOSED
    assert walked.state.preflight is not None
    assert walked.state.preflight.reach is not None
    assert {each.kind for each in walked.state.preflight.reach.tokens} == {TokenKind.CI, TokenKind.REPOSITORY}
    assert {"env -u GITHUB_TOKEN", "env -u ACTIONS_RUNTIME_TOKEN"} <= {
        each.message.rpartition("(")[2].rstrip(").") for each in notes.findings
    }


async def test_broken_workflows_wait_for_a_person_before_anything_is_generated(
    office: Office, gateway: RunGateway
) -> None:
    walked, notes = await checked(office, BROKEN)
    assert (walked.state.gate, walked.state.phase) == (Gate.PREFLIGHT, Phase.WAITING)
    assert gateway.generations == []
    assert str(current_sign(walked.state, is_stepping=False)) == "! undecided"
    (broken,) = [each for each in notes.findings if each.severity is Severity.FAIL]
    assert broken.message.startswith(".github/workflows/ci.yml: ")
    assert broken in walked.findings
    async with office.desk() as desk:
        log = await RunLog.open(desk.ledger, walked.state.run_id)
        await say(desk, log)
        await go_on(desk, log)
    assert log.state.status is RunStatus.CLOSED


async def test_broken_workflows_stop_a_run_where_the_policy_requires_the_boundary(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(policy='ci_boundary = "require"')
    walked, _ = await checked(office, BROKEN)
    stopped = stop_of(walked, gateway)
    assert (stopped.rule, [each.id for each in stopped.findings]) == (StopRule.CI_BOUNDARY, ["BND-02"])
    assert ".github/workflows/ci.yml" in stopped.reason
    assert stopped.reach is not None
    assert stopped.reach.ci_token_permissions == "broad"


async def test_broken_workflows_are_only_recorded_where_the_policy_notes_them(office: Office) -> None:
    office.configure(policy='ci_boundary = "note"')
    walked, _ = await checked(office, BROKEN)
    assert walked.state.status is RunStatus.CLOSED
    assert walked.state.preflight is not None
    assert "BND-02" in {each.id for each in walked.state.preflight.findings}


@pytest.mark.parametrize(("workflow", "is_broken"), [(SILENT, True), (SOUND, False)])
async def test_declared_permissions_hold_for_every_workflow(
    office: Office, workflow: bytes, *, is_broken: bool
) -> None:
    office.configure(policy='ci_token_permissions = "least-privilege for the job"\nci_boundary = "require"')
    walked, notes = await checked(office, workflow)
    assert (walked.state.status is RunStatus.STOPPED) is is_broken
    assert ("BND-25" in {each.id for each in notes.findings}) is is_broken
