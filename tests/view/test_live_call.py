"""A call is folded once: a smoke test's and a run's come to the same, and neither touches the other."""

from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.probes.event import (
    AnswerStarted,
    CallEvent,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    RoutesChecked,
    SmokeFinished,
    SmokeQueued,
    SmokeStarted,
)
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.route_key import RouteKey
from console.domain.run.state import RunState
from console.view.console_state import ConsoleEvent, ConsoleState
from console.view.live_call import LiveCall
from console.view.request_log import Call
from console.view.run.event import RunCalled, RunSeen, StepBegun, StepEnded

_ROUTE = Route(Role.WRITER, "gpt-route", EndpointFamily.RESPONSES, "/v1/responses")
_RUN, _OTHER_RUN = RunState("01M82D0PD6W60PFK1FGQ8EAC9B"), RunState("01M82D0PD6W60PFK1FGQ8EAC9C")


def _fold(*events: ConsoleEvent, start: ConsoleState) -> ConsoleState:
    return reduce(ConsoleState.apply, events, start)


_STEPPING = _fold(
    RoutesChecked(check(RouteTable((_ROUTE,)))),
    RunSeen(_RUN, ()),
    StepBegun(_RUN.run_id),
    start=ConsoleState("demo"),
)


def _result(status: SmokeStatus, total_ms: float, tokens: int) -> SmokeResult:
    return SmokeResult(
        *(_ROUTE.key, _ROUTE.model, _ROUTE.endpoint_family, _ROUTE.endpoint_path),
        status=status,
        requests_sent=1,
        total_ms=total_ms,
        input_tokens=tokens,
    )


_RESULT = st.builds(_result, st.sampled_from(SmokeStatus), st.floats(0, 9), st.integers(0, 9))
_EVENT: st.SearchStrategy[CallEvent] = st.one_of(
    st.just(SmokeQueued(RouteKey(Role.WRITER))),
    st.builds(SmokeStarted, st.just(_ROUTE), st.floats(0, 9)),
    st.builds(RequestWritten, st.just(Role.WRITER), st.floats(0, 9)),
    st.builds(AnswerStarted, st.just(Role.WRITER), st.integers(100, 599), st.floats(0, 9)),
    st.builds(OutputReceived, st.just(Role.WRITER), st.text(max_size=9), st.booleans(), st.floats(0, 9)),
    st.builds(RefusalRead, st.just(Role.WRITER), st.text(max_size=9)),
    st.builds(SmokeFinished, _RESULT),
)
_EVENTS = st.lists(_EVENT, max_size=20)


def _of_run(state: ConsoleState) -> LiveCall:
    assert state.run is not None
    return state.run.live


def _logged(state: ConsoleState, *, is_of_run: bool) -> list[Call]:
    return [replace(call, is_of_run=False) for call in state.requests.calls if call.is_of_run is is_of_run]


@examples(200)
@given(events=_EVENTS)
def test_the_same_events_come_to_the_same_for_a_smoke_test_and_for_a_run(events: list[CallEvent]) -> None:
    smoked = _fold(*events, start=_STEPPING)
    called = _fold(*map(RunCalled, events), start=_STEPPING)
    assert smoked.smoke(Role.WRITER) == _of_run(called) == reduce(LiveCall.apply, events, LiveCall())
    assert _logged(smoked, is_of_run=False) == _logged(called, is_of_run=True)
    assert smoked.requests.tokens_counted == called.requests.tokens_counted
    assert called.routes == _STEPPING.routes
    assert smoked.run == _STEPPING.run


@examples(200)
@given(events=st.lists(st.tuples(_EVENT, st.booleans()), max_size=30))
def test_a_smoke_test_and_a_runs_call_of_one_role_do_not_touch_each_other(events: list[tuple[CallEvent, bool]]) -> None:
    together = _fold(*(RunCalled(event) if is_of_run else event for event, is_of_run in events), start=_STEPPING)
    smoked = _fold(*(event for event, is_of_run in events if not is_of_run), start=_STEPPING)
    called = _fold(*(RunCalled(event) for event, is_of_run in events if is_of_run), start=_STEPPING)
    assert (together.routes, _of_run(together)) == (smoked.routes, _of_run(called))
    assert _logged(together, is_of_run=False) == _logged(smoked, is_of_run=False)
    assert _logged(together, is_of_run=True) == _logged(called, is_of_run=True)


def test_a_call_of_a_run_that_is_cut_off_ends_in_the_log_whatever_run_is_in_view() -> None:
    sent = [RunCalled(SmokeStarted(_ROUTE, 1.0)), RunCalled(RequestWritten(RouteKey(Role.WRITER), 2.0))]
    live = _fold(*sent, RunSeen(_OTHER_RUN, ()), start=_STEPPING)
    assert [(call.is_live, call.is_sent) for call in live.requests.calls] == [(True, True)]
    ended = live.apply(StepEnded("cut off"))
    assert [(call.is_live, call.is_sent, call.total_ms) for call in ended.requests.calls] == [(False, True, None)]


def test_the_end_of_a_step_leaves_a_smoke_test_under_way() -> None:
    smoking = _fold(SmokeStarted(_ROUTE, 1.0), StepEnded(), start=_STEPPING)
    assert [call.is_live for call in smoking.requests.calls] == [True]


def test_a_call_of_a_run_that_is_not_in_view_is_logged_and_not_drawn() -> None:
    elsewhere = _fold(RunSeen(_OTHER_RUN, ()), RunCalled(SmokeStarted(_ROUTE, 1.0)), start=_STEPPING)
    assert _of_run(elsewhere) == LiveCall()
    assert len(elsewhere.requests.calls) == 1
