"""The proposal: who has which role, as far apart as the gateway's models allow, and why no further.

Which model is good is not known here. The rule is plain, so that an operator can foresee it: of the vendor with the
most models the newest generation's middle price writes, and each judge is the one that independence puts furthest
from what it judges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.domain.routes.role import Role
from console.domain.run.independence import ANOTHER_MODEL, LEVEL_WORDS, Served, is_proven, level
from console.domain.setup.candidate import Candidate, Candidates

_SHORTLIST = 3
"""How many models of each vendor are considered: with all of a long list, judges would be compared for seconds."""
_JUDGED = {Role.REVIEWER: (Role.WRITER, Role.REVISION), Role.CRITIC: (Role.WRITER, Role.REVISION, Role.REVIEWER)}
"""Whose work each judge judges, or must not repeat."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who has which role."""

    roles: Mapping[Role, Candidate]
    """In the order of `Role`; a role without a candidate is left out."""
    words: tuple[str, ...]
    """How far apart the judges are, and what that means for a run: one sentence each."""
    is_separated: bool
    """Whether each judge is another model than what it judges, as runs require by default."""


def propose(found: Candidates, fixed: Mapping[Role, Candidate | None]) -> Proposal:
    """Propose who has which role.

    Args:
        found: Who could.
        fixed: What the operator chose; None leaves a role out.

    """
    ranked = tuple(_ranked(found))
    roles: dict[Role, Candidate] = {role: chosen for role, chosen in fixed.items() if chosen is not None}
    for role in (Role.WRITER, Role.PLANNER, Role.REVISION):
        if role in fixed:
            continue
        if (same := roles.get(Role.WRITER)) is not None:
            roles[role] = same
        elif ranked:
            roles[role] = ranked[0]
    for judge, judged in _JUDGED.items():
        if judge in fixed:
            continue
        against = [roles[role] for role in judged if role in roles]
        chosen = _furthest(ranked, against)
        if against and chosen is not None:
            roles[judge] = chosen
    if Role.FALLBACK not in fixed and (fallback := _fallback(ranked, roles)) is not None:
        roles[Role.FALLBACK] = fallback
    in_order = {role: roles[role] for role in Role if role in roles}
    levels = {judge: _level(in_order, judge) for judge in _JUDGED}
    is_separated = all(each is not None and each >= ANOTHER_MODEL for each in levels.values())
    words = tuple(_words(in_order, levels, found, fixed))
    return Proposal(in_order, words, is_separated)


def _ranked(found: Candidates) -> Iterator[Candidate]:
    """Yield a shortlist: the vendors with the most models first, the best of each, then the same on other families."""
    by_vendor = {
        vendor: list(group)
        for vendor, group in groupby(sorted(found.chosen, key=lambda each: each.vendor), lambda each: each.vendor)
    }
    vendors = sorted(by_vendor, key=lambda vendor: (vendor == "", -len(by_vendor[vendor]), vendor))
    shortlists = [_best(by_vendor[vendor]) for vendor in vendors]
    own = [each for place in range(_SHORTLIST) for few in shortlists for each in few[place : place + 1]]
    yield from own
    for each in own:
        yield from found.of(each.model)[1:]


def _best(models: Sequence[Candidate]) -> list[Candidate]:
    """Return the best few of one vendor: those without a known end, the newest generation, the middle price."""
    lasting = [each for each in models if not each.retires_on] or list(models)
    newest = max(each.generation for each in lasting)
    rows = [each for each in lasting if each.generation == newest]
    if all(each.price is not None for each in rows):
        rows.sort(key=lambda each: (0.0 if each.price is None else each.price.output_usd, each.model))
        middle = len(rows) // 2
        rows = [rows[middle], *rows[middle + 1 :], *reversed(rows[:middle])]
    older = [each for each in lasting if each.generation != newest]
    older.sort(key=lambda each: each.generation, reverse=True)
    return [*rows, *older][:_SHORTLIST]


def _distance(one: Candidate, other: Candidate) -> tuple[int, bool]:
    judged, judge = (Served(each.route(Role.WRITER)) for each in (one, other))
    reached = level(judged, judge)
    return reached, is_proven(judged, judge)


def _furthest(ranked: Sequence[Candidate], against: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate that is furthest from others; None if each is the same call as one of them."""
    best: tuple[tuple[int, bool], Candidate] | None = None
    for each in ranked:
        distance = min((_distance(other, each) for other in against), default=(0, False))
        if distance[0] > 0 and (best is None or distance > best[0]):
            best = (distance, each)
    return None if best is None else best[1]


def _fallback(ranked: Sequence[Candidate], roles: Mapping[Role, Candidate]) -> Candidate | None:
    """Return a candidate for the fallback: another call than the writer's, best of another model that no judge has."""
    writer = roles.get(Role.WRITER)
    if writer is None:
        return None
    judges = {roles[role].model for role in _JUDGED if role in roles}
    others = [each for each in ranked if _distance(writer, each)[0] > 0]
    return min(others, key=lambda each: (each.model in judges, each.model == writer.model), default=None)


def _level(roles: Mapping[Role, Candidate], judge: Role) -> int | None:
    """Return how far a judge is from the nearest of those that it judges; None if it is not there, or they are not."""
    own = roles.get(judge)
    near = [_distance(roles[role], own)[0] for role in _JUDGED[judge] if own is not None and role in roles]
    return min(near, default=None)


def _words(
    roles: Mapping[Role, Candidate],
    levels: Mapping[Role, int | None],
    found: Candidates,
    fixed: Mapping[Role, Candidate | None],
) -> Iterator[str]:
    models = {each.model for each in found.chosen}
    for judge, reached in levels.items():
        if judge not in roles:
            reason = "you left it out" if judge in fixed else _why_no_judge(models)
            yield f"The {judge} is missing: {reason}. A run begins only with one."
        elif reached is not None:
            yield f"The {judge} is at independence {reached} of 3: {LEVEL_WORDS[reached]}."
    here = [each for each in levels.values() if each is not None]
    if here and min(here) < ANOTHER_MODEL:
        only = f" This gateway lists only {next(iter(models))}." if len(models) == 1 else ""
        yield (
            f"Runs require independence {ANOTHER_MODEL}, another model, so a judge's gate will stop them.{only}"
            " Add another model's route, or write independence = 1 into the profile's policy."
        )
    judges = [roles[role] for role in _JUDGED if role in roles]
    writer = roles.get(Role.WRITER)
    if writer is not None and any(not _distance(writer, each)[1] for each in judges):
        yield "Some of these names are of no known vendor: they may be aliases of one model, so a run asks a person."


def _why_no_judge(models: set[str]) -> str:
    if not models:
        return "the gateway lists no model that could be one"
    if len(models) == 1:
        return f"the gateway lists only {next(iter(models))}, on one family, and the same call cannot judge itself"
    return "every model that is left is the same call as one that it would judge"
