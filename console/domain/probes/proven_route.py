"""A route with the proof from the gateway's answers: the rungs that hold, and the verdict."""

from dataclasses import dataclass, replace

from console.domain.errors.category import Category, Classification
from console.domain.probes.event import Event, RungFinished, SmokeFinished, SmokeStarted
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.routes.shape import Shape

_ABOUT_SHAPE = frozenset({Category.INVALID_REQUEST, Category.CONTRACT_VIOLATION, Category.ENDPOINT_DRIFT})
"""The refusals that tell something about the request's shape; an outage does not."""


@dataclass(frozen=True, slots=True)
class ProvenRoute:
    """A route with its offline check and its proof since then."""

    check: RouteCheck
    rungs: tuple[RungResult, ...] = ()
    """The newest result of each rung, lowest first; repeating a rung drops the results above it."""
    classification: Classification | None = None
    """Why the newest call or rung failed; None if it passed."""
    has_text: bool = False
    """Whether the newest streamed text call passed."""

    @property
    def role(self) -> Role:
        """The role that the route serves."""
        return self.check.route.role

    @property
    def reached(self) -> Rung:
        """The highest rung that holds together with all rungs below it."""
        held = {result.rung for result in self.rungs if result.holds}
        return max(
            (rung for rung in Rung if all(below in held for below in Rung if below <= rung)), default=Rung.OFFLINE
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict from the offline check and the gateway's newest answers."""
        if self.check.verdict is Verdict.DRIFT:
            return Verdict.DRIFT
        if self.has_text and self._is_shape_refused:
            return Verdict.CONDITIONAL
        if self.classification is not None and self.classification.category is Category.ENDPOINT_DRIFT:
            return Verdict.DRIFT
        if self.classification is not None and self.classification.category.stops_before_generation:
            return Verdict.BLOCKED
        return Verdict.OK if self.has_text and self.check.verdict is Verdict.UNKNOWN else self.check.verdict

    @property
    def _is_shape_refused(self) -> bool:
        """Whether the role's own shape failed because of the shape."""
        shape = next((result for result in self.rungs if result.rung is Rung.SHAPE), None)
        if shape is None or shape.status is RungStatus.PASSED or shape.classification is None:
            return False
        return shape.classification.category in _ABOUT_SHAPE

    def apply(self, event: Event) -> "ProvenRoute":
        """Return the route after an event. Pure and total: an event for another role changes nothing."""
        match event:
            case SmokeStarted() if event.role is self.role:
                return replace(self, classification=None)
            case SmokeFinished(result) if event.role is self.role:
                return self._after_call(result)
            case RungFinished(result) if event.role is self.role:
                return self._after_rung(result)
            case _:
                return self

    def _after_call(self, result: SmokeResult) -> "ProvenRoute":
        if result.status is SmokeStatus.UNKNOWN or result.shape is Shape.AGENT:
            return self  # an agent's shape proves nothing about the role's
        has_text = result.status is SmokeStatus.PASSED if result.shape is Shape.TEXT else self.has_text
        return replace(self, classification=result.classification, has_text=has_text)

    def _after_rung(self, result: RungResult) -> "ProvenRoute":
        """Return the route with a rung's newest result; results above it relied on the older one and are dropped."""
        below = tuple(each for each in self.rungs if each.rung < result.rung)
        has_text = result.status is RungStatus.PASSED if result.rung is Rung.SMOKE else self.has_text
        return replace(self, rungs=(*below, result), classification=result.classification, has_text=has_text)
