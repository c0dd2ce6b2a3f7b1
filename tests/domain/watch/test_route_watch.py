"""What a watch tells of one route: each change once, none missed, and no alarm for a red that passes by itself."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.watch.sightings import (
    ANY_KEY,
    AUTH,
    EVERY_S,
    ROUTE,
    SEEN,
    green,
    kinds,
    red,
    watched,
)

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.routes.contract import CheckBasis, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.watch.cause import is_red
from console.domain.watch.listing import Listing, RetirementStage, Retiring, retiring
from console.domain.watch.sighting import sighting
from console.domain.watch.steadiness import CALM
from console.domain.watch.told import ToldKind

R = EndpointFamily.RESPONSES


@pytest.mark.parametrize(
    ("rounds", "told"),
    [
        ("..d..", []),
        ("..dd..", [(3, "alarm"), (4, "recovered")]),
        ("..dt..", [(3, "alarm"), (4, "recovered")]),
        ("..ddtdt.", [(3, "alarm"), (7, "recovered")]),
        ("..a..", [(2, "alarm"), (3, "recovered")]),
        ("..x..", [(2, "alarm"), (3, "recovered")]),
        ("..k..", [(2, "alarm"), (3, "recovered")]),
        ("..aaaa", [(2, "alarm")]),
        ("..aqq.", [(2, "alarm"), (3, "changed"), (5, "recovered")]),
        ("..da..", [(3, "alarm"), (4, "recovered")]),
        ("..dda.", [(3, "alarm"), (4, "changed"), (5, "recovered")]),
        ("..add.", [(2, "alarm"), (4, "changed"), (5, "recovered")]),
        ("..ada.", [(2, "alarm"), (5, "recovered")]),
        ("..ddr.", [(3, "alarm"), (5, "recovered")]),
        ("..ddrr.", [(3, "alarm"), (5, "changed"), (6, "recovered")]),
        ("d", []),
        ("dd", [(1, "alarm")]),
        ("a.", [(0, "alarm"), (1, "recovered")]),
        ("pc.p", [(1, "verdict"), (3, "verdict")]),
    ],
)
def test_a_red_that_may_pass_waits_for_the_next_round_and_any_other_is_told_at_once(
    rounds: str, told: list[tuple[int, str]]
) -> None:
    assert kinds(rounds) == told


def test_the_first_round_says_that_a_route_is_watched_and_a_red_that_passed_before_it_does_not() -> None:
    assert [(number, each.kind) for number, each in watched("d.")[1]] == [(1, ToldKind.FIRST)]


def test_a_recovery_says_why_and_how_long_the_route_was_red_from_its_first_red_round_on() -> None:
    (_, told) = watched("..dddd.")[1][-1]
    assert (told.kind, told.cause, told.red_s, told.rounds) == (
        ToldKind.RECOVERED, SEEN["d"].causes[0], 4 * EVERY_S, 4,
    )  # fmt: skip


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    known, _ = watched("..a")
    _, (told,) = known.after(SEEN["."], 0.0)
    assert told.red_s == 0


def test_a_free_round_does_not_disprove_what_a_paid_call_showed() -> None:
    """The budget is used up while the route is blocked: free rungs hold, and the route stays red."""
    known, told = watched("pP...")
    assert [(number, each.kind.value) for number, each in told] == [(0, "first"), (1, "alarm")]
    assert known.standing is Standing.BLOCKED
    assert kinds("pP..p") == [(1, "alarm"), (4, "recovered")]


def test_a_free_outage_over_a_blocked_paid_rung_is_told_and_then_the_block_again() -> None:
    assert kinds("pPdd.p") == [(1, "alarm"), (3, "changed"), (4, "changed"), (5, "recovered")]


def test_free_rungs_after_paid_ones_take_nothing_back() -> None:
    assert kinds("pp....") == []
    doubtful = green(doubts=(Rung.KEY,))
    assert kinds(["p", ".", ".", doubtful, doubtful, ".", "."]) == [(4, "doubt"), (6, "doubt")]


def test_a_red_in_every_second_round_is_told_once_although_none_is_confirmed() -> None:
    assert kinds("." + "d." * 12) == [(5, "flapping")]


def test_a_flapping_route_is_told_when_it_is_steady_whatever_its_state_is() -> None:
    steady = "." * (CALM + 1)
    assert kinds("." + "d." * 4 + steady) == [(5, "flapping"), (5 + 3 + CALM, "settled")]
    assert kinds("." + "d." * 4 + "d" * 9)[-1][1] == "settled"
    assert kinds("." + "d." * 4 + "d" * 9 + ".")[-1][1] == "recovered"


def test_while_a_route_flaps_an_account_error_that_was_not_told_is_told_at_once() -> None:
    assert kinds("." + "d." * 4 + "a.a.a.q") == [(5, "flapping"), (9, "alarm"), (15, "alarm")]


def test_an_account_error_in_every_second_round_is_told_a_few_times_and_then_as_flapping() -> None:
    told = [kind for _, kind in kinds("." + "a." * 12)]
    assert told == ["alarm", "recovered", "alarm", "recovered", "flapping"]


@given(st.text(".pcdtraqkxP", min_size=1, max_size=60), st.sampled_from(".dakp"))
def test_whatever_happened_a_steady_route_was_told_as_it_is(before: str, end: str) -> None:
    """Nothing is missed: after a while without a change, the newest thing told is the state."""
    known, told = watched(before + end * 16)
    red_now = known.red
    about_state = [
        each
        for _, each in told
        if each.kind
        in (ToldKind.FIRST, ToldKind.ALARM, ToldKind.CHANGED, ToldKind.RECOVERED, ToldKind.SETTLED, ToldKind.VERDICT)
    ]
    newest = about_state[-1]
    if red_now is None:
        assert newest.kind is not ToldKind.ALARM
        assert newest.kind is not ToldKind.CHANGED
        assert newest.standing is not None
        assert not is_red(newest.standing)
    else:
        assert newest.kind in (ToldKind.ALARM, ToldKind.CHANGED, ToldKind.SETTLED)
        assert newest.cause is not None
        assert newest.cause.identity == red_now.identity


@given(st.text(".pcdtraqkx", min_size=1, max_size=80))
def test_no_alarm_follows_an_equal_one_and_no_recovery_follows_a_recovery(rounds: str) -> None:
    """Nothing is told twice."""
    state: str | None = None
    for _, each in watched(rounds)[1]:
        if each.kind in (ToldKind.ALARM, ToldKind.CHANGED):
            assert each.cause is not None
            assert state != each.cause.identity
            state = each.cause.identity
        elif each.kind in (ToldKind.RECOVERED, ToldKind.FIRST):
            assert state != "green"
            state = "green"
        elif each.kind in (ToldKind.FLAPPING, ToldKind.SETTLED):
            state = None


# --- The gateway's lists and the model's end --------------------------------------------------------------------------


def listed(**more: object) -> Listing:
    return Listing(**{"is_listed": True, "price": Price(1.0, 2.0), "families": (R,), **more})


def of_listing(*listings: Listing | None) -> list[tuple[int, str, str, str]]:
    told = watched(green(listing=each) for each in listings)[1]
    return [(number, each.kind.value, each.was, each.now) for number, each in told if each.kind is not ToldKind.FIRST]


def test_changes_of_the_models_entry_are_told_and_lists_that_say_nothing_are_not() -> None:
    assert of_listing(None, listed(), None, listed()) == []
    assert of_listing(listed(), Listing(is_listed=False), listed()) == [
        (1, "model_gone", "", ""), (2, "model_listed", "", ""),
    ]  # fmt: skip
    assert of_listing(listed(), listed(price=Price(2.0, 2.0)), listed(price=None)) == [
        (1, "repriced", "1 in 2 out USD/M", "2 in 2 out USD/M"), (2, "repriced", "2 in 2 out USD/M", "no price"),
    ]  # fmt: skip
    both = listed(families=(R, EndpointFamily.CHAT_COMPLETIONS))
    assert of_listing(listed(), both, listed(families=None)) == [
        (1, "family_changed", "responses", "responses, chat_completions"),
    ]
    assert [kind for _, kind, *_ in of_listing(listed(), listed(is_enabled=False), listed())] == [
        "switched_off", "switched_on",
    ]  # fmt: skip


def test_what_changed_while_an_entry_was_gone_or_had_no_families_is_told_when_it_is_back() -> None:
    gone, dearer = Listing(is_listed=False), listed(price=Price(2.0, 2.0), is_enabled=False)
    assert of_listing(listed(), gone, dearer)[1:] == [
        (2, "model_listed", "", ""), (2, "repriced", "1 in 2 out USD/M", "2 in 2 out USD/M"),
        (2, "switched_off", "", ""),
    ]  # fmt: skip
    assert of_listing(gone, listed()) == [(1, "model_listed", "", "")]
    chat = listed(families=(EndpointFamily.CHAT_COMPLETIONS,))
    assert of_listing(listed(), listed(families=None), chat) == [
        (2, "family_changed", "responses", "chat_completions"),
    ]  # fmt: skip


def test_a_gateway_whose_lists_differ_from_round_to_round_is_told_once_and_then_what_it_ended_as() -> None:
    turns = [listed(), Listing(is_listed=False)] * 6
    told = of_listing(*turns, *[Listing(is_listed=False)] * (CALM + 2))
    assert [kind for _, kind, *_ in told].count("listing_flapping") == 1
    assert told[-1][1] == "model_gone"


def test_a_retirement_is_told_as_it_comes_near_and_as_it_passes_and_not_in_between() -> None:
    near, passed = Retiring(RetirementStage.NEAR, "2026-12-20"), Retiring(RetirementStage.PASSED, "2026-12-20")
    told = watched(green(retiring=each) for each in (Retiring(), near, near, Retiring(), near, passed, passed))[1]
    assert [(n, each.kind.value, each.now) for n, each in told[1:]] == [
        (1, "retires", "2026-12-20"), (5, "retired", "2026-12-20"),
    ]  # fmt: skip


def test_a_retired_model_is_one_alarm_on_its_day_and_one_warning_before_it() -> None:
    """The whole path: a row of the facts, the day, and the finding that then fails the route."""
    route = Route(Role.WRITER, "gpt-5", R, R.standard_path)
    days = [date(2026, 11, 1), date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 11), date(2026, 12, 12)]
    seen = []
    for day in days:
        (checked,) = check(RouteTable((route,)), (), CheckBasis(today=day))
        seen.append(sighting(ProvenRoute(checked), None, day))
    assert kinds(replace(each, route=ROUTE) for each in seen) == [(1, "retires"), (3, "alarm")]


def test_the_gateways_own_date_is_read_and_a_word_of_it_is_not_kept() -> None:
    (checked,) = check(RouteTable((Route(Role.WRITER, "m", R, R.standard_path),)))
    for said, stage, on in (
        ("2027-06-01", RetirementStage.FAR, ""),
        ("2026-12-20", RetirementStage.NEAR, "2026-12-20"),
        ("soon, call +49 30 1234", RetirementStage.NEAR, "deprecated"),
    ):
        catalogue = Catalogue({"m": CatalogueEntry("m", retires_on=said)}, ("/v1/models",))
        assert retiring(checked, catalogue, date(2026, 12, 2)) == Retiring(stage, on)


def test_a_verdict_that_changed_because_paid_rungs_prove_nothing_is_told_once() -> None:
    swapped = green(Rung.SHAPE, doubts=(Rung.SMOKE, Rung.SHAPE))
    assert kinds(["p", swapped, swapped, swapped, "p", "p"]) == [(1, "verdict"), (4, "verdict")]


def test_a_finding_alone_is_a_red_of_its_own() -> None:
    assert kinds([".", "k", red(AUTH), "k"]) == [(1, "alarm"), (2, "changed"), (3, "changed")]
    assert ANY_KEY.identity != AUTH.identity
    assert kinds([green(doubts=(Rung.CATALOGUE,)), green(), green(), green(doubts=(Rung.KEY,)), green()]) == [
        (2, "doubt")
    ]
