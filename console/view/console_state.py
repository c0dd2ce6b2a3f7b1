"""ConsoleState and its `apply`: everything both faces draw, folded from events; nothing else holds it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from console.domain.money import Budget
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.event import (
    AgentFinished,
    AgentStarted,
    AnswerStarted,
    BudgetSpent,
    CallEvent,
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
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.tokens.state import TokenState
from console.view.live_call import LiveCall
from console.view.request_log import RequestLog

if TYPE_CHECKING:
    from console.view.run_view import RunView, RunViewEvent

ConsoleEvent: TypeAlias = "Event | RunViewEvent"
"""Every event that changes what is drawn."""
RouteEvent: TypeAlias = CallEvent | RungStarted | RungFinished
"""An event of one route; it names the route's role."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route as it is drawn: what is proven about it, and what is in progress on it."""

    proven: ProvenRoute
    smoke: LiveCall = LiveCall()
    """The newest smoke test."""
    climbing: RungStarted | None = None
    """The rung in progress."""

    @property
    def check(self) -> RouteCheck:
        """The route with its offline check."""
        return self.proven.check

    def apply(self, event: RouteEvent) -> "RouteView":
        """Return the route after an event of its role."""
        route = replace(self, proven=self.proven.apply(event))
        match event:
            case RungStarted():
                return replace(route, climbing=event)
            case RungFinished():
                return replace(route, climbing=None)
            case _:
                return replace(route, smoke=self.smoke.apply(event))


@dataclass(frozen=True, slots=True)
class ConsoleState:
    """Everything that both faces draw."""

    profile: str
    is_read_only: bool = False
    """Nothing that costs or changes anything is allowed."""
    origin: str = ""
    is_embedded: bool = False
    gateway_failure: str = ""
    token: TokenResolved | None = None
    routes: tuple[RouteView, ...] = ()
    requests: RequestLog = RequestLog()
    catalogue: CatalogueRead | None = None
    agents: tuple[AgentResult, ...] = ()
    """What calls in an agent's shape showed, in the order in which they ended."""
    budget: Budget | None = None
    """The session's budget and what is spent of it; None before the first booked call."""
    loop_lag_p99_ms: float | None = None
    run: "RunView | None" = None
    """What is known about runs; None until the ledger was read, which happens after the first paint."""

    @property
    def token_state(self) -> TokenState:
        """The result of resolving the token's reference."""
        return TokenState.UNASKED if self.token is None else self.token.state

    @property
    def apart_from_streams(self) -> tuple[object, ...]:
        """All that is drawn but the streamed text of smoke tests, which grows with every delta, and the loop's lag."""
        smokes = tuple((each.phase, each.ttft_ms, each.said, each.result) for each in (r.smoke for r in self.routes))
        still = replace(self, routes=(), loop_lag_p99_ms=None)
        return still, smokes, tuple((route.proven, route.climbing) for route in self.routes)

    @property
    def is_live(self) -> bool:
        """Whether any smoke test is in progress."""
        return any(route.smoke.is_live for route in self.routes)

    @property
    def is_busy(self) -> bool:
        """Whether any smoke test or check is in progress."""
        return self.is_live or any(route.climbing is not None for route in self.routes)

    @property
    def proven(self) -> tuple[ProvenRoute, ...]:
        """What is proven about each route."""
        return tuple(route.proven for route in self.routes)

    def smoke(self, role: Role) -> LiveCall:
        """Return the newest smoke test of a role's route; an idle one if the role has no route."""
        return next((route.smoke for route in self.routes if route.proven.role is role), LiveCall())

    def apply(self, event: ConsoleEvent) -> "ConsoleState":
        """Return the state after an event. Pure and total: an event of a role without a route changes nothing."""
        match event:
            case RoutesChecked(checks):
                return replace(self, routes=tuple(RouteView(ProvenRoute(check)) for check in checks))
            case GatewayClosed():
                return replace(self, origin="", is_embedded=False, gateway_failure="", token=None)
            case GatewayOpened(origin, is_embedded):
                # What another process or another token proved says nothing about the gateway opened now.
                routes = tuple(replace(route, proven=ProvenRoute(route.check)) for route in self.routes)
                return replace(self, origin=origin, is_embedded=is_embedded, gateway_failure="", routes=routes)
            case GatewayFailed(reason):
                return replace(self, gateway_failure=reason)
            case TokenResolved():
                return replace(self, token=event)
            case LoopLagMeasured(p99_ms):
                return replace(self, loop_lag_p99_ms=p99_ms)
            case AgentStarted():
                return self  # its price was told; its call shows itself
            case AgentFinished(result):
                return replace(self, agents=(*self.agents, result))
            case CatalogueRead():
                return replace(self, catalogue=event)
            case BudgetSpent(budget):
                return replace(self, budget=budget)
            case RungStarted() | RungFinished():
                return self._with_route(event)
            case (
                SmokeQueued()
                | SmokeStarted()
                | RequestWritten()
                | AnswerStarted()
                | OutputReceived()
                | RefusalRead()
                | SmokeFinished()
            ):
                has_route = any(route.proven.role is event.role for route in self.routes)
                return replace(self._with_route(event), requests=self.requests.apply(event)) if has_route else self
            case _:
                return self._with_run(event)

    def _with_route(self, event: RouteEvent) -> "ConsoleState":
        routes = (route.apply(event) if route.proven.role is event.role else route for route in self.routes)
        return replace(self, routes=tuple(routes))

    def _with_run(self, event: "RunViewEvent") -> "ConsoleState":
        """Return the state after an event of runs, whose module is loaded after the first paint."""
        from console.view.run_view import RunCalled, RunView, StepEnded

        requests = self.requests
        if isinstance(event, RunCalled):
            requests = requests.apply(event.event, is_of_run=True)
        elif isinstance(event, StepEnded):
            requests = requests.end_run_calls()
        return replace(self, requests=requests, run=(self.run or RunView()).apply(event))
