"""The fold of agents' calls: what is kept of them, and what is only summed."""

from functools import reduce

from support.relay.events import WRITER, begun, ended, moved, refused, whole

from console.domain.probes.event import RequestWritten, RoutesChecked, SmokeStarted
from console.domain.relay.call import RelayEvent
from console.domain.routes.contract import check
from console.domain.routes.route import RouteTable
from console.view.console_state import ConsoleState
from console.view.live_call import CallPhase
from console.view.relay.calls import CALL_LIMIT, ClientSums, RelayedCalls
from console.view.relay.relay_view import AgentCutOff, AgentLetIn, AgentPicked, RelayView


def folded(*events: RelayEvent) -> RelayedCalls:
    return reduce(RelayedCalls.apply, events, RelayedCalls())


def test_a_call_goes_through_its_phases() -> None:
    events = whole(1)
    seen = [folded(*events[:count]).calls[0].live.phase for count in (1, 2, 3)]
    assert seen == [CallPhase.WAITING, CallPhase.STREAMING, CallPhase.DONE]
    calls = folded(*events)
    assert calls.sums == (ClientSums("codex", sent=1, tokens=31, microusd=282),)
    assert calls.calls[0].result is not None


def test_a_bounded_number_of_calls_is_kept_and_all_are_summed() -> None:
    calls = folded(begun(1), *(event for number in range(2, 300) for event in whole(number)), moved(1), ended(1))
    assert [each.number for each in calls.calls] == list(range(300 - CALL_LIMIT, 300))
    assert (calls.sums[0].sent, calls.sums[0].tokens, calls.in_flight) == (299, 299 * 31, 0)


def test_a_relay_that_was_opened_again_counts_from_one_and_changes_only_its_own_call() -> None:
    first = folded(*whole(1))
    calls = reduce(RelayedCalls.apply, (begun(1, "claude_code"), moved(1)), first)
    assert calls.calls[0] == first.calls[0]
    assert calls.calls[1].live.phase is CallPhase.STREAMING


def test_strangers_are_summed_and_are_not_an_agent_to_pick() -> None:
    relay = reduce(RelayView.apply, (refused(1, ""), refused(2, ""), *whole(3), AgentPicked(5)), RelayView())
    assert relay.picked == "codex"
    assert relay.calls.sums[0].refused == 2


def test_who_is_let_in_again_is_not_cut_off() -> None:
    cut = reduce(RelayView.apply, (AgentLetIn("codex"), AgentCutOff("codex")), RelayView())
    assert cut.cut_off == {"codex"}
    again = cut.apply(AgentLetIn("codex"))
    assert (again.let_in, again.cut_off) == (("codex",), frozenset())


def test_an_agents_call_and_a_smoke_test_of_its_route_are_two_lines_of_the_log() -> None:
    state = ConsoleState("p").apply(RoutesChecked(check(RouteTable((WRITER,)))))
    for event in (SmokeStarted(WRITER, 1.0), begun(1), RequestWritten(WRITER.key, 7.0), ended(1)):
        state = state.apply(event)
    smoke, agents = state.requests.calls
    assert (smoke.agent, smoke.is_sent, smoke.is_live) == ("", True, True)
    assert (agents.agent, agents.http_status, agents.is_live) == ("codex", 200, False)
    assert state.requests.tokens_counted == 31


def test_more_of_an_answer_is_no_change_for_panes_without_streams() -> None:
    state = ConsoleState("p").apply(begun(1)).apply(moved(1))
    assert state != state.apply(moved(1, 9))
    assert state.apart_from_streams == state.apply(moved(1, 9)).apart_from_streams
    assert state.apart_from_streams != state.apply(ended(1)).apart_from_streams
