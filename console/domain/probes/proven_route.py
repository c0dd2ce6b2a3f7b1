"""A route with the proof from the gateway's answers: the rungs that hold, what speaks against it, and its standing."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.domain.errors.category import Category, Classification
from console.domain.probes.ladder import Rung, RungResult, RungStatus, rung_needed
from console.domain.probes.standing import Standing, Trouble, offline_standing, trouble_of
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape

if TYPE_CHECKING:
    from console.domain.probes.event import Event
    from console.domain.probes.smoke import SmokeResult

_ABOUT_SHAPE = frozenset({Category.INVALID_REQUEST, Category.CONTRACT_VIOLATION, Category.ENDPOINT_DRIFT})
"""The refusals that tell something about the request's shape; an outage does not."""
_RUNGS = {Shape.TEXT: Rung.SMOKE, Shape.ROLE: Rung.SHAPE}
"""What a smoke test of each shape proves. An agent's shape proves nothing about the role's."""


@dataclass(frozen=True, slots=True)
class ProvenRoute:
    """A route with its offline check and everything that was shown since then."""

    check: RouteCheck
    rungs: tuple[RungResult, ...] = ()
    """The newest result of each rung, lowest first."""
    calls: frozenset[Rung] = frozenset()
    """The rungs of the calls that passed: streamed text, the role's shape."""
    is_called: bool = False
    """Whether any call in the role's name ended, whatever it proved."""
    troubles: tuple[Trouble, ...] = ()
    """What speaks against the route and was not disproved since, lowest rung first."""

    @property
    def key(self) -> RouteKey:
        """The route's key."""
        return self.check.route.key

    @property
    def role(self) -> Role:
        """The role that the route serves."""
        return self.check.route.role

    @property
    def reached(self) -> Rung:
        """The highest rung that holds together with all rungs below it."""
        held = {result.rung for result in self.rungs if result.holds} | self.calls
        held -= {trouble.rung for trouble in self.troubles}
        return max(
            (rung for rung in Rung if all(below in held for below in Rung if below <= rung)), default=Rung.OFFLINE
        )

    @property
    def is_key_proven(self) -> bool:
        """Whether the gateway told the token from a wrong one on this route."""
        return any(result.rung is Rung.KEY and result.status is RungStatus.PASSED for result in self.rungs)

    @property
    def needed(self) -> Rung:
        """The rung that the role needs before its output may be trusted."""
        return rung_needed(self.role)

    @property
    def proving_rung(self) -> Rung | None:
        """The rung that would prove the route if nothing speaks against it; None if it is proven or in trouble."""
        return self.needed if self.standing in (Standing.OFFLINE, Standing.UNPROVEN) else None

    @property
    def trouble(self) -> Trouble | None:
        """The worst that speaks against the route; None if nothing does."""
        return max(self.troubles, key=lambda trouble: trouble.standing.gravity, default=None)

    @property
    def classification(self) -> Classification | None:
        """Why the worst trouble's call was refused or failed; None if none was."""
        return None if self.trouble is None else self.trouble.classification

    @property
    def is_failed_offline(self) -> bool:
        """Whether only the offline check speaks against the route."""
        return self.trouble is None and self.standing is Standing.FAILED

    @property
    def standing(self) -> Standing:
        """The one verdict: the worst that is known and was not disproved."""
        offline = offline_standing(self.check)
        if offline is Standing.DRIFT:
            return Standing.DRIFT
        shown = self._shown()
        if any(call >= self.needed for call in self.calls):
            return max(Standing.PROVEN, shown, key=lambda standing: standing.gravity)
        is_asked = self.is_called or any(result.rung > Rung.OFFLINE for result in self.rungs)
        asked = Standing.UNPROVEN if is_asked else Standing.OFFLINE
        if Rung.SMOKE in self.calls and offline is not Standing.CONDITIONAL:
            offline = Standing.OFFLINE  # an answer disproves what the facts said about the model
        return max(asked, offline, shown, key=lambda standing: standing.gravity)

    def _shown(self) -> Standing:
        """Return what the gateway's answers say against the route."""
        trouble = self.trouble
        if trouble is None:
            return Standing.PROVEN
        said = trouble.classification
        is_of_shape = trouble.rung is Rung.SHAPE and said is not None and said.category in _ABOUT_SHAPE
        if is_of_shape and Rung.SMOKE in self.calls:
            return Standing.CONDITIONAL
        return trouble.standing

    def apply(self, event: "Event") -> "ProvenRoute":
        """Return the route after an event. Pure and total: an event of another route changes nothing."""
        # Late, like the statuses below: a route that is only checked offline needs none of the gateway's answers.
        from console.domain.probes.event import RungFinished, SmokeFinished

        match event:
            case SmokeFinished(result) if event.key == self.key:
                return self._after_call(result)
            case RungFinished(result) if event.key == self.key:
                return self._after_rung(result)
            case _:
                return self

    def _after_call(self, result: "SmokeResult") -> "ProvenRoute":
        from console.domain.probes.smoke import SmokeStatus

        if self.check.verdict is Verdict.DRIFT or result.status in (SmokeStatus.UNKNOWN, SmokeStatus.SKIPPED):
            return self
        rung = _RUNGS.get(result.shape)
        if rung is None:
            return self
        called = replace(self, is_called=True)
        if result.status is SmokeStatus.PASSED:
            return called._after_swap(rung) if result.is_swapped else called._after_pass(rung)
        return called._with_trouble(rung, trouble_of(rung, result.classification, result.findings))

    def _after_rung(self, result: RungResult) -> "ProvenRoute":
        """Return the route with a rung's newest result. Results above one that does not hold rested on it."""
        is_lost = not result.holds and result.rung < Rung.SMOKE
        others = tuple(
            each for each in self.rungs if each.rung < result.rung or (each.rung > result.rung and not is_lost)
        )
        rungs = tuple(sorted((*others, result), key=lambda each: each.rung))
        route = replace(self, rungs=rungs)
        if result.rung is Rung.OFFLINE:
            return route  # the check itself is in `check`
        if result.status is RungStatus.PASSED:
            route = route._after_pass(result.rung)
        return route._with_trouble(result.rung, trouble_of(result.rung, result.classification, result.findings))

    def _after_pass(self, rung: Rung) -> "ProvenRoute":
        calls = self.calls | {rung} if rung >= Rung.SMOKE else self.calls
        return replace(self, calls=calls, troubles=tuple(each for each in self.troubles if each.survives(rung)))

    def _after_swap(self, rung: Rung) -> "ProvenRoute":
        """Return the route after another model answered: nothing is proven, and an older proof does not hold now."""
        return replace(self, calls=frozenset(call for call in self.calls if call < rung))

    def _with_trouble(self, rung: Rung, trouble: Trouble | None) -> "ProvenRoute":
        """Return the route with a rung's newest trouble; the calls that it contradicts prove nothing any more."""
        if trouble is None:
            return self
        others = tuple(each for each in self.troubles if each.rung is not rung)
        calls = frozenset(call for call in self.calls if call < rung) if trouble.classification else self.calls
        return replace(self, calls=calls, troubles=tuple(sorted((*others, trouble), key=lambda each: each.rung)))
