"""What a call in an agent's shape showed, in the document of `check`, and what agents send, in that of `prove`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

from console.cli.exit_code import ExitCode
from console.cli.reports.documents.classification import ClassificationDocument
from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.documents.price import PriceDocument
from console.domain.money import usd
from console.domain.probes.agent import ShapeOrigin, ShapeSource
from console.domain.probes.agent_capture import RequestOutline
from console.domain.probes.agent_contract import ContractRow, ContractVerdict
from console.domain.probes.agent_feature import Feature, FeatureKind
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.ladder import RungStatus
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.services.system.process import ChildEnding

if TYPE_CHECKING:
    from console.services.agent_capture.capture import CapturedRun
    from console.services.agent_capture.proved import Proved


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


class ProveOutcome(StrEnum):
    """What became of an agent."""

    CAPTURED = "captured"
    FAILED = "failed"
    REFUSED = "refused"
    """It speaks none of the families, so the relay refused it."""
    NOT_INSTALLED = "not_installed"
    """It was not found on PATH, so it was not tried."""


@dataclass(frozen=True, kw_only=True)
class ProvedRequestDocument:
    """One request that an agent made: names, types and sizes, and no other value of it."""

    method: str
    path: str
    query: tuple[str, ...]
    """The names in its query."""
    endpoint_family: EndpointFamily | None
    headers: tuple[str, ...]
    betas: tuple[str, ...]
    body_keys: tuple[str, ...]
    item_types: tuple[str, ...]
    tool_types: tuple[str, ...]
    size_bytes: int

    @classmethod
    def of(cls, outline: RequestOutline) -> Self:
        """Return a request as the document names it."""
        return cls(
            method=outline.method,
            path=outline.path,
            query=outline.query,
            endpoint_family=outline.family,
            headers=outline.headers,
            betas=outline.betas,
            body_keys=outline.body_keys,
            item_types=outline.item_types,
            tool_types=outline.tool_types,
            size_bytes=outline.size_bytes,
        )


@dataclass(frozen=True, kw_only=True)
class ProvedRunDocument:
    """One run of an agent."""

    endpoint_family: EndpointFamily | None
    """The family that it was set to; null for an agent that speaks none."""
    model: str
    """What it was told to use: a model that it knows, or a role, which is an alias to it."""
    ending: ChildEnding
    exit_code: int | None
    passed: int
    """The calls that the embedded gateway answered."""
    failed: int
    refused: tuple[RefusedFor, ...]
    """Why the relay refused calls."""
    findings: tuple[FindingDocument, ...]
    """What the relay's judge found in the embedded gateway's answers, but notes."""
    requests: tuple[ProvedRequestDocument, ...]

    @classmethod
    def of(cls, run: "CapturedRun") -> Self:
        """Return a run as the document names it."""
        return cls(
            endpoint_family=run.family,
            model=run.model,
            ending=run.ran.ending,
            exit_code=run.ran.exit_code,
            passed=run.passed,
            failed=run.failed,
            refused=run.refused,
            findings=tuple(FindingDocument.of(each, f"model {run.model}") for each in run.findings),
            requests=tuple(map(ProvedRequestDocument.of, run.requests)),
        )


@dataclass(frozen=True, kw_only=True)
class ProvedAgentDocument:
    """What became of one agent."""

    agent: str
    """As `--agent` takes it."""
    name: str
    outcome: ProveOutcome
    problem: str | None
    """Why nothing was captured."""
    install: str
    """The command that installs it; the console never runs it."""
    version: str | None
    families: tuple[EndpointFamily, ...]
    """The families that it called."""
    runs: tuple[ProvedRunDocument, ...]
    compared_with: ShapeSourceDocument | None
    added: tuple[FeatureDocument, ...]
    """What its first calls have that those which they are compared with had not."""
    removed: tuple[FeatureDocument, ...]
    kept_in: str | None
    """The file that `check --agent` and `smoke --agent` send from now on."""

    @classmethod
    def of(cls, proved: "Proved") -> Self:
        """Return what became of an agent as the document names it."""
        capture, change = proved.capture, proved.change
        runs = () if capture is None else capture.runs
        called = (each.family for run in runs for each in run.requests)
        return cls(
            agent=proved.id,
            name=proved.settings.name,
            outcome=_outcome(proved),
            problem=None if capture is None else capture.problem or None,
            install=proved.settings.install,
            version=None if capture is None else capture.version or None,
            families=tuple(dict.fromkeys(each for each in called if each is not None)),
            runs=tuple(map(ProvedRunDocument.of, runs)),
            compared_with=None
            if change is None or proved.before is None
            else ShapeSourceDocument.of(proved.before.shape_source),
            added=() if change is None else tuple(map(FeatureDocument.of, change.added)),
            removed=() if change is None else tuple(map(FeatureDocument.of, change.removed)),
            kept_in=None if proved.kept is None else str(proved.kept),
        )


@dataclass(frozen=True, kw_only=True)
class ProveDocument:
    """The agents that were run against the embedded gateway."""

    schema: Literal["gateway-console/prove/v1"] = "gateway-console/prove/v1"
    exit_code: ExitCode
    agents: tuple[ProvedAgentDocument, ...]

    @classmethod
    def of(cls, proved: "Sequence[Proved]", exit_code: ExitCode) -> Self:
        """Return what became of agents as a document."""
        return cls(exit_code=exit_code, agents=tuple(map(ProvedAgentDocument.of, proved)))


def _outcome(proved: "Proved") -> ProveOutcome:
    if proved.capture is None:
        return ProveOutcome.NOT_INSTALLED
    if proved.kept is not None:
        return ProveOutcome.CAPTURED
    return ProveOutcome.REFUSED if proved.is_refused else ProveOutcome.FAILED
