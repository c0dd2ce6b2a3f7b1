"""ConsoleState and `apply`: the only place that holds state, folded from events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from console.domain.errors.category import Category, Classification
from console.domain.money import Budget
from console.domain.probes.event import (
    AnswerStarted,
    BudgetSpent,
    CatalogueRead,
    Event,
    GatewayClosed,
    GatewayFailed,
    GatewayOpened,
    LoopLagMeasured,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    RoutesChecked,
    RungFinished,
    RungStarted,
    SmokeFinished,
    SmokeQueued,
    SmokeStarted,
    TokenResolved,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.routes.shape import Shape
from console.domain.tokens.state import TokenState

if TYPE_CHECKING:
    from console.view.run_view import RunView

OUTPUT_LIMIT = 4096
"""How many characters of a stream's end are kept for display."""
CALL_LIMIT = 200
"""How many of the newest calls the request log shows."""


class SmokePhase(StrEnum):
    """Where a route's smoke test stands."""

    IDLE = "idle"
    QUEUED = "queued"
    CONNECTING = "connecting"
    WAITING = "waiting"
    STREAMING = "streaming"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Smoke:
    """The newest smoke test of one route, as far as it has come."""

    phase: SmokePhase = SmokePhase.IDLE
    ttft_ms: float | None = None
    pieces: int = 0
    output: str = ""
    """The end of the streamed text; display only, never kept."""
    said: str = ""
    """What the gateway said when it refused the call; display only, never kept."""
    result: SmokeResult | None = None

    @property
    def is_live(self) -> bool:
        """Whether the call is under way."""
        return self.phase not in (SmokePhase.IDLE, SmokePhase.DONE)


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the request log: what was really sent; no content, no token."""

    role: Role
    at: float
    """Unix time in seconds."""
    path: str
    model: str
    http_status: int | None = None
    total_ms: float | None = None
    is_live: bool = True
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class RouteState:
    """A route, what is known of it offline, and its newest smoke test."""

    check: RouteCheck
    smoke: Smoke = Smoke()
    rungs: tuple[RungResult, ...] = ()
    """The newest result of each rung, from the lowest on; what lies above a rung that was climbed again is dropped."""
    climbing: RungStarted | None = None
    """The rung that is being climbed."""
    reading: Classification | None = None
    """Why the newest call or rung did not pass; None where it did."""
    has_text: bool = False
    """The newest streamed text call passed."""

    @property
    def reached(self) -> Rung:
        """The highest rung that held, with all below it."""
        held = {result.rung for result in self.rungs if result.holds}
        return max(
            (rung for rung in Rung if all(below in held for below in Rung if below <= rung)), default=Rung.OFFLINE
        )

    @property
    def verdict(self) -> Verdict:
        """What the offline check and the gateway's newest answers together say of the route."""
        if self.check.verdict is Verdict.DRIFT:
            return Verdict.DRIFT
        if self.has_text and self._is_shape_refused:
            return Verdict.CONDITIONAL
        if self.reading is not None and self.reading.category is Category.ENDPOINT_DRIFT:
            return Verdict.DRIFT
        if self.reading is not None and self.reading.category.stops_before_generation:
            return Verdict.BLOCKED
        return Verdict.OK if self.has_text and self.check.verdict is Verdict.UNKNOWN else self.check.verdict

    @property
    def _is_shape_refused(self) -> bool:
        """Whether the role's own shape did not pass for a reason that lies in the shape."""
        shape = next((result for result in self.rungs if result.rung is Rung.SHAPE), None)
        if shape is None or shape.status is RungStatus.PASSED or shape.classification is None:
            return False
        return shape.classification.category in _SHAPE_MATTERS


_SHAPE_MATTERS = frozenset({Category.INVALID_REQUEST, Category.CONTRACT_VIOLATION, Category.ENDPOINT_DRIFT})
"""What a refusal of a shape can be that says something of the shape; an outage says nothing of it."""


@dataclass(frozen=True, slots=True)
class ConsoleState:
    """Everything that both faces draw."""

    profile: str
    is_read_only: bool = False
    """Nothing that costs or changes anything may be done."""
    origin: str = ""
    is_embedded: bool = False
    gateway_failure: str = ""
    token: TokenResolved | None = None
    routes: tuple[RouteState, ...] = ()
    calls: tuple[Call, ...] = ()
    """The newest calls, oldest first."""
    catalogue: CatalogueRead | None = None
    budget: Budget | None = None
    """The session's budget with what is spent of it; None before the first call that is booked."""
    tokens_counted: int = 0
    """Input and output tokens of all ended calls, as far as their answers named them."""
    loop_lag_p99_ms: float | None = None
    run: "RunView | None" = None
    """What is known of runs; None until the ledger was looked at, which happens after the first paint."""

    @property
    def token_state(self) -> TokenState:
        """What asking the token's reference led to."""
        return TokenState.UNASKED if self.token is None else self.token.state

    @property
    def is_live(self) -> bool:
        """Whether any call is under way."""
        return any(route.smoke.is_live for route in self.routes)

    @property
    def is_busy(self) -> bool:
        """Whether any call or check is under way."""
        return self.is_live or any(route.climbing is not None for route in self.routes)

    def smoke(self, role: Role) -> Smoke:
        """Return the newest smoke test of a role's route; an idle one where the role has no route."""
        return next((state.smoke for state in self.routes if state.check.route.role is role), Smoke())


def apply(state: ConsoleState, event: Event) -> ConsoleState:
    """Fold one event into the state. Pure and total: an event of an unknown role changes nothing."""
    match event:
        case RoutesChecked(checks):
            return replace(state, routes=tuple(RouteState(check) for check in checks))
        case GatewayClosed():
            return replace(state, origin="", is_embedded=False, gateway_failure="", token=None)
        case GatewayOpened(origin, is_embedded):
            return replace(state, origin=origin, is_embedded=is_embedded, gateway_failure="")
        case GatewayFailed(reason):
            return replace(state, gateway_failure=reason)
        case TokenResolved():
            return replace(state, token=event)
        case LoopLagMeasured(p99_ms):
            return replace(state, loop_lag_p99_ms=p99_ms)
        case SmokeQueued(role):
            return _with_smoke(state, role, Smoke(SmokePhase.QUEUED))
        case SmokeStarted(route, at) if _has_route(state, route.role):
            call = Call(route.role, at, route.endpoint_path, route.model)
            started = replace(state, calls=(*state.calls, call)[-CALL_LIMIT:])
            started = _with_route(started, route.role, lambda each: replace(each, reading=None))
            return _with_smoke(started, route.role, Smoke(SmokePhase.CONNECTING))
        case RequestWritten(role):
            smoke = replace(state.smoke(role), phase=SmokePhase.WAITING)
            return _with_call(_with_smoke(state, role, smoke), role, is_sent=True)
        case AnswerStarted(role, http_status):
            return _with_call(state, role, http_status=http_status)
        case OutputReceived(role, text, _, ttft_ms):
            before = state.smoke(role)
            output = (before.output + text)[-OUTPUT_LIMIT:]
            smoke = Smoke(SmokePhase.STREAMING, ttft_ms, before.pieces + 1, output, result=before.result)
            return _with_smoke(state, role, smoke)
        case RefusalRead(role, excerpt):
            return _with_smoke(state, role, replace(state.smoke(role), said=excerpt))
        case RungStarted(role):
            return _with_route(state, role, lambda route: replace(route, climbing=event))
        case RungFinished(proof):
            return _with_route(state, proof.role, lambda route: _climbed(route, proof))
        case CatalogueRead():
            return replace(state, catalogue=event)
        case BudgetSpent(budget):
            return replace(state, budget=budget)
        case SmokeFinished(result) if _has_route(state, result.role):
            smoke = replace(state.smoke(result.role), phase=SmokePhase.DONE, result=result)
            state = _with_route(state, result.role, lambda route: _answered(route, result))
            counted = (result.input_tokens or 0) + (result.output_tokens or 0)
            finished = _with_smoke(state, result.role, smoke)
            finished = replace(finished, tokens_counted=finished.tokens_counted + counted)
            return _with_call(finished, result.role, is_live=False, total_ms=result.total_ms)
        case _:
            return state


def log_call(state: ConsoleState, event: Event) -> ConsoleState:
    """Fold an event of a run's call into the log of requests alone: it is not a smoke test of its route."""
    match event:
        case SmokeStarted(route, at):
            call = Call(route.role, at, route.endpoint_path, route.model)
            return replace(state, calls=(*state.calls, call)[-CALL_LIMIT:])
        case RequestWritten(role):
            return _with_call(state, role, is_sent=True)
        case AnswerStarted(role, http_status):
            return _with_call(state, role, http_status=http_status)
        case SmokeFinished(result):
            counted = (result.input_tokens or 0) + (result.output_tokens or 0)
            counting = replace(state, tokens_counted=state.tokens_counted + counted)
            return _with_call(counting, result.role, is_live=False, total_ms=result.total_ms)
        case _:
            return state


def end_call(state: ConsoleState, role: Role) -> ConsoleState:
    """Note in the log of requests that a role's call is not under way any more, however it ended."""
    return _with_call(state, role, is_live=False)


def _has_route(state: ConsoleState, role: Role) -> bool:
    return any(each.check.route.role is role for each in state.routes)


def _with_smoke(state: ConsoleState, role: Role, smoke: Smoke) -> ConsoleState:
    return _with_route(state, role, lambda route: replace(route, smoke=smoke))


def _with_route(state: ConsoleState, role: Role, change: Callable[[RouteState], RouteState]) -> ConsoleState:
    routes = tuple(change(route) if route.check.route.role is role else route for route in state.routes)
    return replace(state, routes=routes)


def _climbed(route: RouteState, result: RungResult) -> RouteState:
    """Return a route with a rung's newest result; what was proven above it rested on an older one."""
    below = tuple(each for each in route.rungs if each.rung < result.rung)
    has_text = result.status is RungStatus.PASSED if result.rung is Rung.SMOKE else route.has_text
    return replace(route, rungs=(*below, result), climbing=None, reading=result.classification, has_text=has_text)


def _answered(route: RouteState, result: SmokeResult) -> RouteState:
    """Return a route with what its newest call came to."""
    if result.status is SmokeStatus.UNKNOWN:
        return route
    has_text = result.status is SmokeStatus.PASSED if result.shape is Shape.TEXT else route.has_text
    return replace(route, reading=result.classification, has_text=has_text)


def _with_call(
    state: ConsoleState,
    role: Role,
    *,
    http_status: int | None = None,
    total_ms: float | None = None,
    is_live: bool | None = None,
    is_sent: bool | None = None,
) -> ConsoleState:
    calls = list(state.calls)
    for position in range(len(calls) - 1, -1, -1):
        call = calls[position]
        if call.role is role and call.is_live:
            calls[position] = replace(
                call,
                http_status=call.http_status if http_status is None else http_status,
                total_ms=call.total_ms if total_ms is None else total_ms,
                is_live=call.is_live if is_live is None else is_live,
                is_sent=call.is_sent if is_sent is None else is_sent,
            )
            break
    return replace(state, calls=tuple(calls))
