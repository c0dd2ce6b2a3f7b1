"""The endpoint contract: which family a model requires, and findings where a route disagrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from console.domain.finding import Finding, Severity
from console.domain.routes.endpoint_path import last_version
from console.domain.routes.family import EndpointFamily, family_of_path, foreign_endpoint, path_ending
from console.domain.routes.gateway_address import BaseAddress, check_address, documented_lines
from console.domain.routes.model_family import FamilyFact, fact_for
from console.domain.routes.role import MUST_STAY_APART, Role
from console.domain.routes.route import Route, RouteTable


class Verdict(StrEnum):
    """The contract's verdict on a route."""

    OK = "ok"
    DRIFT = "drift"
    """The route uses a family that does not serve its model."""
    CONDITIONAL = "conditional"
    """Text works on this family; tools, or the role's own shape, do not."""
    UNKNOWN = "unknown"
    """No source says that this family serves the model; only a live call can prove it."""
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class RouteCheck:
    """What we know about a route without a call: rung 0 of the probe ladder."""

    route: Route
    fact: FamilyFact
    verdict: Verdict
    findings: tuple[Finding, ...]
    base: BaseAddress | None = None
    """The gateway's base, if it is known offline."""

    @property
    def required_family(self) -> EndpointFamily | None:
        """The family that the model requires, or None if the sources name several or none."""
        return self.fact.required


def check(
    table: RouteTable, own_facts: Sequence[FamilyFact] = (), base: BaseAddress | None = None
) -> tuple[RouteCheck, ...]:
    """Check every route of a table offline, in the table's order.

    Args:
        table: The routes.
        own_facts: The operator's own rows on which families serve which models; they precede the built-in ones.
        base: The gateway's base; None if it is not known offline, or is the embedded gateway's.

    """
    return tuple(_check_route(route, table, own_facts, base) for route in table)


def _check_route(
    route: Route, table: RouteTable, own_facts: Sequence[FamilyFact], base: BaseAddress | None
) -> RouteCheck:
    fact = fact_for(route.model, own_facts)
    path_findings, is_path_drift = _check_path(route)
    address_findings = () if base is None else tuple(check_address(base, route))
    family_findings, verdict = _check_family(route, fact)
    return RouteCheck(
        route=route,
        fact=fact,
        verdict=Verdict.DRIFT if is_path_drift else verdict,
        findings=(*path_findings, *address_findings, *family_findings, *_check_separation(route, table)),
        base=base,
    )


def fix_lines(check: RouteCheck) -> tuple[str, ...]:
    """Return the config lines that fix a drifting route; none if it does not drift.

    The path is the one that the gateway's host documents, or the family's standard one. The base and the path never
    both have a version part.
    """
    if check.verdict is not Verdict.DRIFT:
        return ()
    family = check.required_family or check.route.endpoint_family
    documented = () if check.base is None else documented_lines(check.base, family)
    if documented:
        return (f'endpoint_family = "{family}"', *documented[0])
    has_version = check.base is not None and last_version(check.base.prefix) is not None
    path = path_ending(family) if has_version else family.standard_path
    return (f'endpoint_family = "{family}"', f'endpoint_path = "{path}"')


def _check_path(route: Route) -> tuple[tuple[Finding, ...], bool]:
    named = family_of_path(route.endpoint_path)
    if named is route.endpoint_family:
        return (), False
    if (foreign := foreign_endpoint(route.endpoint_path)) is not None:
        message = (
            f"The endpoint_path of {route.role} belongs to {foreign}, which none of the three families speaks:"
            f' for {route.endpoint_family} it ends in "{path_ending(route.endpoint_family)}".'
        )
        return (Finding("ROUTE-10", Severity.WARN, message),), False
    if named is None:
        message = (
            f"The endpoint_path of {route.role} names no endpoint family; only a live call can prove that it speaks"
            f" {route.endpoint_family}."
        )
        return (Finding("ROUTE-02", Severity.INFO, message),), False
    message = (
        f"The endpoint_family of {route.role} is {route.endpoint_family}, but its endpoint_path belongs to {named}:"
        " set one to match the other."
    )
    return (Finding("ROUTE-01", Severity.FAIL, message),), True


def _check_family(route: Route, fact: FamilyFact) -> tuple[tuple[Finding, ...], Verdict]:
    family = route.endpoint_family
    model = f"the model of {route.role}"

    def found(finding_id: str, severity: Severity, message: str) -> tuple[Finding, ...]:
        return (Finding(finding_id, severity, message, fact.source_url, fact.checked_on),)

    if family not in fact.allowed and fact.required is None:
        message = f"No source says that {family} serves {model}; only a live call can prove it."
        return found("ROUTE-06", Severity.INFO, message), Verdict.UNKNOWN
    if fact.required not in (None, family) and fact.confidence == "low":
        message = f"Sources conflict: most serve {model} on {fact.required}, the route uses {family}."
        verdict = Verdict.OK if family in fact.allowed else Verdict.UNKNOWN
        return found("ROUTE-04", Severity.WARN, message), verdict
    if family not in fact.allowed:
        message = (
            f"Sources serve {model} on {fact.required} only, the route uses {family}:"
            " the route is wrong, not the model."
        )
        return found("ROUTE-03", Severity.FAIL, message), Verdict.DRIFT
    if fact.tools_with_reasoning not in (None, family):
        message = (
            f"For {model}, {family} works for text; function tools with reasoning need {fact.tools_with_reasoning}."
        )
        return found("ROUTE-05", Severity.WARN, message), Verdict.CONDITIONAL
    if fact.required not in (None, family):
        message = f"{family} serves {model} only through a compatibility layer; its own family is {fact.required}."
        return found("ROUTE-04", Severity.WARN, message), Verdict.OK
    return (), Verdict.OK


def _check_separation(route: Route, table: RouteTable) -> tuple[Finding, ...]:
    collapsed = [
        Finding(
            "ROLE-01",
            Severity.WARN,
            f"{judge} and {maker} are the same model call: the review would only restate the draft.",
        )
        for maker, judge in MUST_STAY_APART
        if judge is route.role and (other := table.get(maker)) is not None and route.is_same_call(other)
    ]
    unjudged = [
        Finding("ROLE-02", Severity.WARN, f"The table has a writer but no {judge}: nothing judges its draft.")
        for judge in (Role.REVIEWER, Role.CRITIC)
        if route.role is Role.WRITER and table.get(judge) is None
    ]
    return tuple(chain(collapsed, unjudged))
