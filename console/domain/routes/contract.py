"""The endpoint contract: which family a model requires, and findings where a route disagrees."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial
from itertools import chain

from console.domain.finding import Finding, Severity
from console.domain.routes.documentation import documentation_for
from console.domain.routes.endpoint_path import last_version
from console.domain.routes.family import EndpointFamily, family_of_path, foreign_endpoint, path_ending
from console.domain.routes.gateway_address import BaseAddress, check_address, documented_lines
from console.domain.routes.model_facts import ModelFacts, built_in
from console.domain.routes.model_family import FamilyFact, fact_for
from console.domain.routes.retirement import RouteRetirement, check_retirement, route_retirement
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


@dataclass(frozen=True, slots=True)
class RouteCheck:
    """What we know about a route without a call: rung 0 of the probe ladder."""

    route: Route
    fact: FamilyFact
    verdict: Verdict
    findings: tuple[Finding, ...]
    retirement: RouteRetirement | None = None
    """The retirement of the model at its provider; None if none is known, or no date was given to compare with."""
    replacement_fact: FamilyFact | None = None
    """What is known of the model that replaces one whose retirement is due."""
    base: BaseAddress | None = None
    """The gateway's base, if it is known offline."""

    @property
    def required_family(self) -> EndpointFamily | None:
        """The family that the model requires, or None if the sources name several or none."""
        return self.fact.required


@dataclass(frozen=True, slots=True)
class CheckBasis:
    """What a check of routes rests on, besides the operator's own config."""

    today: date | None = None
    """The date in UTC; None checks no retirement."""
    base: BaseAddress | None = None
    """The gateway's base; None if it is not known offline, or is the embedded gateway's."""
    documentation: str = ""
    """The name of the gateway's documentation; empty if the host decides."""
    facts: ModelFacts | None = None
    """The facts on models; None means the built-in ones."""

    @property
    def host(self) -> str:
        """The gateway's host; empty if it is not known."""
        return "" if self.base is None else self.base.host


_ALONE = CheckBasis()


def check(
    table: RouteTable, own_facts: Sequence[FamilyFact] = (), basis: CheckBasis = _ALONE
) -> tuple[RouteCheck, ...]:
    """Check every route of a table offline, in the table's order.

    Args:
        table: The routes.
        own_facts: The operator's own rows on which families serve which models; they precede all others.
        basis: What else the check rests on; by default on the built-in facts alone, and on no date.

    """
    facts = basis.facts or built_in()
    documentation = documentation_for(basis.documentation, basis.host)
    documented = () if documentation is None else documentation.families
    fact_of = partial(fact_for, own=own_facts, documented=documented, known=facts.families)
    return tuple(_check_route(route, table, basis, facts, fact_of) for route in table)


def _check_route(
    route: Route, table: RouteTable, basis: CheckBasis, facts: ModelFacts, fact_of: Callable[[str], FamilyFact]
) -> RouteCheck:
    fact = fact_of(route.model)
    path_findings, is_path_drift = _check_path(route)
    address_findings = () if basis.base is None else tuple(check_address(basis.base, route))
    family_findings, verdict = _check_family(route, fact)
    retirement = None
    if basis.today is not None:
        retirement = route_retirement(route, facts.retirements, basis.today, basis.host)
    replacement = retirement.row.replacement if retirement is not None and retirement.is_binding else ""
    return RouteCheck(
        route=route,
        fact=fact,
        verdict=Verdict.DRIFT if is_path_drift else verdict,
        findings=(
            *path_findings,
            *address_findings,
            *family_findings,
            *(() if retirement is None else check_retirement(retirement)),
            *_check_facts(facts),
            *_check_separation(route, table),
        ),
        retirement=retirement,
        replacement_fact=fact_of(replacement) if replacement else None,
        base=basis.base,
    )


def _check_facts(facts: ModelFacts) -> tuple[Finding, ...]:
    if not facts.problem:
        return ()
    message = f"{facts.problem}; the built-in table is used instead. Run: gateway-console facts show"
    return (Finding("FACT-01", Severity.WARN, message),)


def fix_lines(check: RouteCheck) -> tuple[str, ...]:
    """Return the config lines that fix a drifting route, or one whose model retires; none if neither is so.

    As long as the model works, a drift is fixed without replacing it.
    """
    route, fact = check.route, check.fact
    lines: list[str] = []
    is_misplaced = check.verdict is Verdict.DRIFT
    is_replaced = check.retirement is not None and (check.retirement.is_over or not is_misplaced)
    if check.retirement is not None and check.replacement_fact is not None and is_replaced:
        fact = check.replacement_fact
        replaced = replace(route, model=f"{_prefix(route.model)}{check.retirement.row.replacement}")
        lines.append(f'model = "{replaced.model}"')
        is_misplaced |= _check_family(replaced, fact)[1] in (Verdict.DRIFT, Verdict.CONDITIONAL)
    if is_misplaced:
        family = fact.required or fact.tools_with_reasoning or check.required_family or route.endpoint_family
        lines += _address_lines(check.base, family)
    return tuple(lines)


def _address_lines(base: BaseAddress | None, family: EndpointFamily) -> tuple[str, ...]:
    """Return the lines that put a route on a family: at the path that the host documents, or at the standard one.

    The base and the path never both have a version part.
    """
    documented = () if base is None else documented_lines(base, family)
    if documented:
        return (f'endpoint_family = "{family}"', *documented[0])
    has_version = base is not None and last_version(base.prefix) is not None
    path = path_ending(family) if has_version else family.standard_path
    return (f'endpoint_family = "{family}"', f'endpoint_path = "{path}"')


def _prefix(model: str) -> str:
    """Return the steps before a model's name, as in `openai/gpt-5`: the gateway wants them for its replacement too."""
    prefix = "".join(model.rpartition("/")[:2])
    return prefix if re.fullmatch(r"[A-Za-z0-9._/-]*", prefix) else ""


def _check_path(route: Route) -> tuple[tuple[Finding, ...], bool]:
    named = family_of_path(route.endpoint_path)
    if named is route.endpoint_family:
        return (), False
    if (foreign := foreign_endpoint(route.endpoint_path)) is not None:
        message = (
            f"The endpoint_path of {route.key} belongs to {foreign}, which none of the three families speaks:"
            f' for {route.endpoint_family} it ends in "{path_ending(route.endpoint_family)}".'
        )
        return (Finding("ROUTE-10", Severity.WARN, message),), False
    if named is None:
        message = (
            f"The endpoint_path of {route.key} names no endpoint family; only a live call can prove that it speaks"
            f" {route.endpoint_family}."
        )
        return (Finding("ROUTE-02", Severity.INFO, message),), False
    message = (
        f"The endpoint_family of {route.key} is {route.endpoint_family}, but its endpoint_path belongs to {named}:"
        " set one to match the other."
    )
    return (Finding("ROUTE-01", Severity.FAIL, message),), True


def _check_family(route: Route, fact: FamilyFact) -> tuple[tuple[Finding, ...], Verdict]:
    family = route.endpoint_family
    model = f"the model of {route.key}"

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
        served = f"Sources serve {model} on {fact.required} only"
        if fact.documented_by:
            served = f"The documentation of {fact.documented_by} puts {model} on {fact.required}"
        message = f"{served}, the route uses {family}: the route is wrong, not the model."
        return found("ROUTE-03", Severity.FAIL, message), Verdict.DRIFT
    if fact.tools_with_reasoning not in (None, family):
        message = (
            f"For {model}, {family} works for text; function tools with reasoning need {fact.tools_with_reasoning}."
        )
        return found("ROUTE-05", Severity.WARN, message), Verdict.CONDITIONAL
    if fact.required not in (None, family):
        message = f"{family} serves {model} only through a compatibility layer; its own family is {fact.required}."
        return found("ROUTE-04", Severity.WARN, message), Verdict.OK
    if fact.preferred not in (None, family):
        message = (
            f"This is a reasoning model: {family} serves it, but {fact.preferred} is recommended,"
            " which keeps its reasoning from call to call."
        )
        return found("MOD-08", Severity.WARN, message), Verdict.OK
    return (), Verdict.OK


def _check_separation(route: Route, table: RouteTable) -> tuple[Finding, ...]:
    """Check a route against the roles' own routes, which a run uses.

    A judge's route tells it. So does a named route of a judged role: the judge's route knows only the role's own.
    """
    pairs: list[tuple[str, str, Role]] = [
        (route.key, maker, maker) for maker, judge in MUST_STAY_APART if judge is route.role
    ]
    pairs += [(judge, route.key, judge) for maker, judge in MUST_STAY_APART if maker is route.role and route.name]
    collapsed = [
        Finding(
            "ROLE-01",
            Severity.WARN,
            f"{judge} and {maker} are the same model call: the review would only restate the draft.",
        )
        for judge, maker, own in pairs
        if (other := table.get(own)) is not None and route.is_same_call(other)
    ]
    unjudged = [
        Finding("ROLE-02", Severity.WARN, f"The table has a writer but no {judge}: nothing judges its draft.")
        for judge in (Role.REVIEWER, Role.CRITIC)
        if route.role is Role.WRITER and not route.name and table.get(judge) is None
    ]
    return tuple(chain(collapsed, unjudged))
