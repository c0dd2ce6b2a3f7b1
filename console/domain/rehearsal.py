"""A rehearsal: the same routes on two gateways, or two versions of one, and what turned red, by assertion."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.domain.finding import Finding, Severity
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.route_key import RouteKey


class Colour(StrEnum):
    """What climbing to a rung showed of a route."""

    GREEN = "green"
    """All rungs that were asked for hold, and nothing speaks against the route."""
    UNPROVEN = "unproven"
    RED = "red"
    """Something speaks against the route, or a rung does not hold."""


class Change(StrEnum):
    """What became of a route from the first gateway to the second."""

    TURNED_RED = "turned_red"
    """It is red and was not, has a failure that it did not have, or its proof is gone."""
    LOST = "lost"
    """The second profile does not have it."""
    STILL_RED = "still_red"
    UNPROVEN = "unproven"
    """Neither is proven: nothing was compared."""
    ADDED = "added"
    """The first profile does not have it: nothing was compared."""
    TURNED_GREEN = "turned_green"
    STILL_GREEN = "still_green"

    @property
    def is_regression(self) -> bool:
        """Whether the second gateway is worse."""
        return self in (Change.TURNED_RED, Change.LOST)

    @property
    def is_green(self) -> bool:
        """Whether the route is green on the second gateway, compared with the first."""
        return self in (Change.TURNED_GREEN, Change.STILL_GREEN)


@dataclass(frozen=True, slots=True)
class AssertionChange:
    """A finding that is not the same on both."""

    id: str
    before: Severity | None
    """None if the first gateway does not have it."""
    after: Severity | None
    finding: Finding
    """Of the second gateway, or of the first if it is gone."""


@dataclass(frozen=True, slots=True)
class RouteChange:
    """A route on both gateways."""

    key: RouteKey
    change: Change
    before: ProvenRoute | None
    after: ProvenRoute | None
    assertions: tuple[AssertionChange, ...]


def colour_of(route: ProvenRoute, top: Rung) -> Colour:
    """Return the colour of a route that was climbed for up to a rung."""
    if route.standing.is_trouble or any(not result.holds for result in route.rungs):
        return Colour.RED
    return Colour.GREEN if route.reached >= top else Colour.UNPROVEN


def rehearse(first: Sequence[ProvenRoute], second: Sequence[ProvenRoute], top: Rung) -> tuple[RouteChange, ...]:
    """Compare the routes of two gateways by their keys, in the order of the first; one that only one has is told."""
    before, after = {each.key: each for each in first}, {each.key: each for each in second}
    return tuple(_change(key, before.get(key), after.get(key), top) for key in dict.fromkeys((*before, *after)))


def _change(key: RouteKey, before: ProvenRoute | None, after: ProvenRoute | None, top: Rung) -> RouteChange:
    if before is None or after is None:
        return RouteChange(key, Change.LOST if after is None else Change.ADDED, before, after, ())
    assertions = tuple(_assertions(before, after))
    is_worse = any(each.after is Severity.FAIL and each.before is not Severity.FAIL for each in assertions)
    was, now = colour_of(before, top), colour_of(after, top)
    if _has_lost_proof(before, after):
        change = Change.TURNED_RED
    elif now is Colour.GREEN:
        change = Change.STILL_GREEN if was is Colour.GREEN else Change.TURNED_GREEN
    elif was is Colour.GREEN or (now is Colour.RED and (was is Colour.UNPROVEN or is_worse)):
        change = Change.TURNED_RED
    else:
        change = Change.STILL_RED if now is Colour.RED else Change.UNPROVEN
    return RouteChange(key, change, before, after, assertions)


def _has_lost_proof(before: ProvenRoute, after: ProvenRoute) -> bool:
    """Return whether a rung that was proven on the first gateway is not on the second, although it was climbed."""
    climbed = {result.rung: result.status for result in after.rungs}
    return any(
        result.status is RungStatus.PASSED and climbed.get(result.rung, RungStatus.PASSED) is not RungStatus.PASSED
        for result in before.rungs
    )


def findings_of(route: ProvenRoute) -> tuple[Finding, ...]:
    """Return what was found on a route, each finding once."""
    climbed = (finding for result in route.rungs for finding in result.findings)
    return tuple(dict.fromkeys((*route.check.findings, *climbed)))


def _assertions(before: ProvenRoute, after: ProvenRoute) -> list[AssertionChange]:
    was, now = _gravest(findings_of(before)), _gravest(findings_of(after))
    found = []
    for each in sorted(was.keys() | now.keys()):
        old, new = was.get(each), now.get(each)
        shown = new or old
        if shown is not None and (old is None or new is None or old.severity is not new.severity):
            found.append(
                AssertionChange(
                    each, None if old is None else old.severity, None if new is None else new.severity, shown
                )
            )
    return found


def _gravest(findings: Sequence[Finding]) -> dict[str, Finding]:
    order = list(Severity)
    found: dict[str, Finding] = {}
    for each in findings:
        known = found.get(each.id)
        if known is None or order.index(each.severity) < order.index(known.severity):
            found[each.id] = each
    return found
