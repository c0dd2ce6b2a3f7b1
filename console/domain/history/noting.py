"""Noting: the facts that follow from a session's events. Both faces show them one event after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus, route_of
from console.domain.history.streak import RedAt
from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import (
    CatalogueRead,
    CheckFinished,
    GatewayOpened,
    OutputReceived,
    RoutesChecked,
    RungFinished,
    RungStarted,
    SmokeFinished,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.probes.standing import Standing
from console.domain.relay.call import RelayCallBegun, RelayCallEnded
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape

_OWN_REFUSALS = frozenset({Category.BUDGET_EXCEEDED, Category.SECRET_IN_PROMPT})
"""The console's own refusals say nothing about a route."""
_CHECKED = {
    Standing.PROVEN: FactStatus.PASSED,
    Standing.OFFLINE: FactStatus.UNPROVEN,
    Standing.UNPROVEN: FactStatus.UNPROVEN,
    Standing.CONDITIONAL: FactStatus.UNPROVEN,
    Standing.FAILED: FactStatus.FAILED,
    Standing.DOWN: FactStatus.FAILED,
    Standing.BLOCKED: FactStatus.BLOCKED,
    Standing.DRIFT: FactStatus.BLOCKED,
}
_CALLED = {
    SmokeStatus.PASSED: FactStatus.PASSED,
    SmokeStatus.FAILED: FactStatus.FAILED,
    SmokeStatus.BLOCKED: FactStatus.BLOCKED,
    SmokeStatus.UNKNOWN: FactStatus.UNKNOWN,
}
_EMBEDDED = "sim:"
"""The origin of the embedded gateway, whose port differs each time."""
_RUNGS = {Shape.TEXT: Rung.SMOKE, Shape.ROLE: Rung.SHAPE, Shape.AGENT: Rung.SMOKE}


@dataclass(slots=True)
class _Climb:
    """What a check has shown of a route so far."""

    rungs: list[RungResult] = field(default_factory=list)
    text: SmokeResult | None = None
    """The call of rung 4, whose times can be compared with those of smoke tests."""
    rung: Rung | None = None
    """The rung in progress."""


class Noting:
    """Folds the events of one profile's session into facts."""

    def __init__(self, profile: str) -> None:
        """Start with no route and no gateway: only what is found through an open one is a fact.

        Args:
            profile: The profile's name.

        """
        self._profile = profile
        self._origin = ""
        self._checks: dict[RouteKey, RouteCheck] = {}
        self._climbs: dict[RouteKey, _Climb] = {}
        self._relayed: dict[int, Route] = {}
        self._catalogue: Catalogue | None = None

    def take(self, event: object, at_ms: int) -> tuple[Fact, ...]:
        """Return the facts that an event completes.

        Args:
            event: The next event of the session; most complete none.
            at_ms: The Unix time.

        """
        if isinstance(event, OutputReceived):  # the most frequent by far
            return ()
        match event:
            case GatewayOpened(origin, is_embedded):
                self._origin = _EMBEDDED if is_embedded else origin
            case RoutesChecked(checks):
                self._checks = {check.route.key: check for check in checks}
            case CatalogueRead(catalogue):
                self._catalogue = catalogue
            case RungStarted(key, rung):
                self._climbs.setdefault(key, _Climb()).rung = rung
            case RungFinished(result):
                if result.rung is Rung.OFFLINE:  # a new climb: one that was stopped is not part of it
                    self._climbs[result.key] = _Climb()
                climb = self._climbs.setdefault(result.key, _Climb())
                climb.rungs.append(result)
                climb.rung = None
            case SmokeFinished(result):
                return self._called(result, at_ms)
            case CheckFinished(keys, top):
                return tuple(fact for key in keys for fact in self._checked(key, top, at_ms))
            case RelayCallBegun(number=number, route=route):
                self._relayed[number] = route
            case RelayCallEnded():
                return self._passed_on(event, at_ms)
            case _:
                pass
        return ()

    def _called(self, result: SmokeResult, at_ms: int) -> tuple[Fact, ...]:
        climb = self._climbs.get(result.key)
        if climb is not None and climb.rung is not None and climb.rung >= Rung.SMOKE:
            if climb.rung is Rung.SMOKE and result.shape is Shape.TEXT:
                climb.text = result
            return ()
        check = self._checks.get(result.key)
        if check is None or not self._origin:
            return ()
        entry = None if self._catalogue is None else self._catalogue.get(check.route.model)
        return self._call(FactKind.SMOKE, check.route, result, None if entry is None else entry.price, at_ms)

    def _call(
        self, kind: FactKind, route: Route, result: SmokeResult, price: Price | None, at_ms: int
    ) -> tuple[Fact, ...]:
        """Return the fact of a call; none if the console refused it, or none was made."""
        status, said = _CALLED.get(result.status), result.classification
        category = None if said is None else said.category
        if status is None or category in _OWN_REFUSALS or (status is FactStatus.UNKNOWN and not result.requests_sent):
            return ()
        shape = Shape.AGENT if kind is FactKind.RELAY else result.shape
        rung = _RUNGS[shape]
        if status is FactStatus.PASSED and result.is_swapped:
            status, rung = FactStatus.UNPROVEN, Rung.KEY
        fact = Fact(
            at_ms,
            route_of(self._profile, self._origin, route),
            kind,
            status,
            rung,
            shape,
            category,
            result.http_status,
            *_times(result),
            microusd=result.cost(price),
            findings=tuple(finding.id for finding in result.findings),
            request_id=result.request_id,
        )
        return (fact,)

    def _passed_on(self, event: RelayCallEnded, at_ms: int) -> tuple[Fact, ...]:
        route = self._relayed.pop(event.number, None)
        if route is None or not self._origin:
            return ()
        facts = self._call(FactKind.RELAY, route, event.result, None, at_ms)
        microusd = event.microusd if event.is_priced and not event.uncounted else None
        return tuple(replace(fact, microusd=microusd) for fact in facts)

    def _checked(self, key: RouteKey, top: Rung, at_ms: int) -> tuple[Fact, ...]:
        """Return the fact of a check that went to the gateway: what this check alone showed of a route."""
        climb, check = self._climbs.pop(key, None), self._checks.get(key)
        if climb is None or check is None or top is Rung.OFFLINE or not self._origin:
            return ()
        proven = ProvenRoute(check)
        for each in climb.rungs:
            proven = proven.apply(RungFinished(each))
        status = _CHECKED[proven.standing]
        shown = proven.trouble
        said = next((each.classification for each in climb.rungs if each.classification is not None), None)
        said = shown.classification if shown is not None else said
        if said is not None and said.category in _OWN_REFUSALS:
            said = None
        passed = [each.rung for each in climb.rungs if each.status is RungStatus.PASSED]
        # What was inconclusive let the next rung be tried, and shows nothing by itself.
        highest = max(passed, default=Rung.OFFLINE)
        rung = (Rung.OFFLINE if shown is None else shown.rung) if status.is_red else highest
        known = [each.price_after_microusd for each in climb.rungs]
        call = climb.text
        is_timed = call is not None and call.status is SmokeStatus.PASSED
        fact = Fact(
            at_ms,
            route_of(self._profile, self._origin, check.route),
            FactKind.CHECK,
            status,
            rung,
            Shape.TEXT if is_timed else None,
            None if said is None else said.category,
            None if call is None else call.http_status,
            *(_times(call) if call is not None and is_timed else (None, None, None, None)),
            microusd=None if None in known else sum(each or 0 for each in known),
            findings=tuple(finding.id for each in climb.rungs for finding in each.findings),
            request_id=None if call is None else call.request_id,
        )
        return (fact,)


def _times(result: SmokeResult) -> tuple[float | None, float | None, int | None, float | None]:
    """Return what is kept of a call's times: first token, end, output tokens, tokens per second."""
    ttft_ms = result.ttft_ms if result.is_ttft_models else None
    return ttft_ms, result.total_ms, result.output_tokens, result.output_tokens_per_s


def red_routes(profile: str, origin: str, routes: Iterable[ProvenRoute]) -> dict[FactRoute, RedAt]:
    """Return the routes that something speaks against, as facts name them, with what must hold before they are green.

    Args:
        profile: The profile's name.
        origin: As `route_of` takes it.
        routes: The routes with what is proven of them.

    """
    red = {}
    for each in routes:
        if _CHECKED[each.standing].is_red:
            trouble = each.trouble
            at = RedAt(Rung.OFFLINE) if trouble is None else RedAt(trouble.rung, trouble.classification is None)
            red[route_of(profile, origin, each.check.route)] = at
    return red
