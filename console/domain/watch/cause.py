"""Causes: why a route is red, in closed words; what of them is told again, and what waits for the next round."""

from dataclasses import dataclass, field

from console.domain.errors.category import Blame, Category
from console.domain.finding import Severity
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing, Trouble, offline_standing

_RED = frozenset({Standing.FAILED, Standing.DOWN, Standing.BLOCKED, Standing.DRIFT})


def is_red(standing: Standing) -> bool:
    """Return whether a watch alarms for a standing: a warning and a missing proof are changes, but no alarms."""
    return standing in _RED


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a route is red, or would be if its rung were tried again. It holds no text from outside."""

    rung: Rung
    standing: Standing
    category: Category | None = None
    """None if only findings speak against the route."""
    findings: tuple[str, ...] = ()
    """The ids of the findings that fail."""
    is_transient: bool = False
    """Whether the same call may pass later without any change: the next round has to confirm it."""
    blame: Blame | None = field(default=None, compare=False)
    action: str = field(default="", compare=False)
    """What to do, in our own words; empty after a restart of the watch."""

    @property
    def identity(self) -> str:
        """What has to differ for another cause to be news; of transient ones only the standing: outages vary."""
        if self.is_transient:
            return str(self.standing)
        return " ".join((self.standing, self.category or "", *self.findings))


def causes_of(route: ProvenRoute) -> tuple[Cause, ...]:
    """Return what a round's answers say against a route, by rung; empty if they say nothing."""
    return (*_offline(route), *(_cause(route, each) for each in route.troubles))


def _offline(route: ProvenRoute) -> tuple[Cause, ...]:
    standing = offline_standing(route.check)
    if standing is Standing.DRIFT:
        category, ids = Category.ENDPOINT_DRIFT, _failing(route)
        return (Cause(Rung.OFFLINE, standing, category, ids, blame=Blame.CONFIG),)
    if standing is Standing.FAILED and Rung.SMOKE not in route.calls:
        return (Cause(Rung.OFFLINE, standing, None, _failing(route), action=_advice(route)),)
    return ()


def _failing(route: ProvenRoute) -> tuple[str, ...]:
    failing = (each.id for each in route.check.findings if each.severity is Severity.FAIL)
    return tuple(dict.fromkeys(failing))


def _advice(route: ProvenRoute) -> str:
    return next((each.message for each in route.check.findings if each.severity is Severity.FAIL), "")


def _cause(route: ProvenRoute, trouble: Trouble) -> Cause:
    said = trouble.classification
    standing = trouble.standing
    if trouble.rung is Rung.SHAPE and route.standing is Standing.CONDITIONAL:
        standing = Standing.CONDITIONAL
    ids = tuple(dict.fromkeys(finding.id for finding in trouble.findings))
    if said is None:
        return Cause(trouble.rung, standing, None, ids, action=next((each.message for each in trouble.findings), ""))
    return Cause(
        trouble.rung, standing, said.category, ids, is_transient=said.retryable, blame=said.blame, action=said.action
    )


def worst(causes: tuple[Cause, ...]) -> Cause | None:
    """Return the gravest of several causes for which a watch alarms; None if there is none."""
    red = (cause for cause in causes if is_red(cause.standing))
    return max(red, key=lambda cause: cause.standing.gravity, default=None)
