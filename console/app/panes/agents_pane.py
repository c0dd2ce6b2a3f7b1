"""The pane of agents: where the relay listens, who calls it, and each call as it goes on."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message

from console.app.actions import Place, pane_bindings
from console.app.panes.agent_calls import relayed_lines
from console.app.widgets.line import Line, Span, cell, dim, fit, line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.relay.calls import ClientSums
from console.view.relay.relay_view import RelayView
from console.view.relay.words import UNKNOWN_CLIENT, sums_words
from console.view.sign import Sign, Tone

_NAME_WIDTH = 13


class AgentsPane(LinePane):
    """Pane 5: on the screen as long as there is something of a relay to show."""

    BINDINGS: ClassVar[list[BindingType]] = [*pane_bindings(Place.AGENTS)]

    class AgentClicked(Message):
        """An agent was clicked."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def __init__(self, state: ConsoleState, *, is_slow_link: bool) -> None:
        super().__init__(state, id="agents")
        self._is_slow_link = is_slow_link

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the relay, its agents and their calls."""
        return tuple(agents_lines(state.relay, size.width, is_slow_link=self._is_slow_link))

    def on_click(self, event: object) -> None:
        """Pick the agent under the mouse."""
        place = getattr(event, "y", 0) - self.gutter.top + self.scroll_offset.y - 1
        if 0 <= place < len(self._state.relay.agents):
            self.post_message(self.AgentClicked(place))


def agents_lines(relay: RelayView, width: int, *, is_slow_link: bool = False) -> Iterator[Line]:
    """Yield where the relay listens, a line for each agent that has called, then the calls, newest first."""
    yield _where(relay, width)
    for sums in relay.agents:
        yield _agent(sums, relay, width)
    yield from _others(relay, width)
    yield from relayed_lines(relay.calls, width, is_slow_link=is_slow_link)


def _where(relay: RelayView, width: int) -> Line:
    if relay.is_open:
        told = f"{relay.origin}   a shows an agent's settings, X ends the relay"
        return line(Span("› ", Tone.LIVE), Span(fit(told, width - 2)))
    if relay.is_opening:
        return line(Span("› ", Tone.LIVE), dim(fit("the relay is being opened …", width - 2)))
    if relay.failure:
        return line(Span("× ", Tone.FAIL), Span(fit(relay.failure, width - 2), Tone.FAIL))
    return line(dim(fit("· closed: no agent can call; a opens it again, where it was", width)))


def _agent(sums: ClientSums, relay: RelayView, width: int) -> Line:
    is_cursor = sums.client == relay.picked
    sign = _agent_sign(sums, relay)
    return line(
        Span("▌ " if is_cursor else "  ", Tone.STRONG),
        cell(sums.client, _NAME_WIDTH, Tone.STRONG if is_cursor else Tone.TEXT),
        cell(str(sign), 12, sign.tone),
        Span(fit(sums_words(sums), max(0, width - _NAME_WIDTH - 14))),
        is_cursor=is_cursor,
    )


def _agent_sign(sums: ClientSums, relay: RelayView) -> Sign:
    if sums.client in relay.cut_off:
        return Sign("!", "cut off", Tone.WARN)
    if sums.in_flight:
        return Sign("›", f"{sums.in_flight} live", Tone.LIVE)
    return Sign("·", "idle", Tone.DIM)


def _others(relay: RelayView, width: int) -> Iterator[Line]:
    """Yield who else has a key, and who called without one."""
    called = {each.client for each in relay.calls.sums}
    if waiting := [name for name in relay.let_in if name not in called]:
        yield line(dim(fit(f"  no call yet: {', '.join(waiting)}", width)))
    strangers = next((each for each in relay.calls.sums if not each.client), None)
    if strangers is not None:
        yield line(Span(fit(f"! {UNKNOWN_CLIENT}   {strangers.refused} refused", width), Tone.WARN))
