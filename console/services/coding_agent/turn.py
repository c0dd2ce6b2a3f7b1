"""A turn: one coding agent works on one draft, held, and calls nothing but the relay of its route.

The agent has no token: it has the relay's key, which opens that relay alone and for as long as the turn lasts. Each of
its calls waits until the caller has recorded it.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.domain.probes.catalogue import Catalogue
from console.domain.probes.smoke import SmokeResult
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_settings import Place
from console.domain.relay.call import RelayEvent
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.contract import RouteCheck
from console.domain.run.agent_event import AgentEnding, FileGuard, Isolation, NetworkGuard
from console.services.checks.policy_command import clean_environment, shown_tail
from console.services.checks.throwaway import Throwaway, ThrowawayError
from console.services.coding_agent.choice import WritingAgent, read_version
from console.services.coding_agent.named_source import named_source
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.relay.agent_home import no_way_out, set_up
from console.services.relay.client import BookedCall, RelayClient
from console.services.relay.opening import OpenRelay, open_relay
from console.services.relay.relay import RelayRules
from console.services.system.confined_child import NOT_HELD
from console.services.system.confinement import Confinement, confined
from console.services.system.handover import handover
from console.services.system.process import ChildEnding, ChildReport, run_bounded

PATCH_LIMIT = 64_000_000
OUTPUT_LIMIT = 32_000_000
"""The most bytes that an agent may write to stdout and stderr."""
_TAIL = 262_144
_LOOPBACK = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost,::1")


@dataclass(frozen=True, slots=True)
class TurnOrder:
    """What an agent has to do, and within which limits."""

    agent: WritingAgent
    check: RouteCheck
    """The one route that it may use."""
    task: bytes = field(repr=False)
    isolation: Isolation
    call_limit: int
    time_limit_s: float
    readable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    """The operator's home."""
    rules: RelayRules
    calls_at_once: int


@dataclass(frozen=True, slots=True)
class CallAsked:
    """The agent wants to make a call, which waits for an answer: None to send it, or why it is refused."""

    call: BookedCall
    answer: "asyncio.Future[RelayRefusal | None]"


@dataclass(frozen=True, slots=True)
class CallDone:
    """A call of the agent's ended."""

    call: BookedCall
    result: SmokeResult
    is_cut: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The agent ended, and none of its processes or calls is left."""

    ending: AgentEnding
    exit_code: int | None
    duration_ms: int
    output_bytes: int
    instruction_source: str
    """What it says that it followed; empty if it names none."""
    patch: bytes | None = field(repr=False)
    """What it changed; None if that cannot be read."""
    why: str
    """Why it left no patch, in our own words; empty if it left one."""
    tail: str = field(repr=False)
    """The end of its output, scrubbed and safe to show."""


TurnEvent = RelayEvent | CallAsked | CallDone | TurnEnded


class Turn:
    """One turn of an agent."""

    def __init__(self, order: TurnOrder, tree: Throwaway) -> None:
        """Prepare a turn; nothing starts.

        Args:
            order: What to do.
            tree: The workplace.

        """
        self._order = order
        self._tree = tree
        self._queue: asyncio.Queue[RelayEvent | CallAsked | CallDone] = asyncio.Queue()
        self._book = _Book(self._queue)
        self._cut = asyncio.Event()

    def cut_off(self) -> None:
        """End the agent now. Its open calls are cut off."""
        self._cut.set()

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the agent's environment without its settings: an allow-list, in which no token is."""
        clean = clean_environment(environment, home=self._tree.home, temporary=self._tree.temporary)
        is_cut_off = self._order.isolation.network is not NetworkGuard.NONE
        return clean | _LOOPBACK | (no_way_out() if is_cut_off else {})

    @property
    def _may(self) -> Confinement:
        """What the agent may do before its turn begins: nothing but read."""
        order = self._order
        return Confinement(
            writable=(),
            readable=(*order.agent.installed_in, *order.readable),
            hidden=order.hidden,
            cpu_s=int(order.time_limit_s) * 4,
            isolation=order.isolation,
        )

    async def version(self, environment: Mapping[str, str]) -> str:
        """Return what the agent says of its version, held so that it cannot prepare its own turn; empty if nothing.

        Args:
            environment: The console's environment.

        """
        own = (self._tree.home, self._tree.temporary)
        may = replace(self._may, readable=(*self._may.readable, *own))
        return await read_version(self._order.agent, self.environment(environment), self._tree.temporary, may)

    async def work(
        self,
        gateway: Gateway,
        reservations: Reservations,
        catalogue: Catalogue | None,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> AsyncGenerator[TurnEvent, None]:
        """Let the agent work; yield its calls as they come, and last its end. Closed early, it kills the agent.

        Each `CallAsked` has to be answered, or its call waits.

        Args:
            gateway: The open client, which alone holds the token.
            reservations: The session's budget.
            catalogue: Where to look up prices.
            environment: The console's environment; the agent gets only PATH and the locale from it.
            clock: A monotonic clock in seconds.
            sleep: Sleeps for a number of seconds; when it returns, the time is up.

        Raises:
            RelayPortError: The relay cannot listen.

        """
        order = self._order
        route = order.check.route
        client = RelayClient(
            order.agent.id,
            RouteDesk((order.check,)),
            call_limit=order.call_limit,
            in_flight_limit=order.calls_at_once,
            book=self._book,
        )
        tell = self._queue.put_nowait
        began = clock()
        async with open_relay(gateway, [client], reservations, tell, rules=order.rules, catalogue=catalogue) as relay:
            place = Place(relay.origin, client.key, route.model, str(self._tree.home))
            running = asyncio.create_task(self._run(place, environment, relay, clock, sleep))
            try:
                async with aclosing(self._until(running)) as events:
                    async for event in events:
                        yield event
            finally:
                running.cancel()  # it kills the agent, if that has not ended by itself
                await asyncio.wait({running})
        self._book.close()
        while not self._queue.empty():
            yield self._queue.get_nowait()
        report = None if running.cancelled() else running.result()
        yield await self._ended(report, round((clock() - began) * 1000))

    async def _run(
        self,
        place: Place,
        environment: Mapping[str, str],
        relay: OpenRelay,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> ChildReport | None:
        """Run the agent to its end; None if it cannot be started."""
        order, tree = self._order, self._tree
        task = tree.temporary / "task.md"
        is_held = order.isolation.files is not FileGuard.NONE
        arguments = order.agent.held_arguments if is_held else order.agent.arguments
        program = (str(order.agent.program), *(place.fill(each) for each in arguments))
        may = replace(
            self._may,
            writable=(tree.files, tree.home, tree.temporary),
            port=int(place.origin.rpartition(":")[2]),
        )
        try:
            settings = await asyncio.to_thread(set_up, order.agent.settings, place, tree.home)
            await asyncio.to_thread(task.write_bytes, order.task)
            async with handover(relay.listen_on) as channel:
                return await run_bounded(
                    confined(program, may, environment, channel),
                    environment=self.environment(environment) | dict(settings.variables),
                    directory=tree.files,
                    timeout_s=order.time_limit_s,
                    limit_bytes=OUTPUT_LIMIT,
                    tail_bytes=_TAIL,
                    given=task,
                    is_stderr_kept=True,
                    is_marked=True,
                    is_supervisor=True,
                    passed=(channel,),
                    clock=clock,
                    sleep=sleep,
                )
        except OSError:
            return None

    async def _until(
        self, running: "asyncio.Task[ChildReport | None]"
    ) -> AsyncGenerator[RelayEvent | CallAsked | CallDone, None]:
        """Yield what happens until the agent ends or is cut off."""
        cut = asyncio.ensure_future(self._cut.wait())
        getting: asyncio.Future[RelayEvent | CallAsked | CallDone] | None = None
        try:
            while not running.done() and not cut.done():
                getting = asyncio.ensure_future(self._queue.get())
                await asyncio.wait({running, cut, getting}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
        finally:
            cut.cancel()
            if getting is not None and not getting.done():
                getting.cancel()

    async def _ended(self, report: ChildReport | None, duration_ms: int) -> TurnEnded:
        """Return how the turn ended, with what the agent changed."""
        is_started = report is not None and report.exit_code != NOT_HELD
        if self._cut.is_set():
            ending = AgentEnding.CUT_OFF
        elif report is None or not is_started:
            ending = AgentEnding.NOT_STARTED
        else:
            ending = _ENDINGS[report.ending]
        patch, why = await self._patch() if ending is AgentEnding.EXITED else (None, _WHY[ending])
        tail = b"" if report is None else report.tail
        return TurnEnded(
            ending,
            report.exit_code if report is not None and ending is AgentEnding.EXITED else None,
            duration_ms,
            0 if report is None else report.output_bytes,
            named_source(tail.decode(errors="replace")),
            patch,
            why,
            shown_tail(tail, is_cut=report is not None and report.output_bytes > len(tail)),
        )

    async def _patch(self) -> tuple[bytes | None, str]:
        try:
            report = await self._tree.patch()
        except ThrowawayError as error:
            return None, error.finding.message
        if not report.is_success:
            return None, f"what it changed is a patch of over {PATCH_LIMIT:,} bytes, or git cannot read it"
        return report.tail, ""


_ENDINGS = {
    ChildEnding.EXITED: AgentEnding.EXITED,
    ChildEnding.TIMED_OUT: AgentEnding.TIMED_OUT,
    ChildEnding.FLOODED: AgentEnding.FLOODED,
}
_WHY = {
    AgentEnding.TIMED_OUT: "the agent was still at work when its time was up (agent.time_limit_s)",
    AgentEnding.FLOODED: f"the agent wrote over {OUTPUT_LIMIT:,} bytes to its output",
    AgentEnding.CUT_OFF: "the agent was cut off",
    AgentEnding.NOT_STARTED: "the agent was not started, or what has to hold it does not",
}


class _Book:
    """Records an agent's calls: whoever reads the turn's events answers each before it is sent."""

    def __init__(self, queue: "asyncio.Queue[RelayEvent | CallAsked | CallDone]") -> None:
        self._queue = queue
        self._waiting: set[asyncio.Future[RelayRefusal | None]] = set()
        self._is_closed = False

    async def begin(self, call: BookedCall) -> RelayRefusal | None:
        """Ask for a call, and wait for the answer."""
        if self._is_closed:
            return RelayRefusal(RefusedFor.CALLS, "the agent's turn is over. Nothing was sent")
        answer: asyncio.Future[RelayRefusal | None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(CallAsked(call, answer))
        return await answer

    def end(self, call: BookedCall, result: SmokeResult, *, is_cut: bool) -> None:
        """Tell of a call's end."""
        self._queue.put_nowait(CallDone(call, result, is_cut))

    def close(self) -> None:
        """Take no call any more."""
        self._is_closed = True
