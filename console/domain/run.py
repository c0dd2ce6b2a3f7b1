"""RunState and `apply`: the only place that holds state, folded from events."""

from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.contract import RouteCheck
from console.domain.event import (
    AnswerStarted,
    Event,
    GatewayClosed,
    GatewayFailed,
    GatewayOpened,
    LoopLagMeasured,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    RoutesChecked,
    SmokeFinished,
    SmokeQueued,
    SmokeResult,
    SmokeStarted,
    TokenResolved,
    TokenState,
)
from console.domain.role import Role

OUTPUT_LIMIT = 4096
"""How many characters of a stream's end are kept for the eye."""
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
    """The end of the streamed text; for the eye only, never kept."""
    said: str = ""
    """What the gateway said when it refused the call; for the eye only, never kept."""
    result: SmokeResult | None = None

    @property
    def is_live(self) -> bool:
        """Tell whether the call is under way."""
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


@dataclass(frozen=True, slots=True)
class RunState:
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
    tokens_counted: int = 0
    """Input and output tokens of all ended calls, as far as their answers named them."""
    loop_lag_p99_ms: float | None = None

    @property
    def token_state(self) -> TokenState:
        """What asking the token's reference led to."""
        return TokenState.UNASKED if self.token is None else self.token.state

    @property
    def is_live(self) -> bool:
        """Tell whether any call is under way."""
        return any(route.smoke.is_live for route in self.routes)

    def smoke(self, role: Role) -> Smoke:
        """Return the newest smoke test of a role's route; an idle one where the role has no route."""
        return next((state.smoke for state in self.routes if state.check.route.role is role), Smoke())


def apply(state: RunState, event: Event) -> RunState:
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
        case SmokeFinished(result) if _has_route(state, result.role):
            smoke = replace(state.smoke(result.role), phase=SmokePhase.DONE, result=result)
            counted = (result.input_tokens or 0) + (result.output_tokens or 0)
            finished = _with_smoke(state, result.role, smoke)
            finished = replace(finished, tokens_counted=finished.tokens_counted + counted)
            return _with_call(finished, result.role, is_live=False, total_ms=result.total_ms)
        case _:
            return state


def _has_route(state: RunState, role: Role) -> bool:
    return any(each.check.route.role is role for each in state.routes)


def _with_smoke(state: RunState, role: Role, smoke: Smoke) -> RunState:
    routes = tuple(replace(route, smoke=smoke) if route.check.route.role is role else route for route in state.routes)
    return replace(state, routes=routes)


def _with_call(
    state: RunState,
    role: Role,
    *,
    http_status: int | None = None,
    total_ms: float | None = None,
    is_live: bool | None = None,
    is_sent: bool | None = None,
) -> RunState:
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
