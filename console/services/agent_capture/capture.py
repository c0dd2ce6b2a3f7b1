"""Capturing a coding agent: it runs with the relay's settings for it, and the relay shows what it was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from console.domain.facts.row import FactsError
from console.domain.finding import Finding, Severity
from console.domain.money import Budget, BudgetScope
from console.domain.probes.agent import Agent, AgentShape
from console.domain.probes.agent_capture import (
    Recorded,
    RequestOutline,
    captured_agent,
    main_call,
    outline_of,
    shape_of,
)
from console.domain.probes.agent_content import Content
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_settings import AgentSettings, ForeignSettings, Place, Setup
from console.domain.relay.call import RelayCallEnded, RelayCallRefused, RelayEvent
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.run.agent_event import FileGuard, Isolation
from console.services.agent_capture.headless import (
    AgentStartError,
    HeadlessAgent,
    Ran,
    own_words,
    run_headless,
    version_of,
)
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.relay.agent_home import agent_home
from console.services.relay.client import RelayClient
from console.services.relay.opening import open_relay
from console.services.relay.relay import RelayRules
from console.services.system.process import ChildEnding

TASK = "Reply with OK."
"""What each agent is asked to do."""
_FOREIGN_MODEL = "gemini-2.5-flash"
_HELD = (
    "It sees only the directories that it is installed in, and not your home: if the program on PATH only leads to"
    " another one, put that one's directory first on PATH, or name what it needs in agent.readable"
)
_CALL_LIMIT = 32
"""The most calls of one run that are passed on: an agent that loops ends."""


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Where and how to capture."""

    gateway: Gateway
    """The embedded gateway, opened."""
    models: Mapping[EndpointFamily, str]
    """A model of it for each family, which no agent knows."""
    environment: Mapping[str, str]
    """The operator's, of which agents get the PATH and the language."""
    today: date
    isolation: Isolation
    """What holds each agent, so that it sees nothing of the operator's and calls the relay alone."""
    readable: tuple[Path, ...] = ()
    """What each may read in the operator's home, which is hidden from it, beside its own installation."""
    is_open: bool = False
    """Whether names are kept, for a recording that a person looks through before it is published."""


@dataclass(frozen=True, slots=True)
class CapturedRun:
    """One run of an agent: how it ended, and what it sent."""

    family: EndpointFamily | None
    """The family that it was set to; None for an agent that speaks none."""
    model: str
    """What it was told to use."""
    ran: Ran
    requests: tuple[RequestOutline, ...]
    passed: int
    """The calls that were answered in full."""
    failed: int
    refused: tuple[RefusedFor, ...]
    """Why the relay refused calls, in their order."""
    findings: tuple[Finding, ...]
    """What the relay's judge found in the answers, but notes."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What was captured of an agent."""

    settings: AgentSettings
    version: str
    """Empty if its program names none."""
    runs: tuple[CapturedRun, ...]
    agent: Agent | None = None
    """Its shapes; None if not all of them were captured."""
    problem: str = ""
    """Why no shape was made; empty if one was."""


async def capture_agent(settings: AgentSettings, program: Path, known: Agent | None, order: CaptureOrder) -> Capture:
    """Run an agent once for each of its shapes, and return what it sent.

    Args:
        settings: How it is set up.
        program: Its program.
        known: The agent as it is known, whose shapes are captured again; None for one that speaks no family.
        order: Where and how.

    Raises:
        OSError: Its home cannot be written.
        RelayPortError: The relay cannot listen.

    """
    work = _Work(settings, program, known, order)
    try:
        if known is not None:
            for family, slot in _slots(settings, known):
                if not work.is_hopeless:
                    await work.run(family, slot)
        elif settings.foreign is not None:
            await work.run_foreign(settings.foreign)
    except AgentStartError as error:
        work.problems.append(str(error))
    if known is not None and not work.problems and not work.version:
        work.problems.append(f"{program.name} --version names no version")
    if known is None and settings.foreign is not None:
        work.problems.append(
            f"it speaks {settings.foreign.protocol}, which no gateway of this console has: no call of it can be relayed"
        )
    if work.problems or known is None or not work.shapes:
        return Capture(settings, work.version, tuple(work.runs), problem="; ".join(dict.fromkeys(work.problems)))
    if work.has_hung:
        return Capture(settings, work.version, tuple(work.runs), problem=f"it did not end: {work.runs[-1].ran.words}")
    requests = [each for run in work.runs for each in run.requests]
    agent = captured_agent(known, work.version, order.today, work.shapes, requests)
    return Capture(settings, work.version, tuple(work.runs), agent)


def _slots(settings: AgentSettings, known: Agent) -> Sequence[tuple[EndpointFamily, AgentShape | None]]:
    """Return what to capture: each shape that is known, and each family of which none is."""
    return (
        *((shape.family, shape) for shape in known.shapes),
        *((family, None) for family in settings.families if family not in known.families),
    )


class _Work:
    """The capture of one agent, run by run."""

    def __init__(self, settings: AgentSettings, program: Path, known: Agent | None, order: CaptureOrder) -> None:
        self.version = ""
        self.runs: list[CapturedRun] = []
        self.shapes: list[AgentShape] = []
        self.problems: list[str] = []
        self._settings = settings
        self._program = program
        self._known = known
        self._order = order

    @property
    def has_hung(self) -> bool:
        """Whether a run had to be ended."""
        return any(run.ran.ending is not ChildEnding.EXITED for run in self.runs)

    @property
    def is_hopeless(self) -> bool:
        """Whether another run would go as the last: the agent did not end, or it asked for nothing at all."""
        return self.has_hung or any(not run.requests for run in self.runs)

    async def run(self, family: EndpointFamily, slot: AgentShape | None) -> None:
        """Run the agent on a family, with a model that it knows, or else with a role, which is an alias to it."""
        setup = self._settings.on(family)
        if setup is None:
            return
        known = "" if slot is None else slot.recorded_with
        model = known or Role.WRITER.value
        ran, seen, events = await self._observe(setup, family, model, known or self._order.models[family])
        content = Content(TASK, (model,), own_words(self._order.environment), is_open=self._order.is_open)
        self.runs.append(_told(family, model, ran, events, [outline_of(each, content) for each in seen]))
        call = main_call(seen, family)
        if call is None:
            said = f": {ran.said}" if ran.said else ""
            is_held = self._order.isolation.files is not FileGuard.NONE
            hint = f". {_HELD}" if is_held and ran.ending is ChildEnding.EXITED else ""
            self.problems.append(f"it made no call on {family} for {model} ({ran.words}{said}){hint}")
            return
        try:
            self.shapes.append(shape_of(call, family, content, slot))
        except FactsError as error:
            self.problems.append(f"{family}: {error}")

    async def run_foreign(self, setup: ForeignSettings) -> None:
        """Run an agent that speaks none of the families, to see what it asks for."""
        ran, seen, events = await self._observe(
            setup, EndpointFamily.RESPONSES, _FOREIGN_MODEL, self._order.models[EndpointFamily.RESPONSES]
        )
        content = Content(TASK, (_FOREIGN_MODEL,), own_words(self._order.environment))
        self.runs.append(_told(None, _FOREIGN_MODEL, ran, events, [outline_of(each, content) for each in seen]))

    async def _observe(
        self, setup: Setup, family: EndpointFamily, model: str, served: str
    ) -> tuple[Ran, list[Recorded], list[RelayEvent]]:
        """Run the agent, and return how it ended, what it sent and what the relay made of that.

        Args:
            setup: How it is told where to call.
            family: The family of the one route that it may use.
            model: What it is told to use.
            served: The route's model.

        """
        table = RouteTable((Route(Role.WRITER, served, family, family.standard_path),))
        desk = RouteDesk(check(table))
        client = RelayClient(self._settings.id, desk, call_limit=_CALL_LIMIT, agent=self._known)
        events: list[RelayEvent] = []
        seen: list[Recorded] = []
        async with open_relay(
            self._order.gateway,
            [client],
            Reservations(Budget(BudgetScope.SESSION)),
            events.append,
            rules=RelayRules(refuses_suspected_secrets=False, cool_down_s=0),
            seen=seen.append,
        ) as opened:
            place = Place(opened.origin, client.key, model, task=TASK)
            async with agent_home(setup, place) as prepared:
                port = int(opened.origin.rpartition(":")[2])
                order = self._order
                agent = HeadlessAgent(
                    self._program,
                    prepared,
                    order.environment,
                    order.isolation,
                    order.readable,
                    port,
                    opened.listen_on,
                )
                self.version = self.version or await version_of(agent)
                ran = await run_headless(agent)
        return ran, seen, events


def _told(
    family: EndpointFamily | None,
    model: str,
    ran: Ran,
    events: Sequence[RelayEvent],
    requests: Sequence[RequestOutline],
) -> CapturedRun:
    results = [each.result for each in events if isinstance(each, RelayCallEnded)]
    found = (finding for each in results for finding in each.findings if finding.severity is not Severity.INFO)
    passed = sum(each.status is SmokeStatus.PASSED for each in results)
    return CapturedRun(
        family=family,
        model=model,
        ran=ran,
        requests=tuple(requests),
        passed=passed,
        failed=len(results) - passed,
        refused=tuple(each.reason for each in events if isinstance(each, RelayCallRefused)),
        findings=tuple(dict.fromkeys(found)),
    )
