"""The document of `check`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.reports.documents.agent import AgentDocument
from console.cli.reports.documents.classification import ClassificationDocument
from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.documents.history.streak import StreakDocument
from console.cli.reports.documents.price import PriceDocument
from console.cli.reports.documents.routes import RouteDocument
from console.cli.reports.finding import route_subject
from console.domain.finding import Finding
from console.domain.money import Spent, usd
from console.domain.probes.catalogue import Change
from console.domain.probes.event import CatalogueRead
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.mark import marks_of
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.family import EndpointFamily
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.services.config.settings import Profile


@dataclass(frozen=True, kw_only=True)
class _Rung:
    """A rung of the probe ladder that was climbed, and what it took."""

    rung: Rung
    title: str
    status: RungStatus
    notes: tuple[str, ...]
    price_before: PriceDocument
    tokens: int | None
    """Null where the gateway did not say how many."""
    price_after_usd: float | None
    requests_sent: int
    elapsed_ms: float | None


@dataclass(frozen=True, kw_only=True)
class RungDocument(ClassificationDocument, _Rung):
    """A rung of the probe ladder that was climbed: what it took, and why it did not hold."""

    @classmethod
    def of_rung(cls, result: RungResult) -> Self:
        """Return a rung as the document names it."""
        return cls(
            rung=result.rung,
            title=result.rung.title,
            status=result.status,
            notes=result.notes,
            price_before=PriceDocument.of(result.price_before),
            tokens=result.tokens,
            price_after_usd=usd(result.price_after_microusd),
            requests_sent=result.requests_sent,
            elapsed_ms=None if result.elapsed_ms is None else round(result.elapsed_ms, 1),
            **vars(ClassificationDocument.of(result.classification)),
        )


@dataclass(frozen=True, kw_only=True)
class _ProvenRoute(RouteDocument):
    """A route and what the gateway's answers proved of it."""

    declared_families: tuple[EndpointFamily, ...] | None
    """The families that the gateway declares for the model; null where it declares none at all."""
    input_usd: float | None
    """US dollars a million tokens; so is the next."""
    output_usd: float | None
    rung_needed: Rung
    """The rung that the role needs before its output may be trusted."""
    rungs: tuple[RungDocument, ...]


@dataclass(frozen=True, kw_only=True)
class ProvenRouteDocument(StreakDocument, _ProvenRoute):
    """A route, what the gateway's answers proved of it, and since when it is red if it is."""

    @classmethod
    def of_route(cls, state: ConsoleState, route: ProvenRoute) -> Self:
        """Return a route as the document names it."""
        entry = None if state.catalogue is None else state.catalogue.catalogue.get(route.check.route.model)
        price = None if entry is None else entry.price
        findings = dict.fromkeys(route.check.findings)
        for result in route.rungs:
            findings |= dict.fromkeys(result.findings)
        proven = {
            "verdict": route.standing,
            "marks": marks_of(route),
            "untested": route.proving_rung,
            "rung_reached": route.reached,
            "findings": tuple(FindingDocument.of(each, route_subject(route.key)) for each in findings),
        }
        return cls(
            **vars(RouteDocument.of(route.check)) | proven,
            declared_families=None if entry is None else entry.families,
            input_usd=None if price is None else price.input_usd,
            output_usd=None if price is None else price.output_usd,
            rung_needed=route.needed,
            rungs=tuple(map(RungDocument.of_rung, route.rungs)),
            **vars(StreakDocument.of_streak(state.streak(route.key))),
        )


@dataclass(frozen=True, kw_only=True)
class CatalogueDocument:
    """The gateway's lists of models, compared with the last check."""

    sources: tuple[str, ...]
    models: int
    is_first: bool
    """Whether this is the first check, with nothing to compare with."""
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, read: CatalogueRead) -> Self:
        """Return a catalogue as the document names it."""
        return cls(
            sources=tuple(read.catalogue.sources),
            models=len(read.catalogue.entries),
            is_first=read.is_first,
            changes=tuple(read.changes),
        )


@dataclass(frozen=True, kw_only=True)
class SpentDocument:
    """What the calls took, as far as it is known."""

    tokens: int
    usd: float | None
    is_exact: bool
    """Whether all prices and token counts are known."""

    @classmethod
    def of(cls, spent: Spent) -> Self:
        """Return what was spent as the document names it."""
        return cls(tokens=spent.tokens, usd=usd(spent.microusd), is_exact=spent.is_exact)


@dataclass(frozen=True, kw_only=True)
class CheckDocument:
    """What climbing the probe ladder showed."""

    schema: Literal["gateway-console/check/v1"] = "gateway-console/check/v1"
    profile: str
    config: str
    level: Rung
    """How far to climb was asked for."""
    routes: tuple[ProvenRouteDocument, ...]
    agents: tuple[AgentDocument, ...]
    """The first calls of the agent that was asked for; empty where none was."""
    catalogue: CatalogueDocument | None
    """Null where it was not read."""
    spent: SpentDocument | None
    findings: tuple[FindingDocument, ...]
    """Of the route table as a whole, such as a role that a run will need and the table lacks."""

    @classmethod
    def of(cls, profile: "Profile", state: ConsoleState, top: Rung, findings: Iterable[Finding]) -> Self:
        """Return what climbing showed, and what was found of the route table as a whole."""
        return cls(
            profile=profile.name,
            config=profile.source,
            level=top,
            routes=tuple(ProvenRouteDocument.of_route(state, route) for route in state.proven),
            agents=tuple(map(AgentDocument.of_agent, state.agents)),
            catalogue=None if state.catalogue is None else CatalogueDocument.of(state.catalogue),
            spent=None if state.budget is None else SpentDocument.of(state.budget.spent),
            findings=tuple(FindingDocument.of(finding, f"profile {profile.name}") for finding in findings),
        )
