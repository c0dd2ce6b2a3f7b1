"""Panes that stay as they are while there is only more of a stream show nothing of it."""

from dataclasses import replace

from support.app.states import fold, relaying, streaming
from support.relay.events import moved
from textual.geometry import Size

from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.call_log import CallLogPane
from console.app.panes.contract_pane import ContractPane
from console.app.panes.route_table import RouteTablePane
from console.app.panes.stepper_bar import StepperBar
from console.domain.probes.event import OutputReceived, SmokeQueued
from console.domain.routes.role import Role


def test_more_of_a_stream_changes_none_of_their_lines() -> None:
    before = streaming("one")
    after = replace(fold(before, OutputReceived(Role.WRITER, " two", False, 190.4)), loop_lag_p99_ms=9.0)
    panes = (
        HeaderBar(before),
        KeyBar(before),
        StepperBar(before),
        RouteTablePane(before, id="routes"),
        ContractPane(before, id="contract"),
        CallLogPane(before, id="calls"),
    )
    assert before != after
    assert before.apart_from_streams == replace(after, loop_lag_p99_ms=None).apart_from_streams
    for pane in panes:
        assert not pane.SHOWS_STREAMS
        for row in range(len(before.routes)):
            assert pane.lines(before, row, Size(160, 40)) == pane.lines(after, row, Size(160, 40))


def test_more_of_an_agents_answer_changes_none_of_their_lines() -> None:
    before = relaying()
    after = before.apply(moved(7, 9))
    assert before.apart_from_streams == after.apart_from_streams
    for pane in (HeaderBar(before), CallLogPane(before, id="calls")):
        assert pane.lines(before, 0, Size(160, 40)) == pane.lines(after, 0, Size(160, 40))


def test_what_is_more_than_text_is_told_to_them() -> None:
    state = streaming("one")
    for changed in (
        fold(state, SmokeQueued(Role.PLANNER)),
        fold(state, OutputReceived(Role.WRITER, "", False, 7.0)),
        replace(state, gateway_failure="down"),
    ):
        assert changed.apart_from_streams != state.apart_from_streams
