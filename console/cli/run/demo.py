"""The demo's runs on the embedded gateway: one candidate for each way a run can end."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.gateway import opened_target
from console.cli.run.context import open_run_context
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.ledger.ulid import new_run_id
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.routes.role import Role
from console.domain.routes.route import RouteTable
from console.domain.run.event import Entry
from console.domain.run.state import RunState, RunStatus
from console.services.config.settings import EMBEDDED, Profile
from console.services.gateway.reservations import Reservations
from console.services.git.command import NoGitError
from console.services.git.example import commit_all
from console.services.open_gateway import Target
from console.services.run.beginning import Order, begin_run
from console.services.run.session import step_all, stepping
from console.services.run.step import GateNoted, StepEvent
from console.view.run_words import entry_words, standing


@dataclass(frozen=True, slots=True)
class _Way:
    """A run of the demo: how it differs from the sample, and how it must end."""

    words: str
    role: Role | None
    model: str
    end: RunStatus
    calls: int
    """How many calls it makes: none if it is stopped before any generation."""


_WAYS = (
    _Way("a candidate passes every gate", None, "", RunStatus.CLOSED, 4),
    _Way(
        "the review asks for a revision, then it passes",
        Role.REVIEWER,
        "gpt-review-revise-placeholder",
        RunStatus.CLOSED,
        6,
    ),
    _Way("the critic blocks it", Role.CRITIC, "claude-critic-block-placeholder", RunStatus.BLOCKED, 4),
    _Way(
        "the account has no price for the writer's model: stopped before any generation",
        Role.WRITER,
        "gpt-unpriced-placeholder",
        RunStatus.STOPPED,
        0,
    ),
)
_TASK = "Add a short note to docs/ that says which endpoint family each role is called on, and why.\n"
_RULES = "# Rules\n\nKeep notes short. Touch nothing outside docs/. Publish nothing.\n"


async def demonstrate_runs(profile: Profile, *, as_json: bool) -> tuple[tuple[Record, ...], ExitCode]:
    """Take candidates through the gates; return their records, and OK if each ended as it must.

    Each gate takes the machine's verdict. The runs work in parallel on a temporary repository; their records stay.
    """
    with TemporaryDirectory(prefix="gateway-console-demo-") as directory:
        repository = Path(directory) / "example-repo"
        if not await _make_repository(repository):
            output.note("git is not installed, so no run is shown: a run needs a repository")
            return (), ExitCode.OK
        async with opened_target(profile) as target:
            reservations = Reservations(profile.budget())
            ended = await asyncio.gather(*(_run(profile, way, repository, target, reservations) for way in _WAYS))
    are_right = all((state.status, len(state.calls)) == (way.end, way.calls) for way, state, _ in ended)
    return _show(ended, as_json=as_json), ExitCode.OK if are_right else ExitCode.FAILED


async def _run(
    profile: Profile, way: _Way, repository: Path, target: Target, reservations: Reservations
) -> tuple[_Way, RunState, Sequence[str]]:
    own = profile if way.role is None else _with_model(profile, way.role, way.model)
    async with open_run_context(own, reservations=reservations) as context:
        order = Order(_TASK.encode(), ArtifactKind.PATCH, repository)
        log, _ = await begin_run(context, order, new_run_id(context.now_ms, os.urandom), EMBEDDED)
        async with (
            stepping(context, log, target=target) as stepper,
            aclosing(step_all(context, log, stepper)) as events,
        ):
            said = [words async for each in events for words in _words(each)]
        return way, log.state, said


def _words(events: StepEvent) -> Iterator[str]:
    if isinstance(events, Entry) and (words := entry_words(events)) is not None:
        yield words
    if isinstance(events, GateNoted):
        for finding in events.findings:
            yield f"    {finding.severity.value:<5} {finding.id}  {finding.message}"


def _with_model(profile: Profile, role: Role, model: str) -> Profile:
    routes = tuple(replace(route, model=model) if route.role is role else route for route in profile.table)
    return replace(profile, table=RouteTable(routes))


def _show(ended: Sequence[tuple[_Way, RunState, Sequence[str]]], *, as_json: bool) -> tuple[Record, ...]:
    for way, state, said in ended:
        if as_json:
            continue
        output.write_line()
        output.write_line(f"run {state.run_id}: {way.words}")
        for words in said:
            output.write_line(f"    {words}")
        output.write_line(f"    {standing(state)}; {len(state.calls)} call(s) made")
    if not as_json:
        output.note("the records stay: gateway-console record show RUN, and record verify --all")
    return tuple(record_of(state) for _, state, _ in ended)


async def _make_repository(root: Path) -> bool:
    """Make the repository that the runs work on. Return False if git is not installed."""
    (root / "docs").mkdir(parents=True)
    (root / "AGENTS.md").write_text(_RULES, encoding="utf-8")
    (root / "docs" / "index.md").write_text("# Documents\n", encoding="utf-8")
    try:
        await commit_all(root, current().environment)
    except NoGitError:
        return False
    return True
