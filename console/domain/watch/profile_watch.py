"""What a watch keeps of a profile: its routes, and whether the profile itself can be watched. A pure fold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from console.domain.money import Spent
from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.route_key import RouteKey
from console.domain.watch.route_watch import CONFIRMATIONS, RouteWatch
from console.domain.watch.sighting import Sighting
from console.domain.watch.told import Told, ToldKind, grouped


@dataclass(frozen=True, slots=True)
class ProfileRound:
    """What one round saw of a profile."""

    at: float
    """Unix time in seconds."""
    sightings: tuple[Sighting, ...] = ()
    problem: Problem | None = None
    """Why nothing was tried; None if the routes were."""
    over_budget: str = ""
    """Why a paid rung was not climbed: the message of the budget; empty if none was refused."""
    spent: Spent | None = None
    """What was spent on it, today and in this watch; None if that is not known."""
    day: str = ""
    """The day in UTC, as an ISO date."""
    passed_over: frozenset[RouteKey] = frozenset()
    """The profile's routes that the options did not choose: nothing is told of them, and nothing forgotten."""


@dataclass(frozen=True, slots=True)
class ProfileWatch:
    """What is known of a profile, and what was told of it."""

    name: str
    routes: Mapping[RouteKey, RouteWatch] = field(default_factory=lambda: MappingProxyType({}))
    """Those that the newest round watched."""
    idle: Mapping[RouteKey, RouteWatch] = field(default_factory=lambda: MappingProxyType({}))
    """Those that it passed over, as an earlier round left them."""
    problem: ProblemKind | None = None
    """Why it cannot be watched; None if it can."""
    problem_words: str = ""
    """The message that was told, or waits to be confirmed."""
    problem_rounds: int = 0
    """For how many rounds in a row it could not be watched for this reason."""
    problem_since: float | None = None
    is_problem_told: bool = False
    is_budget_told: bool = False
    spent: Spent = Spent()
    spent_on: str = ""
    """The day in UTC of `spent`, as an ISO date."""
    at: float = 0.0
    """When its newest round was: Unix time in seconds; 0 before the first."""

    def after(self, seen: ProfileRound) -> tuple["ProfileWatch", tuple[Told, ...]]:
        """Return it after a round, with what to tell; what its routes have in common is told once."""
        if seen.problem is not None:
            now, told = self._after_problem(seen.problem, seen.at)
        else:
            now, told = self._after_routes(seen)
        named = (replace(each, profile=self.name) for each in told)
        if seen.spent is not None:
            now = replace(now, spent=seen.spent, spent_on=seen.day)
        return replace(now, at=seen.at), grouped(named)

    def _after_problem(self, problem: Problem, at: float) -> tuple["ProfileWatch", tuple[Told, ...]]:
        words = str(problem)
        is_same = (self.problem, self.problem_words) == (problem.kind, words)
        rounds = self.problem_rounds + 1 if is_same else 1
        since = at if self.problem_since is None else self.problem_since
        is_told = self.is_problem_told and is_same
        now = replace(
            self, problem=problem.kind, problem_words=words, problem_rounds=rounds, problem_since=since,
            is_problem_told=is_told,
        )  # fmt: skip
        waits = problem.kind is ProblemKind.UNREACHABLE and rounds < CONFIRMATIONS
        if is_told or waits:
            return now, ()
        told = Told(ToldKind.UNUSABLE, at, since=since, rounds=rounds, problem=problem.kind, words=words)
        return replace(now, is_problem_told=True), (told,)

    def _after_routes(self, seen: ProfileRound) -> tuple["ProfileWatch", tuple[Told, ...]]:
        told: list[Told] = []
        if self.is_problem_told:
            told.append(
                Told(
                    ToldKind.USABLE, seen.at, since=self.problem_since, rounds=self.problem_rounds, problem=self.problem
                )
            )
        before = {**self.idle, **self.routes}
        routes: dict[RouteKey, RouteWatch] = {}
        for each in seen.sightings:
            known = before.get(each.route.key)
            if known is None or known.route != each.route:
                known = RouteWatch(each.route)
            routes[each.route.key], more = known.after(each, seen.at)
            told += more
        told += [
            Told(ToldKind.REMOVED, seen.at, routes=(key,), models=(known.route.model,))
            for key, known in before.items()
            if key not in routes and key not in seen.passed_over
        ]
        idle = {key: known for key, known in before.items() if key in seen.passed_over}
        is_paid = any(each.tried_to >= Rung.SMOKE for each in seen.sightings)
        if seen.over_budget and not self.is_budget_told:
            told.append(Told(ToldKind.BUDGET_USED_UP, seen.at, words=seen.over_budget))
        now = replace(
            self,
            routes=MappingProxyType(routes),
            idle=MappingProxyType(idle),
            problem=None,
            problem_words="",
            problem_rounds=0,
            problem_since=None,
            is_problem_told=False,
            is_budget_told=bool(seen.over_budget) or (self.is_budget_told and not is_paid),
        )
        return now, tuple(told)

    def on_top_of(self, earlier: "ProfileWatch") -> "ProfileWatch":
        """Return what an earlier watch knew of the routes, with what this one knows of the profile itself."""
        return replace(
            earlier,
            problem=self.problem,
            problem_words=self.problem_words,
            problem_rounds=self.problem_rounds,
            problem_since=self.problem_since,
            is_problem_told=self.is_problem_told,
        )

    def without_pending(self) -> "ProfileWatch":
        """Return it after a long gap between two rounds: what was seen before the gap confirms nothing after it."""
        routes, idle = (
            MappingProxyType({key: each.without_pending() for key, each in of.items()})
            for of in (self.routes, self.idle)
        )
        rounds = self.problem_rounds if self.is_problem_told else 0
        return replace(self, routes=routes, idle=idle, problem_rounds=rounds)
