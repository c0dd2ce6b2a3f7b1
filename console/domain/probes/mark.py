"""Marks: the findings on a route that every table names beside its standing, each in one word."""

from enum import StrEnum

from console.domain.finding import Finding, Severity
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.served_as import SWAP_IDS


class Mark(StrEnum):
    """What an operator must not overlook on a route, whatever its standing."""

    RETIRED = "retired"
    """The provider has retired the model."""
    RETIRING = "retiring"
    """The provider, or the gateway's list, says when the model retires."""
    SWAPPED = "swapped"
    """Another model answered than the one that was asked for."""
    UNLISTED = "unlisted"
    """The gateway's lists do not name the model."""
    SWITCHED_OFF = "off"
    """The gateway's lists say that the model is switched off."""
    UNPRICED = "unpriced"
    """The gateway prices other models, but not this one."""
    COLLAPSED = "collapsed"
    """The role is the same model call as the role that it judges."""
    WARNING = "warn"
    """Another warning of the offline check."""


_OF_IDS = {
    "MOD-01": Mark.UNLISTED,
    "MOD-03": Mark.SWITCHED_OFF,
    "MOD-04": Mark.RETIRING,
    "MOD-05": Mark.UNPRICED,
    "MOD-07": Mark.RETIRED,
    "ROLE-01": Mark.COLLAPSED,
    **dict.fromkeys(SWAP_IDS, Mark.SWAPPED),
}


def marks_of(route: ProvenRoute) -> tuple[Mark, ...]:
    """Return the marks of a route, the gravest first; empty if there is nothing to overlook."""
    shown = [finding for result in route.rungs for finding in result.findings]
    found = {_OF_IDS[finding.id] for finding in shown if finding.id in _OF_IDS}
    found |= {mark for finding in route.check.findings if (mark := _mark_of(finding)) is not None}
    return tuple(mark for mark in Mark if mark in found and (mark is not Mark.WARNING or len(found) == 1))


def _mark_of(finding: Finding) -> Mark | None:
    if finding.id == "MOD-06":
        return Mark.RETIRED if finding.severity is Severity.FAIL else Mark.RETIRING
    if finding.severity is Severity.INFO:
        return None
    known = _OF_IDS.get(finding.id)
    is_other = known is None and finding.severity is Severity.WARN  # the standing says what fails
    return Mark.WARNING if is_other and finding.id.startswith(("ROUTE-", "ROLE-", "MOD-")) else known
