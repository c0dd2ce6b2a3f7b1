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
    CheckFinished,
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
from console.domain.relay.call import RelayEvent
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.view.config_view import ConfigView, ConfigViewEvent, ProfileAdopted
from console.view.live_call import LiveCall
from console.view.relay.relay_view import RelayView, RelayViewEvent
from console.view.request_log import RequestLog

if TYPE_CHECKING:
    from console.domain.history.streak import Streak
    from console.view.fleet.fleet_view import FleetView, FleetViewEvent
    from console.view.history.history_view import HistoryView, HistoryViewEvent
    from console.view.record.records_view import RecordsView, RecordsViewEvent
    from console.view.run.event import RunViewEvent
    from console.view.run_view import RunView
    from console.view.worker.workers_view import WorkersView, WorkersViewEvent

ConsoleEvent: TypeAlias = (
    "Event | ConfigViewEvent | ProfileAdopted | RelayViewEvent | RunViewEvent | RecordsViewEvent | HistoryViewEvent"
    " | FleetViewEvent | WorkersViewEvent"
)
"""Every event that changes what is drawn."""
RouteEvent: TypeAlias = CallEvent | RungStarted | RungFinished
"""An event of one route; it names the route's key."""


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
        """Return the route after one of its events."""
        match event:
            case OutputReceived():  # the most frequent by far, and it proves nothing
                return RouteView(self.proven, self.smoke.with_output(event), self.climbing)
            case RungStarted():
                return RouteView(self.proven, self.smoke, event)
            case RungFinished():
                return RouteView(self.proven.apply(event), self.smoke)
            case _:
                return RouteView(self.proven.apply(event), self.smoke.apply(event), self.climbing)


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
    relay: RelayView = RelayView()
    """The relay for coding agents."""
    run: "RunView | None" = None
    """What is known about runs; None until the ledger was read, which happens after the first paint."""
    records: "RecordsView | None" = None
    """What is known about records; None until their screen was opened."""
    config: ConfigView = ConfigView()
    """The config that the profile comes from."""
    history: "HistoryView | None" = None
    """What is known of the history; None until something of it was read."""
    fleet: "FleetView | None" = None
    """What is known of the fleet; None until its screen was opened."""
    workers: "WorkersView | None" = None
    """What is known of a team's workers; None until their screen was opened."""

    @property
    def token_state(self) -> TokenState:
        """The result of resolving the token's reference."""
        return TokenState.UNASKED if self.token is None else self.token.state

    @property
    def apart_from_streams(self) -> tuple[object, ...]:
        """All that is drawn but the loop's lag and what grows with every delta: smoke tests' text, agents' answers."""
        smokes = tuple((each.phase, each.ttft_ms, each.said, each.result) for each in (r.smoke for r in self.routes))
        still = replace(self, routes=(), loop_lag_p99_ms=None, relay=self.relay.apart_from_streams)
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

    def smoke(self, key: RouteKey) -> LiveCall:
        """Return the newest smoke test of a route; an idle one if the route does not exist."""
        return next((route.smoke for route in self.routes if route.proven.key == key), LiveCall())

    def streak(self, key: RouteKey) -> "Streak | None":
        """Return since when a route is red; None if the history does not say."""
        return None if self.history is None else self.history.streaks.get(key)

    def apply(self, event: ConsoleEvent) -> "ConsoleState":
        """Return the state after an event. Pure and total: an event of an unknown route changes nothing."""
        if isinstance(event, OutputReceived):  # the most frequent by far: not tried against every other event first
            return self._with_route(event)
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
            case AgentStarted() | CheckFinished():
                return self  # its price was told, and its call shows itself; each rung was told
            case AgentFinished(result):
                return replace(self, agents=(*self.agents, result))
            case CatalogueRead():
                return replace(self, catalogue=event)
            case ProfileAdopted():
                return self._adopted(event)
            case BudgetSpent(budget):
                return replace(self, budget=budget)
            case RungStarted() | RungFinished():
                return self._with_route(event)
            case SmokeQueued() | SmokeStarted() | RequestWritten() | AnswerStarted() | RefusalRead() | SmokeFinished():
                has_route = any(route.proven.key == event.key for route in self.routes)
                return replace(self._with_route(event), requests=self.requests.apply(event)) if has_route else self
            case _ if isinstance(event, ConfigViewEvent):
                return replace(self, config=self.config.apply(event))
            case _:
                return self._with_relay(event) if isinstance(event, RelayViewEvent) else self._with_run(event)

    def _with_route(self, event: RouteEvent) -> "ConsoleState":
        key = event.key
        routes = [route.apply(event) if route.proven.check.route.key == key else route for route in self.routes]
        return ConsoleState(
            self.profile, self.is_read_only, self.origin, self.is_embedded, self.gateway_failure, self.token,
            tuple(routes), self.requests, self.catalogue, self.agents, self.budget, self.loop_lag_p99_ms, self.relay,
            self.run, self.records, self.config, self.history, self.fleet, self.workers,
        )  # fmt: skip

    def _adopted(self, event: ProfileAdopted) -> "ConsoleState":
        """Return the state with another profile, or with other settings: what still holds of a route stays."""
        known = {} if event.is_other else {route.proven.key: route for route in self.routes}
        routes = tuple(_carried(check, known.get(check.route.key), event) for check in event.checks)
        if event.is_other:
            fresh = ConsoleState(event.profile, self.is_read_only, run=self.run, records=self.records, fleet=self.fleet)
            fresh = replace(fresh, workers=self.workers)
            return replace(fresh, routes=routes, config=self.config, loop_lag_p99_ms=self.loop_lag_p99_ms)
        catalogue, agents = (self.catalogue, self.agents) if event.is_same_gateway else (None, ())
        return replace(self, routes=routes, catalogue=catalogue, agents=agents)

    def _with_relay(self, event: RelayViewEvent) -> "ConsoleState":
        requests = self.requests.apply(event) if isinstance(event, RelayEvent) else self.requests
        return replace(self, requests=requests, relay=self.relay.apply(event))

    def _with_run(
        self, event: "RunViewEvent | RecordsViewEvent | HistoryViewEvent | FleetViewEvent | WorkersViewEvent"
    ) -> "ConsoleState":
        """Return the state after an event of what is loaded after the first paint."""
        from console.view.fleet.fleet_view import FleetView, FleetViewEvent
        from console.view.history.history_view import HistoryView, HistoryViewEvent
        from console.view.record.records_view import RecordsView, RecordsViewEvent
        from console.view.run.event import RunCalled, StepEnded
        from console.view.run_view import RunView
        from console.view.worker.workers_view import WorkersView, WorkersViewEvent

        if isinstance(event, RecordsViewEvent):
            return replace(self, records=(self.records or RecordsView()).apply(event))
        if isinstance(event, HistoryViewEvent):
            return replace(self, history=(self.history or HistoryView()).apply(event))
        if isinstance(event, FleetViewEvent):
            return replace(self, fleet=(self.fleet or FleetView()).apply(event))
        if isinstance(event, WorkersViewEvent):
            return replace(self, workers=(self.workers or WorkersView()).apply(event))
        requests = self.requests
        if isinstance(event, RunCalled):
            requests = requests.apply(event.event, is_of_run=True)
        elif isinstance(event, StepEnded):
            requests = requests.end_run_calls()
        return replace(self, requests=requests, run=(self.run or RunView()).apply(event))


def _carried(check: RouteCheck, before: RouteView | None, event: ProfileAdopted) -> RouteView:
    """Return a route's view with what still holds: of the same route on the same gateway, all that is proven."""
    if before is None or not event.is_same_gateway:
        return RouteView(ProvenRoute(check))
    if replace(before.check.route, config_line=None) != replace(check.route, config_line=None):
        return RouteView(ProvenRoute(check))
    return RouteView(replace(before.proven, check=check), before.smoke)
