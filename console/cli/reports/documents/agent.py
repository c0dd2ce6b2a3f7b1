"""What a call in an agent's shape showed, in the document of `check`."""

from dataclasses import dataclass
from typing import Self

from console.cli.reports.documents.classification import ClassificationDocument
from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.documents.price import PriceDocument
from console.domain.money import usd
from console.domain.probes.agent import ShapeOrigin, ShapeSource
from console.domain.probes.agent_contract import ContractRow, ContractVerdict
from console.domain.probes.agent_feature import Feature, FeatureKind
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.ladder import RungStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role


@dataclass(frozen=True, kw_only=True)
class FeatureDocument:
    """A feature of an agent's first call."""

    kind: FeatureKind
    name: str

    @classmethod
    def of(cls, feature: Feature) -> Self:
        """Return a feature as the document names it."""
        return cls(kind=feature.kind, name=feature.name)


@dataclass(frozen=True, kw_only=True)
class ShapeSourceDocument:
    """Where the shapes of an agent come from."""

    origin: ShapeOrigin
    version: str
    recorded_on: str
    """ISO date."""

    @classmethod
    def of(cls, source: ShapeSource) -> Self:
        """Return where a shape comes from as the documents name it."""
        return cls(origin=source.origin, version=source.version, recorded_on=source.recorded_on.isoformat())


@dataclass(frozen=True, kw_only=True)
class ContractRowDocument:
    """One row of the contract that an agent's vendor has for gateways."""

    id: str
    """The assertion's; `check --list` says what each means."""
    verdict: ContractVerdict
    words: str
    """What showed it, or why nothing did."""

    @classmethod
    def of(cls, row: ContractRow) -> Self:
        """Return a row as the document names it."""
        return cls(id=row.id, verdict=row.verdict, words=row.words)


@dataclass(frozen=True, kw_only=True)
class _Agent:
    """An agent's first call to one model on one path, and what it took."""

    agent: str
    """The agent's name and version."""
    roles: tuple[Role, ...]
    """The roles whose routes have this model and path."""
    routes: tuple[str, ...]
    """The keys of these routes."""
    model: str
    endpoint_family: EndpointFamily
    status: RungStatus
    """Unproven where the call was not made; a note says why."""
    notes: tuple[str, ...]
    findings: tuple[FindingDocument, ...]
    price_before: PriceDocument
    tokens: int | None
    """Null where the gateway did not say how many."""
    price_after_usd: float | None
    requests_sent: int
    elapsed_ms: float | None
    shape: ShapeSourceDocument | None
    """Where the shape that was sent comes from."""
    accepted: tuple[FeatureDocument, ...]
    """What the call had that a plain one has not; empty where it was not answered."""
    contract: tuple[ContractRowDocument, ...]
    """The rows of the vendor's contract for gateways; empty for an agent whose vendor has none, and where the call was
    not made."""


@dataclass(frozen=True, kw_only=True)
class AgentDocument(ClassificationDocument, _Agent):
    """An agent's first call: what it took, and why it did not pass."""

    @classmethod
    def of_agent(cls, result: AgentResult) -> Self:
        """Return an agent's call as the document names it."""
        return cls(
            agent=result.agent,
            roles=tuple(dict.fromkeys(key.role for key in result.keys)),
            routes=tuple(map(str, result.keys)),
            model=result.model,
            endpoint_family=result.endpoint_family,
            status=result.status,
            notes=result.notes,
            findings=tuple(
                FindingDocument.of(each, f"agent {result.agent}") for each in dict.fromkeys(result.findings)
            ),
            price_before=PriceDocument.of(result.price_before),
            tokens=result.tokens,
            price_after_usd=usd(result.price_after_microusd),
            requests_sent=result.requests_sent,
            elapsed_ms=None if result.elapsed_ms is None else round(result.elapsed_ms, 1),
            shape=None if result.source is None else ShapeSourceDocument.of(result.source),
            accepted=tuple(map(FeatureDocument.of, result.accepted)),
            contract=tuple(map(ContractRowDocument.of, result.contract)),
            **vars(ClassificationDocument.of(result.classification)),
        )
