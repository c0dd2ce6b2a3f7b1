"""The document of `fleet`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.domain.errors.category import Category
from console.domain.fleet.row import FleetRoute, FleetRow, FleetVerdict
from console.domain.ledger.checkpoint import moment
from console.domain.money import usd
from console.domain.probes.standing import Standing
from console.domain.routes.family import EndpointFamily

if TYPE_CHECKING:
    from console.cli.exit_code import ExitCode
    from console.cli.reports.fleet import ShownFleet


@dataclass(frozen=True, kw_only=True)
class FleetRouteDocument:
    """A route of a profile, as it was seen last."""

    route: str
    model: str
    endpoint_family: EndpointFamily | None
    verdict: Standing
    category: Category | None
    """Why it is red; null if findings alone say so, or it is not."""
    findings: tuple[str, ...]
    """The ids of what was found when it was looked at last."""
    rung: int | None
    """The rung that holds, or that showed the trouble; null if its gateway was not asked."""
    looked_at: str | None
    """When, in UTC."""
    retires_on: str | None
    """The day on which the provider retires the model; null if none is known."""

    @classmethod
    def of(cls, route: FleetRoute) -> Self:
        """Return a route as the document names it."""
        return cls(
            route=str(route.key),
            model=route.model,
            endpoint_family=route.family,
            verdict=route.standing,
            category=route.category,
            findings=route.findings,
            rung=None if route.rung is None else int(route.rung),
            looked_at=None if route.at_ms is None else moment(route.at_ms),
            retires_on=None if route.retires_on is None else route.retires_on.isoformat(),
        )


@dataclass(frozen=True, kw_only=True)
class FleetProfileDocument:
    """A profile, with the verdict of its worst route or why it has none."""

    profile: str
    origin: str
    """The gateway's origin; empty if it is not known without opening it."""
    verdict: FleetVerdict
    why: str
    """Why it is not a better one; empty if nothing speaks against it."""
    exit_code: int
    """What `check` would return for this profile by what is known of it."""
    looked_at: str | None
    """When one of its routes was looked at last, in UTC."""
    age_s: int | None
    """How long ago that was, in seconds; never below 0."""
    clock_ahead_s: float
    """How far the clock of who looked was ahead of this machine's; 0 if it was not."""
    looker: str | None
    """Who looked: a console or a worker, and its machine; null without a store."""
    cost_24h_usd: float
    """What calls with a known cost took in the last 24 hours."""
    cost_7d_usd: float
    """The same in the last 7 days."""
    failures: dict[str, int]
    """How many routes are red, by category; `none` where findings alone say so."""
    retires_on: str | None
    """The day on which the first of its models retires."""
    is_in_config: bool
    """Whether the config in use has it; a store may have those of others too."""
    routes: tuple[FleetRouteDocument, ...]
    """The worst first."""

    @classmethod
    def of(cls, row: FleetRow, code: "ExitCode", now_ms: int) -> Self:
        """Return a profile as the document names it."""
        age_ms = row.age_ms(now_ms)
        return cls(
            profile=row.name,
            origin=row.origin,
            verdict=row.verdict,
            why=row.why,
            exit_code=int(code),
            looked_at=None if row.looked_ms is None else moment(row.looked_ms),
            age_s=None if age_ms is None else age_ms // 1000,
            clock_ahead_s=row.ahead_ms / 1000,
            looker=None if row.looker is None else str(row.looker),
            cost_24h_usd=usd(row.spending.day) or 0.0,
            cost_7d_usd=usd(row.spending.week) or 0.0,
            failures=dict(row.failures),
            retires_on=None if row.retires_on is None else row.retires_on.isoformat(),
            is_in_config=row.is_in_config,
            routes=tuple(map(FleetRouteDocument.of, row.routes)),
        )


@dataclass(frozen=True, kw_only=True)
class FleetDocument:
    """Many profiles, each with its newest state."""

    schema: Literal["gateway-console/fleet/v1"] = "gateway-console/fleet/v1"
    exit_code: int
    """The most actionable one of all profiles that were asked for."""
    read_at: str
    """When the states were read, in UTC."""
    source: str
    """Where the states are from: the store's address without user and password, or this machine's history."""
    unread: int
    """How many states another version of the console wrote, which this one cannot read."""
    profiles: tuple[FleetProfileDocument, ...]

    @classmethod
    def of(cls, shown: "ShownFleet", code: "ExitCode") -> Self:
        """Return the document of some rows of a fleet; the code is that of all that were asked for."""
        now_ms = shown.fleet.now_ms
        profiles = (FleetProfileDocument.of(*each, now_ms) for each in zip(shown.rows, shown.codes, strict=True))
        return cls(
            exit_code=int(code),
            read_at=moment(now_ms),
            source=shown.source,
            unread=shown.fleet.unread,
            profiles=tuple(profiles),
        )
