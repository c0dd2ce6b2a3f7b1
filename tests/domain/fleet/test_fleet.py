"""The fleet's rows: the worst route decides, an old proof does not last, and a wrong clock makes no age negative."""

from dataclasses import replace
from datetime import date

import pytest
from support.history.facts import DAY_MS, NOW_MS, free_check, passed, red

from console.domain.errors.category import Category
from console.domain.fleet.filter import FilterError, parse_filter
from console.domain.fleet.fleet import Fleet, fleet_of
from console.domain.fleet.order import Order, ordered
from console.domain.fleet.row import FleetVerdict, KnownProfile
from console.domain.fleet.state import Looker, LookerKind, ProfileLook, RouteEnd, Spending, States, end_of, states_of
from console.domain.history.fact import Fact, FactStatus
from console.domain.probes.ladder import Rung
from console.domain.problem import ProblemKind
from console.domain.routes.contract import CheckBasis, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

OWNER = ("p", "https://gw.example:443")
TABLE = RouteTable((Route(Role.WRITER, "m", EndpointFamily.RESPONSES, "/v1/responses"),))
KNOWN = KnownProfile(OWNER, check(TABLE, (), CheckBasis(today=date(2026, 9, 21))))
WORKER = Looker(LookerKind.WORKER, "host-1")


def ends(*facts: Fact) -> tuple[RouteEnd, ...]:
    return tuple(end for fact in facts if (end := end_of(fact)) is not None)


def states(*facts: Fact, looks: tuple[ProfileLook, ...] = (), spending: Spending | None = None) -> States:
    return states_of(looks, ends(*facts), {} if spending is None else {OWNER: spending})


def fleet(known: States, *, now_ms: int = NOW_MS) -> Fleet:
    return fleet_of([KNOWN], known, now_ms)


def test_a_profile_that_was_never_looked_at_is_offline_and_one_that_was_proven_is_proven() -> None:
    (row,) = fleet(States()).rows
    assert (row.verdict, row.looked_ms, row.age_ms(NOW_MS)) == (FleetVerdict.UNPROVEN, None, None)
    (row,) = fleet(states(passed(NOW_MS - 1, rung=Rung.SHAPE))).rows
    assert (row.verdict, row.why, row.age_ms(NOW_MS)) == (FleetVerdict.UNPROVEN, "", 1)


def test_a_free_check_takes_a_proof_back_only_when_the_proof_is_old() -> None:
    proof = passed(NOW_MS - 2 * DAY_MS, rung=Rung.SHAPE)
    assert _seen(states(proof, free_check(NOW_MS - 5))) == "proven"
    old = replace(proof, at_ms=NOW_MS - 8 * DAY_MS)
    assert _seen(states(old, free_check(NOW_MS - 5))) == "unproven"
    refused = replace(free_check(NOW_MS - DAY_MS), status=FactStatus.BLOCKED, category=Category.ACCOUNT_AUTH)
    assert _seen(states(proof, refused, free_check(NOW_MS - 5))) == "unproven", (
        "what was refused since must be shown again"
    )


def _seen(known: States) -> str:
    """Return what is seen of the route, whatever the facts say of its model."""
    (row,) = fleet_of([], known, NOW_MS).rows
    return str(row.routes[0].standing)


def test_a_free_check_disproves_no_failed_call_in_whatever_order_both_were_written() -> None:
    facts = (red(NOW_MS - 50), free_check(NOW_MS - 5))
    for order in (facts, facts[::-1], facts + facts):
        (row,) = fleet(states(*order)).rows
        assert (row.verdict, row.why) == (FleetVerdict.DOWN, "writer: timeout")
        assert row.failures == (("timeout", 1),)


def test_a_profile_that_cannot_be_used_or_read_is_the_worst_and_says_why() -> None:
    look = ProfileLook(OWNER, NOW_MS, WORKER, ProblemKind.TOKEN)
    (row,) = fleet(states(passed(NOW_MS - 9, rung=Rung.SHAPE), looks=(look,))).rows
    assert (row.verdict, row.why) == (FleetVerdict.UNUSABLE, "its token is absent, locked or out of reach")
    broken = fleet_of([KnownProfile(("b", ""), words="line 3: unknown key"), KNOWN], States(), NOW_MS)
    assert [each.name for each in ordered(broken.rows, Order.VERDICT)] == ["b", "p"]


def test_a_state_of_a_clock_that_is_ahead_has_no_negative_age_and_is_told() -> None:
    known = fleet(states(free_check(NOW_MS + 60_000)))
    assert (known.rows[0].age_ms(NOW_MS), known.rows[0].ahead_ms, len(known.ahead)) == (0, 60_000, 1)


def test_a_profile_of_the_store_that_this_config_lacks_is_shown_and_one_on_another_gateway_is_another_one() -> None:
    moved = replace(KNOWN, owner=("p", "https://other.example"))
    rows = fleet_of([moved], states(red()), NOW_MS).rows
    assert [(row.origin, row.verdict.is_red, row.is_in_config) for row in rows] == [
        ("https://other.example", False, True),
        ("https://gw.example:443", True, False),
    ]


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", True),
        ("red", True),
        ("down", True),
        ("!down", False),
        ("verdict:proven", False),
        ("name:P origin:*gw.example*", True),
        ("category:time*", True),
        ("model:gpt-*", False),
        ("timeout", True),
        ("age>1m", False),
        ("age<1m", True),
        ("cost>1.99", True),
        ("cost>2", False),
        ("retires<30d", False),
        ("looker:worker", True),
        ("[p", False),
    ],
)
def test_a_filter_takes_what_its_words_say(text: str, takes: bool) -> None:
    look = ProfileLook(OWNER, NOW_MS, WORKER)
    (row,) = fleet(states(red(), looks=(look,), spending=Spending(1, 2_000_000))).rows
    assert parse_filter(text).takes(row, NOW_MS) is takes


@pytest.mark.parametrize("text", ["colour:red", "age>soon", "cost>x", "!", "retires<", "a " * 21, "x" * 401])
def test_a_filter_that_cannot_be_read_says_so_and_repeats_nothing(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert "soon" not in str(caught.value)
    assert "colour" not in str(caught.value)
