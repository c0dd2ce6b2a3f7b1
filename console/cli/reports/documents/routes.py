"""The document of `routes`, and a route as all documents name it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.finding import route_subject
from console.domain.finding import Finding
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role

if TYPE_CHECKING:
    from console.services.config.settings import Profile


@dataclass(frozen=True, kw_only=True)
class RouteDocument:
    """A route and what is known of it without any call."""

    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    required_family: EndpointFamily | None
    """The family that the model requires; null where the sources name several or none."""
    verdict: Verdict
    rung_reached: Rung
    """The highest rung of the probe ladder that holds."""
    findings: tuple[FindingDocument, ...]

    @classmethod
    def of(cls, check: RouteCheck) -> Self:
        """Return a route as the documents name it."""
        return cls(
            role=check.route.role,
            model=check.route.model,
            endpoint_family=check.route.endpoint_family,
            endpoint_path=check.route.endpoint_path,
            required_family=check.required_family,
            verdict=check.verdict,
            rung_reached=Rung.OFFLINE,
            findings=tuple(FindingDocument.of(finding, route_subject(check.route.role)) for finding in check.findings),
        )


@dataclass(frozen=True, kw_only=True)
class RoutesDocument:
    """The route table with its offline checks."""

    schema: Literal["gateway-console/routes/v1"] = "gateway-console/routes/v1"
    profile: str
    config: str
    """Where the profile comes from: a path, or that it is built in."""
    routes: tuple[RouteDocument, ...]
    findings: tuple[FindingDocument, ...]
    """Of the table as a whole, such as a role that a run will need and the table lacks."""

    @classmethod
    def of(cls, profile: "Profile", checks: Iterable[RouteCheck], findings: Iterable[Finding]) -> Self:
        """Return the routes of a profile, and what was found of its table as a whole."""
        return cls(
            profile=profile.name,
            config=profile.source,
            routes=tuple(map(RouteDocument.of, checks)),
            findings=tuple(FindingDocument.of(finding, f"profile {profile.name}") for finding in findings),
        )
