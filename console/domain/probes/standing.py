"""Standing: the one verdict on a route, the same in every table, document and exit code.

The standing is the worst that is known of a route until an answer on the same or a higher rung disproves it. A free
check never disproves what a call showed, and what was never tested is never shown as proven.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck, Verdict


class Standing(StrEnum):
    """What is known of a route, the best first."""

    PROVEN = "proven"
    """The rung that the role needs holds, and nothing speaks against the route."""
    OFFLINE = "offline"
    """The config agrees with the facts; the gateway was not asked."""
    UNPROVEN = "unproven"
    """The gateway was asked, or no source knows the route, and the rung that the role needs is not proven."""
    CONDITIONAL = "conditional"
    """Text works; tools, or the role's own shape, do not."""
    FAILED = "failed"
    """A check or an answer broke the contract."""
    DOWN = "down"
    """The gateway, or the provider behind it, cannot be reached or did not answer in time."""
    BLOCKED = "blocked"
    """An account, route or safety error stops every call."""
    DRIFT = "drift"
    """The route uses a family that does not serve its model: no call is sent."""

    @property
    def gravity(self) -> int:
        """How bad it is, from 0; the highest of several decides."""
        return list(Standing).index(self)

    @property
    def is_trouble(self) -> bool:
        """Whether something speaks against the route: a warning, a failure or a stop, not only a missing proof."""
        return self.gravity > Standing.UNPROVEN.gravity


_OWN_REFUSALS = frozenset({Category.BUDGET_EXCEEDED, Category.SECRET_IN_PROMPT})
"""The console's own refusals: nothing was sent, so they say nothing about the route."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that speaks against a route, with the rung that showed it."""

    rung: Rung
    standing: Standing
    classification: Classification | None = None
    """Why a call was refused or failed; None if only findings speak against the route."""
    findings: tuple[Finding, ...] = ()
    """The findings that fail; empty if a refusal says everything."""

    def survives(self, rung: Rung) -> bool:
        """Return whether a rung that held leaves this trouble standing.

        A call that passes disproves every refusal below it. A finding, such as a gateway that takes any key, is
        disproved only where it was found, because a higher rung does not test it.
        """
        return self.rung > rung or (self.rung < rung and self.classification is None)


def trouble_of(rung: Rung, classification: Classification | None, findings: tuple[Finding, ...] = ()) -> Trouble | None:
    """Return what a rung's result says against a route; None if it says nothing."""
    failing = tuple(finding for finding in findings if finding.severity is Severity.FAIL)
    if classification is not None and classification.category not in _OWN_REFUSALS:
        return Trouble(rung, standing_of(classification), classification, failing)
    return Trouble(rung, Standing.FAILED, None, failing) if failing else None


def standing_of(classification: Classification) -> Standing:
    """Return the standing of a route whose call was refused or failed."""
    category = classification.category
    if category is Category.ENDPOINT_DRIFT:
        return Standing.DRIFT
    if category.stops_before_generation or category is Category.ORIGIN_REFUSED:
        return Standing.BLOCKED
    return Standing.DOWN if category.is_outage else Standing.FAILED


def offline_standing(check: RouteCheck) -> Standing:
    """Return the standing of a route of which only the config and the facts are known."""
    if check.verdict is Verdict.DRIFT:
        return Standing.DRIFT
    if any(finding.severity is Severity.FAIL for finding in check.findings):
        return Standing.FAILED
    if check.verdict is Verdict.CONDITIONAL:
        return Standing.CONDITIONAL
    return Standing.UNPROVEN if check.verdict is Verdict.UNKNOWN else Standing.OFFLINE
