from dataclasses import fields, replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.errors.category import Category, judged
from console.domain.money import FREE, Budget, BudgetScope, Spent
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import (
    AnswerStarted,
    BudgetSpent,
    CatalogueRead,
    Event,
    GatewayFailed,
    GatewayOpened,
    LoopLagMeasured,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    RoutesChecked,
    RungFinished,
    RungStarted,
    SmokeFinished,
    SmokeStarted,
    TokenResolved,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.view.config_view import ConfigView
from console.view.console_state import ConsoleState
from console.view.fleet.fleet_view import FleetView
from console.view.history.history_view import HistoryView
from console.view.live_call import OUTPUT_LIMIT, CallPhase, LiveCall
from console.view.record.records_view import RecordsView
from console.view.relay.relay_view import RelayView
from console.view.request_log import CALL_LIMIT, Call
from console.view.run_view import RunView
from console.view.worker.workers_view import WorkersView

_WRITER = Route(Role.WRITER, "gpt-route", EndpointFamily.RESPONSES, "/v1/responses")
_CRITIC = Route(Role.CRITIC, "claude-route", EndpointFamily.ANTHROPIC_MESSAGES, "/v1/messages")
_PLANNER = replace(_WRITER, role=Role.PLANNER)
_CHECKED = RoutesChecked(check(RouteTable((_WRITER, _CRITIC))))
_START = ConsoleState("demo").apply(_CHECKED)


def _result(route: Route = _WRITER, **fields: object) -> SmokeResult:
    return SmokeResult(
        route.key,
        route.model,
        route.endpoint_family,
        route.endpoint_path,
        **{"status": SmokeStatus.PASSED, "requests_sent": 1, "total_ms": 900.0, **fields},
    )


def _fold(*events: Event, start: ConsoleState = _START) -> ConsoleState:
    return reduce(ConsoleState.apply, events, start)


_WHOLE: list[Event] = [
    SmokeStarted(_WRITER, 1000.5),
    RequestWritten(RouteKey(Role.WRITER), 12.0),
    AnswerStarted(RouteKey(Role.WRITER), 200, 80.0),
    OutputReceived(RouteKey(Role.WRITER), "hm ", is_reasoning=True, ttft_ms=120.0),
    OutputReceived(RouteKey(Role.WRITER), "O", is_reasoning=False, ttft_ms=120.0),
    OutputReceived(RouteKey(Role.WRITER), "K.", is_reasoning=False, ttft_ms=120.0),
    SmokeFinished(_result()),
]


def test_a_new_state_is_empty() -> None:
    state = ConsoleState("demo")
    assert (state.routes, state.requests.calls, state.origin, state.is_live) == ((), (), "", False)
    assert state.token_state is TokenState.UNASKED
    assert state.smoke(Role.WRITER) == LiveCall()


def test_a_smoke_goes_through_its_phases() -> None:
    states = [_fold(*_WHOLE[:count]) for count in range(len(_WHOLE) + 1)]
    assert [state.smoke(Role.WRITER).phase for state in states] == [
        CallPhase.IDLE,
        CallPhase.CONNECTING,
        CallPhase.WAITING,
        CallPhase.WAITING,
        CallPhase.STREAMING,
        CallPhase.STREAMING,
        CallPhase.STREAMING,
        CallPhase.DONE,
    ]
    assert [state.is_live for state in states] == [False, True, True, True, True, True, True, False]


def test_a_whole_smoke_leaves_its_result_its_output_and_its_call() -> None:
    state = _fold(*_WHOLE)
    assert state.smoke(Role.WRITER) == LiveCall(CallPhase.DONE, 120.0, 3, "hm OK.", "", _result())
    assert state.requests.calls == (
        Call(Role.WRITER, 1000.5, "/v1/responses", "gpt-route", 200, 900.0, is_live=False, is_sent=True),
    )


def test_a_gateways_own_words_stay_for_the_eye_until_the_next_smoke() -> None:
    refused = _fold(
        SmokeStarted(_WRITER, 1.0), RefusalRead(RouteKey(Role.WRITER), "no money"), SmokeFinished(_result())
    )
    assert refused.smoke(Role.WRITER).said == "no money"
    assert "no money" not in repr(refused.smoke(Role.WRITER).result)
    assert refused.apply(SmokeStarted(_WRITER, 2.0)).smoke(Role.WRITER).said == ""


def test_the_call_log_shows_what_is_known_so_far() -> None:
    calls = [_fold(*_WHOLE[:count]).requests.calls for count in range(1, 4)]
    assert [(call.is_sent, call.http_status, call.is_live) for (call,) in calls] == [
        (False, None, True),
        (True, None, True),
        (True, 200, True),
    ]


def test_a_call_that_was_never_written_is_not_shown_as_sent() -> None:
    state = _fold(_WHOLE[0], SmokeFinished(_result(status=SmokeStatus.FAILED, requests_sent=0)))
    assert [(call.is_sent, call.is_live) for call in state.requests.calls] == [(False, False)]


def test_a_new_smoke_forgets_the_one_before_and_keeps_its_call() -> None:
    state = _fold(*_WHOLE, SmokeStarted(_WRITER, 2000.0))
    assert state.smoke(Role.WRITER) == LiveCall(CallPhase.CONNECTING)
    assert [(call.at, call.is_live) for call in state.requests.calls] == [(1000.5, False), (2000.0, True)]


def test_routes_side_by_side_do_not_touch_each_other() -> None:
    state = _fold(
        SmokeStarted(_WRITER, 1.0),
        SmokeStarted(_CRITIC, 2.0),
        RequestWritten(RouteKey(Role.CRITIC), 3.0),
        AnswerStarted(RouteKey(Role.CRITIC), 529, 4.0),
        OutputReceived(RouteKey(Role.WRITER), "a", is_reasoning=False, ttft_ms=5.0),
        SmokeFinished(_result(_CRITIC, status=SmokeStatus.FAILED, total_ms=7.0)),
    )
    assert state.smoke(Role.WRITER) == LiveCall(CallPhase.STREAMING, 5.0, 1, "a")
    assert state.smoke(Role.CRITIC).phase is CallPhase.DONE
    assert [(call.key, call.http_status, call.total_ms, call.is_live) for call in state.requests.calls] == [
        (Role.WRITER, None, None, True),
        (Role.CRITIC, 529, 7.0, False),
    ]
    assert state.is_live


def test_a_route_that_was_held_has_a_result_and_no_call() -> None:
    held = _result(
        status=SmokeStatus.BLOCKED, requests_sent=0, classification=judged(Category.ENDPOINT_DRIFT, "offline")
    )
    state = _fold(SmokeFinished(held))
    assert state.smoke(Role.WRITER) == LiveCall(CallPhase.DONE, result=held)
    assert state.requests.calls == ()


def test_an_ended_call_is_not_changed_by_a_held_smoke() -> None:
    done = _fold(*_WHOLE)
    assert (
        _fold(SmokeFinished(_result(requests_sent=0, total_ms=1.0)), start=done).requests.calls == done.requests.calls
    )


_STRAY: list[Event] = [
    SmokeStarted(_PLANNER, 1.0),
    RequestWritten(RouteKey(Role.PLANNER), 1.0),
    AnswerStarted(RouteKey(Role.PLANNER), 200, 1.0),
    OutputReceived(RouteKey(Role.PLANNER), "x", is_reasoning=False, ttft_ms=1.0),
    SmokeFinished(_result(_PLANNER, input_tokens=3, output_tokens=4)),
]


@pytest.mark.parametrize("event", _STRAY, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("count", [0, 3, len(_WHOLE)])
def test_an_event_of_an_unknown_role_changes_nothing(event: Event, count: int) -> None:
    state = _fold(*_WHOLE[:count])
    assert state.apply(event) == state


@pytest.mark.parametrize("lengths", [[OUTPUT_LIMIT], [OUTPUT_LIMIT + 1], [3 * OUTPUT_LIMIT], [OUTPUT_LIMIT, 1, 7]])
def test_the_end_of_the_output_is_kept_and_no_more(lengths: list[int]) -> None:
    pieces = [chr(ord("a") + number) * length for number, length in enumerate(lengths)]
    state = _fold(*[OutputReceived(RouteKey(Role.WRITER), piece, is_reasoning=False, ttft_ms=1.0) for piece in pieces])
    assert state.smoke(Role.WRITER).output == "".join(pieces)[-OUTPUT_LIMIT:]
    assert state.smoke(Role.WRITER).pieces == len(pieces)


def test_the_tokens_of_all_ended_calls_are_counted() -> None:
    state = _fold(
        SmokeFinished(_result(input_tokens=12, output_tokens=9)),
        SmokeFinished(_result(_CRITIC, output_tokens=4)),
        SmokeFinished(_result(input_tokens=1, status=SmokeStatus.FAILED)),
        SmokeFinished(_result(requests_sent=0, status=SmokeStatus.BLOCKED)),
    )
    assert state.requests.tokens_counted == 26


def test_only_the_newest_calls_are_kept() -> None:
    state = _fold(*[SmokeStarted(_WRITER, float(number)) for number in range(CALL_LIMIT + 3)])
    assert [call.at for call in state.requests.calls] == [float(number) for number in range(3, CALL_LIMIT + 3)]


def test_the_gateway_and_its_failure_are_kept() -> None:
    failed = _fold(GatewayFailed("no address"))
    assert failed.gateway_failure == "no address"
    opened = _fold(GatewayOpened("http://127.0.0.1:9", is_embedded=True), start=failed)
    assert (opened.origin, opened.is_embedded, opened.gateway_failure) == ("http://127.0.0.1:9", True, "")


@pytest.mark.parametrize("token_state", TokenState)
def test_the_token_state_is_the_newest_one(token_state: TokenState) -> None:
    first = TokenResolved(TokenState.ABSENT, "env:A", "set it")
    newest = TokenResolved(token_state, "env:B")
    state = _fold(first, newest)
    assert (state.token, state.token_state) == (newest, token_state)


def test_a_rung_that_is_being_climbed_is_known_until_it_ends() -> None:
    started = RungStarted(RouteKey(Role.WRITER), Rung.KEY, FREE)
    assert [route.climbing for route in _fold(started).routes] == [started, None]
    ended = _fold(started, RungFinished(RungResult(RouteKey(Role.WRITER), Rung.KEY, RungStatus.PASSED)))
    assert [route.climbing for route in ended.routes] == [None, None]


def test_a_delta_keeps_everything_but_its_route() -> None:
    """A delta makes its state with the fields by position: one that were forgotten would be lost on the screen."""
    settled = replace(
        _START,
        is_read_only=True,
        origin="http://127.0.0.1:1",
        is_embedded=True,
        gateway_failure="down",
        token=TokenResolved(TokenState.FOUND, "sim:"),
        requests=_fold(*_WHOLE).requests,
        catalogue=CatalogueRead(Catalogue(), (), is_first=True),
        agents=(AgentResult("Codex", (_WRITER.key,), "m", EndpointFamily.RESPONSES, RungStatus.PASSED),),
        budget=Budget(BudgetScope.SESSION),
        loop_lag_p99_ms=1.5,
        relay=RelayView(is_opening=True),
        run=RunView(),
        records=RecordsView(),
        config=ConfigView(waits_for="a call"),
        history=HistoryView(),
        fleet=FleetView(),
        workers=WorkersView(),
    )
    bare = ConsoleState("another")
    unset = [each.name for each in fields(settled) if getattr(settled, each.name) == getattr(bare, each.name)]
    assert not unset, "give each field a value of its own above"
    for route in (_START.routes[0], replace(_START.routes[0], climbing=RungStarted(_WRITER.key, Rung.KEY, FREE))):
        before = replace(settled, routes=(route, *settled.routes[1:]))
        after = before.apply(OutputReceived(RouteKey(Role.WRITER), "O", is_reasoning=False, ttft_ms=120.0))
        assert replace(after, routes=before.routes) == before
        assert replace(after.routes[0], smoke=route.smoke) == route
        assert (after.routes[0].smoke.output, after.routes[1:]) == ("O", before.routes[1:])


def test_the_budget_is_what_was_booked_last() -> None:
    first, last = (Budget(BudgetScope.SESSION, spent=Spent(tokens)) for tokens in (5, 9))
    assert _fold(BudgetSpent(first), BudgetSpent(last)).budget == last


def test_the_loop_lag_is_kept() -> None:
    assert _fold(LoopLagMeasured(3.5)).loop_lag_p99_ms == 3.5


def test_new_routes_are_idle_and_the_call_log_stays() -> None:
    state = _fold(*_WHOLE, _CHECKED)
    assert [route.smoke for route in state.routes] == [LiveCall(), LiveCall()]
    assert len(state.requests.calls) == 1


_ROUTE = st.sampled_from([_WRITER, _CRITIC, _PLANNER])
_ANY_EVENT = st.one_of(
    st.builds(SmokeStarted, _ROUTE, st.floats(0, 9)),
    st.builds(RequestWritten, st.sampled_from(Role), st.floats(0, 9)),
    st.builds(AnswerStarted, st.sampled_from(Role), st.integers(100, 599), st.floats(0, 9)),
    st.builds(OutputReceived, st.sampled_from(Role), st.text(max_size=9), st.booleans(), st.floats(0, 9)),
    st.builds(SmokeFinished, st.builds(_result, _ROUTE, status=st.sampled_from(SmokeStatus))),
    st.just(_CHECKED),
    st.builds(LoopLagMeasured, st.floats(0, 9)),
)


@examples(100)
@given(events=st.lists(_ANY_EVENT, max_size=30))
def test_events_in_any_order_are_folded_and_bounded(events: list[Event]) -> None:
    state = _fold(*events)
    assert [route.check.route for route in state.routes] == [_WRITER, _CRITIC]
    assert len(state.requests.calls) <= sum(isinstance(event, SmokeStarted) for event in events)
    assert all(len(route.smoke.output) <= OUTPUT_LIMIT for route in state.routes)


@examples(60)
@given(events=st.lists(_ANY_EVENT, max_size=12))
def test_folding_never_changes_an_earlier_state(events: list[Event]) -> None:
    states = [_START]
    for event in events:
        states.append(states[-1].apply(event))
    assert [_fold(*events[:count]) for count in range(len(events) + 1)] == states
