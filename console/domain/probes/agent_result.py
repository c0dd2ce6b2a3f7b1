"""What an agent's call showed, for the routes on which it is the same call."""

from dataclasses import dataclass

from console.domain.errors.category import Classification
from console.domain.finding import Finding
from console.domain.money import FREE, Estimate
from console.domain.probes.agent import ShapeSource
from console.domain.probes.agent_contract import ContractRow
from console.domain.probes.agent_feature import Feature
from console.domain.probes.ladder import RungStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What one agent's call to one model on one path showed. Safe to store: no prompt, output or upstream text."""

    agent: str
    """The agent's name and version."""
    keys: tuple[RouteKey, ...]
    """The routes that have this model and path."""
    model: str
    endpoint_family: EndpointFamily
    status: RungStatus
    """Unproven if the call was not made; a note says why."""
    findings: tuple[Finding, ...] = ()
    classification: Classification | None = None
    notes: tuple[str, ...] = ()
    price_before: Estimate = FREE
    tokens: int | None = 0
    """The tokens that the answer reported; None if it reported none."""
    price_after_microusd: int | None = 0
    requests_sent: int = 0
    elapsed_ms: float | None = None
    source: ShapeSource | None = None
    """Where the shape comes from."""
    accepted: tuple[Feature, ...] = ()
    """What the call had that a plain one has not, if it was answered; empty if it was not."""
    contract: tuple[ContractRow, ...] = ()
    """The rows of the contract that the agent's vendor has for gateways; empty if it has none."""
