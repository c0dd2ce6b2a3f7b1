"""The document of `routes`, and a route as all documents name it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.finding import route_subject
from console.domain.finding import Finding
from console.domain.probes.ladder import Rung
from console.domain.probes.mark import Mark, marks_of
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.routes.contract import RouteCheck, fix_lines
from console.domain.routes.family import EndpointFamily
from console.domain.routes.retirement import RouteRetirement
from console.domain.routes.role import Role

if TYPE_CHECKING:
    from console.services.config.settings import Profile
    from console.services.setup.from_yaml import ConfigFromYaml


@dataclass(frozen=True, kw_only=True)
class RetirementDocument:
    """When the provider of a route's model retires it."""

    provider: str
    retires_on: str
    """ISO date of the first day on which the provider does not serve the model."""
    days_left: int
    """0 or less if it has happened."""
    replacement: str | None
    """Null where the source names none that lasts."""
    is_binding: bool
    """Whether it is due within the days of notice and its date counts for the route."""
    served_by: str | None
    """Who serves the route's model by dates of their own; null where no one is known to."""
    is_second_hand: bool
    """Whether the date was not read from the provider itself."""
    source_url: str
    checked_on: str
    """ISO date on which the source was read."""

    @classmethod
    def of(cls, retirement: RouteRetirement) -> Self:
        """Return a retirement as the documents name it."""
        row = retirement.row
        return cls(
            provider=row.provider,
            retires_on=row.retires_on.isoformat(),
            days_left=row.days_left(retirement.today),
            replacement=row.replacement or None,
            is_binding=retirement.is_binding,
            served_by=None if retirement.served_by is None else retirement.served_by.who,
            is_second_hand=row.is_second_hand,
            source_url=row.source_url,
            checked_on=row.checked_on,
        )


@dataclass(frozen=True, kw_only=True)
class RouteDocument:
    """A route and what is known of it without any call."""

    role: Role
    route: str
    """The route's key: the role, with the route's name if it has one, as in `writer.fast`."""
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    required_family: EndpointFamily | None
    """The family that the model requires; null where the sources name several or none."""
    verdict: Standing
    marks: tuple[Mark, ...]
    """What no table may hide, whatever the verdict; the gravest first."""
    untested: Rung | None
    """The rung that would prove the route; null where it is proven or in trouble."""
    rung_reached: Rung
    """The highest rung of the probe ladder that holds."""
    retirement: RetirementDocument | None
    """Null where no retirement of the model is known."""
    findings: tuple[FindingDocument, ...]
    fix: tuple[str, ...]
    """Lines for the config that would fix the route: its family, or a model that lasts."""

    @classmethod
    def of(cls, check: RouteCheck) -> Self:
        """Return a route as the documents name it."""
        route = ProvenRoute(check)
        return cls(
            role=check.route.role,
            route=str(check.route.key),
            model=check.route.model,
            endpoint_family=check.route.endpoint_family,
            endpoint_path=check.route.endpoint_path,
            required_family=check.required_family,
            verdict=route.standing,
            marks=marks_of(route),
            untested=route.proving_rung,
            rung_reached=Rung.OFFLINE,
            retirement=None if check.retirement is None else RetirementDocument.of(check.retirement),
            findings=tuple(FindingDocument.of(finding, route_subject(check.route.key)) for finding in check.findings),
            fix=fix_lines(check),
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
    toml: str | None = None
    """The text of a config that says what the YAML file says; null without `--from-yaml`."""
    notes: tuple[str, ...] = ()
    """What that config does not say as the YAML does."""

    @classmethod
    def of(
        cls,
        profile: "Profile",
        checks: Iterable[RouteCheck],
        findings: Iterable[Finding],
        written: "ConfigFromYaml | None" = None,
    ) -> Self:
        """Return the routes of a profile, what was found of its table as a whole, and the config of a YAML file."""
        return cls(
            profile=profile.name,
            config=profile.source,
            routes=tuple(map(RouteDocument.of, checks)),
            findings=tuple(FindingDocument.of(finding, f"profile {profile.name}") for finding in findings),
            toml=None if written is None else written.toml,
            notes=() if written is None else tuple(map(str, written.notes)),
        )
