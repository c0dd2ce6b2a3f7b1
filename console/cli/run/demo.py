"""The demo's runs on the embedded gateway: the prepared tasks, each with the scenario that suits it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.gateway import opened_target
from console.cli.run.context import open_run_context
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.ledger.ulid import new_run_id
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.routes.route_key import RouteKey
from console.domain.run.command import Stop
from console.domain.run.event import Entry
from console.domain.run.state import RunState, RunStatus
from console.services.config.load import load_profile
from console.services.config.settings import EMBEDDED, Profile
from console.services.demo.place import NoGitForDemoError, make_sample
from console.services.demo.story import SCENARIOS_PROFILE, PreparedTask, Scenario, story
from console.services.gateway.reservations import Reservations
from console.services.open_gateway import Target
from console.services.run.beginning import Order, begin_run
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.session import step_all, stepping
from console.services.run.step import GateNoted, StepEvent
from console.view.run_words import entry_words, standing

_ENDS = {
    "healthy": (RunStatus.CLOSED, 4),
    "revise": (RunStatus.CLOSED, 6),
    "block": (RunStatus.BLOCKED, 4),
    "account": (RunStatus.STOPPED, 0),
}
"""How a run of a scenario must end by the machine's verdicts alone, and after how many calls."""
_LABEL_WIDTH = 9


@dataclass(frozen=True, slots=True)
class _Way:
    """A run of the demo: a prepared task in the scenario that suits it."""

    task: PreparedTask
    scenario: Scenario
    is_silent: bool
    """Whether stdout is for a document."""

    def say(self, words: str) -> None:
        """Write a line, labelled: the runs work side by side."""
        if not self.is_silent:
            output.write_line(f"{self.task.name:<{_LABEL_WIDTH}}{words}")


async def demonstrate_runs(profile: Profile, *, as_json: bool) -> tuple[tuple[Record, ...], ExitCode]:
    """Take the prepared tasks through the gates; return their records, and OK if each ended as it must.

    Each gate takes the machine's verdict. The runs work side by side on the sample repository, and each line is written
    as it happens; their records stay.

    Raises:
        DemoError: The sample repository cannot be made.
        SimulatorError: The embedded gateway does not start.

    """
    try:
        repository = await make_sample(current().environment)
    except NoGitForDemoError as error:
        output.note(f"no run is shown: {error}")
        return (), ExitCode.OK
    told = story()
    ways = [_Way(task, told.scenario(task.scenario), as_json) for task in told.tasks]
    async with opened_target(profile) as target:
        reservations = Reservations(profile.budget())
        working = (_run(profile, way, repository, target, reservations) for way in ways)
        # with exceptions as results it waits for all runs: without, the first one that has stopped would end the rest
        results = await asyncio.gather(*working, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    ended = [result for result in results if not isinstance(result, BaseException)]
    ends = [
        (state.status, len(state.calls)) == _ENDS[way.scenario.name] for way, state in zip(ways, ended, strict=True)
    ]
    if not as_json:
        output.write_line()
        for way, state in zip(ways, ended, strict=True):
            way.say(f"{standing(state)}; {len(state.calls)} call(s) made; run {state.run_id}")
        output.note(f"the records stay: gateway-console record show {ended[0].run_id}")
        output.note("step them yourself: gateway-console demo at a terminal, then n; demo --remove removes it all")
    return tuple(record_of(state) for state in ended), ExitCode.OK if all(ends) else ExitCode.FAILED


async def _run(profile: Profile, way: _Way, repository: Path, target: Target, reservations: Reservations) -> RunState:
    routes = tuple(RouteKey(each) for each in way.scenario.routes)
    own = load_profile(name=SCENARIOS_PROFILE) if routes else profile
    task = way.task
    order = Order(task.text.encode(), ArtifactKind(task.kind), repository, task.context, routes=routes)
    async with open_run_context(own, reservations=reservations) as context:
        run_id = new_run_id(context.now_ms, os.urandom)
        beginning = asyncio.create_task(begin_run(context, order, run_id, EMBEDDED))
        try:
            log, _ = await asyncio.shield(beginning)  # an interruption meanwhile finds a run that it can stop
            way.say(f"run {run_id}: {task.title}")
            way.say(f"{way.scenario.name}: {way.scenario.words}")
            async with AsyncExitStack() as stack:
                stepper = await stack.enter_async_context(stepping(context, log, target=target))
                events = await stack.enter_async_context(aclosing(step_all(context, log, stepper)))
                async for each in events:
                    for words in _words(each):
                        way.say(words)
        except asyncio.CancelledError:
            await _stop(context, (await beginning)[0])
            raise
        return log.state


async def _stop(context: RunContext, log: RunLog) -> None:
    """Stop a run whose demo is interrupted: no one would come back to it."""
    await log.refresh()
    if not log.state.is_over:
        await command(context, log, Stop("the demo was interrupted"))


def _words(events: StepEvent) -> Iterator[str]:
    if isinstance(events, Entry) and (words := entry_words(events)) is not None:
        yield words
    if isinstance(events, GateNoted):
        for finding in events.findings:
            yield f"    {finding.severity.value:<5} {finding.id}  {finding.message}"
