"""What a watch tells of a profile: an outage of all routes is one change, and what keeps it from being watched one."""

from dataclasses import replace

from support.watch.sightings import AUTH, ROUTE, green, red

from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.route_key import RouteKey
from console.domain.watch.profile_watch import ProfileRound, ProfileWatch
from console.domain.watch.sighting import Sighting
from console.domain.watch.told import Told

KEYS = ("planner", "writer", "critic")


def of_all(seen: Sighting, *keys: str) -> tuple[Sighting, ...]:
    """Return the same round for several routes."""
    return tuple(replace(seen, route=replace(ROUTE, key=RouteKey(key))) for key in keys or KEYS)


def told_in(*rounds: ProfileRound) -> list[tuple[int, str, tuple[str, ...]]]:
    known, found = ProfileWatch("p"), []
    for number, each in enumerate(rounds):
        known, told = known.after(replace(each, at=each.at or number * 10.0))
        found += [(number, change.kind.value, tuple(map(str, change.routes))) for change in told]
    return found


def test_what_routes_have_in_common_is_one_change_and_what_they_do_not_is_another() -> None:
    calm, refused = ProfileRound(0, of_all(green())), ProfileRound(0, of_all(red(AUTH)))
    half = ProfileRound(0, (*of_all(red(AUTH), "planner"), *of_all(green(), "writer", "critic")))
    assert told_in(calm, refused, half, calm) == [
        (0, "first", KEYS),
        (1, "alarm", KEYS),
        (2, "recovered", ("writer", "critic")),
        (3, "recovered", ("planner",)),
    ]


def test_a_profile_that_cannot_be_watched_is_told_once_per_reason_and_its_routes_are_left_as_they_were() -> None:
    calm = ProfileRound(0, of_all(green()))
    absent, locked = (
        ProfileRound(0, problem=Problem(words, ProblemKind.TOKEN)) for words in ("no token", "the keyring is locked")
    )
    away = ProfileRound(0, problem=Problem("it does not start", ProblemKind.UNREACHABLE))
    assert told_in(calm, absent, absent, locked, calm, away, calm, away, away, calm) == [
        (0, "first", KEYS),
        (1, "unusable", ()),
        (3, "unusable", ()),
        (4, "usable", ()),
        (8, "unusable", ()),
        (9, "usable", ()),
    ]


def test_routes_that_come_go_or_become_another_call_are_told() -> None:
    other = replace(green(), route=replace(ROUTE, model="m2"))
    assert told_in(
        ProfileRound(0, of_all(green(), "writer")),
        ProfileRound(0, of_all(green(), "writer", "critic")),
        ProfileRound(0, of_all(green(), "writer")),
        ProfileRound(0, (other,)),
    ) == [(0, "first", ("writer",)), (1, "first", ("critic",)), (2, "removed", ("critic",)), (3, "first", ("writer",))]


def test_a_route_that_the_options_pass_over_is_neither_told_nor_forgotten() -> None:
    """As `watch --once --role writer` between two rounds of all routes."""
    both, only = of_all(red(AUTH), "writer", "critic"), of_all(green(), "writer")
    rounds = (
        ProfileRound(0, both),
        ProfileRound(0, only, passed_over=frozenset({RouteKey("critic")})),
        ProfileRound(0, both),
    )
    assert told_in(*rounds) == [
        (0, "alarm", ("writer", "critic")),
        (1, "recovered", ("writer",)),
        (2, "alarm", ("writer",)),
    ]


def test_a_used_up_budget_is_told_once_until_paid_rungs_are_climbed_again() -> None:
    paid = ProfileRound(0, of_all(green(Rung.SHAPE), "writer"))
    over, free = (ProfileRound(0, of_all(green(), "writer"), over_budget=words) for words in ("used up", ""))
    assert [each[:2] for each in told_in(paid, over, free, free, over, paid, over)] == [
        (0, "first"), (1, "budget_used_up"), (6, "budget_used_up"),
    ]  # fmt: skip


def test_a_gap_between_two_watches_confirms_no_outage() -> None:
    from support.watch.sightings import DOWN

    known, _ = ProfileWatch("p").after(ProfileRound(1, of_all(green(), "writer")))
    known, _ = known.after(ProfileRound(2, of_all(red(DOWN), "writer")))
    after_gap: tuple[Told, ...]
    _, after_gap = known.without_pending().after(ProfileRound(99_999, of_all(red(DOWN), "writer")))
    _, at_once = known.after(ProfileRound(3, of_all(red(DOWN), "writer")))
    assert (after_gap, [each.kind.value for each in at_once]) == ((), ["alarm"])
