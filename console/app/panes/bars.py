"""The bars: profile, origin and token at the top; the keys that work here at the bottom."""

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.geometry import Size

from console.app.actions import Action, Place, keys_of
from console.app.widgets.line import Line, Span, dim, fit, joined, line
from console.app.widgets.line_pane import LinePane
from console.view.call_sign import call_sign
from console.view.console_state import ConsoleState
from console.view.route_sign import standing_sign
from console.view.sign import Sign, Tone
from console.view.token_sign import token_sign


class HeaderBar(LinePane):
    """One line that is always visible: where calls would go, and under which reference."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="header", can_focus=False)

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the one line."""
        is_auto = state.run is not None and state.run.auto
        waiting = 0 if state.run is None else len(state.run.inbox)
        known = (
            ("AUTO", is_auto),
            ("read-only", state.is_read_only),
            (f"{waiting} wait{'s' if waiting == 1 else ''} for you", waiting > 0),
        )
        marks = [*(word for word, is_set in known if is_set), *state.config.marks]
        return (
            header_line(
                state, marks, size.width, "" if state.is_read_only or "built-in" not in marks else _HOW_TO_BEGIN
            ),
        )


_HOW_TO_BEGIN = "I: set up yours"


def header_line(state: ConsoleState, marks: Sequence[str], width: int, hint: str = "") -> Line:
    """Return the header. A narrow screen drops words first; it always shows where calls go and under which key.

    Args:
        state: The state.
        marks: What is unusual about the session, a word each.
        width: The screen's width, in cells.
        hint: What could be done, if there is room for it.

    """
    name, profile = Span("gateway-console ", Tone.STRONG), Span(f" {fit(state.profile, 20)} ", Tone.OK)
    own = [profile, *(Span(f"· {words} ", Tone.WARN) for words in state.config.alarms), *_relay(state)]
    marked = [*own, *(Span(f"· {mark} ", Tone.WARN) for mark in marks)]
    where, key = [Span(" "), *_where(state)], _key(state)
    counts = _counts(state)
    words, signs = joined(counts, "  ").spans, joined(_counts(state, is_short=True), "  ").spans
    troubles = joined([count for count in counts if count.spans[0].tone in (Tone.FAIL, Tone.WARN)], "  ").spans
    embedded = [dim(" embedded gateway")] if state.is_embedded else []
    layouts: list[tuple[list[Span], Sequence[Span]]] = [
        *(
            ([*product, *marked, dim(f"· {hint} "), *gateway, *where, *key], words)
            for product, gateway in (([name], embedded), ([name], []), ([], []))
            if hint
        ),
        ([name, *marked, *embedded, *where, *key], words),
        ([*marked, *where, *key], words),
        ([*own, *where, *key], words),
        ([*own, *where, *key], troubles or words),
        ([*own, *where], words),
        ([*own, *where], signs),
    ]
    for head, tail in layouts:
        room = width - sum(cell_len(span.text) for span in (*head, *tail))
        if room >= 1:
            return Line((*head, Span(" " * room), *tail))
    return Line((*where, Span(" "), *own))


def _relay(state: ConsoleState) -> list[Span]:
    """Return that agents can call, and how many of their calls are in flight."""
    if not state.relay.is_open:
        return []
    live = state.relay.calls.in_flight
    return [Span(f"· relay {live} live " if live else "· relay ", Tone.LIVE)]


def _where(state: ConsoleState) -> list[Span]:
    if state.gateway_failure:
        return [Span("× no gateway", Tone.FAIL)]
    if not state.origin:
        return [dim("opening the gateway …")]
    return [Span(state.origin.partition("://")[2] if state.is_embedded else state.origin)]


def _key(state: ConsoleState) -> list[Span]:
    if state.token is None:
        return []
    sign = token_sign(state.token.state)
    word = sign.sign if sign.word == "found" else str(sign)
    return [dim("   key "), Span(f"{fit(state.token.reference, 40)} "), Span(word, sign.tone)]


def _counts(state: ConsoleState, *, is_short: bool = False) -> list[Line]:
    """Count the routes by their standing; a call in progress counts as one."""
    signs = [
        call_sign(route.smoke) if route.smoke.is_live else standing_sign(route.proven.standing)
        for route in state.routes
    ]
    if is_short:
        signs = [Sign(sign.sign, "", sign.tone) for sign in signs]  # without words, one count for each sign
    counts = Counter(sorted(signs, key=_gravity))
    return [
        line(Span(f"{sign.sign} {count}" if is_short else f"{sign.sign} {count} {sign.word}", sign.tone))
        for sign, count in counts.items()
    ]


def _gravity(sign: Sign) -> int:
    return (Tone.FAIL, Tone.WARN, Tone.LIVE, Tone.OK, Tone.DIM).index(sign.tone)


class KeyBar(LinePane):
    """The keys that work now; one that does not is dim, and says why when pressed."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState, place: Place = Place.MAIN) -> None:
        super().__init__(state, id="keys", can_focus=False)
        self._place = place

    def name_place(self, place: Place) -> None:
        """Show the keys of a place: of the screen, or of the pane that has the focus."""
        if place is not self._place:
            self._place, self._made_of = place, ()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the one line."""
        return (key_line(state, cursor, size.width, self._place),)

    async def on_click(self, event: events.Click) -> None:
        """Perform the action of the key under the mouse."""
        at = 0
        for action in _shown(self.size.width, self._place):
            at += cell_len(f"{action.shown_key} {action.label}") + 2
            if event.x < at:
                await self.screen.run_action(f"screen.do('{action.id}')")
                return


def key_line(state: ConsoleState, cursor: int, width: int, place: Place = Place.MAIN) -> Line:
    """Return the key line, with as many keys as fit into a width."""
    spans: list[Span] = []
    for action in _shown(width, place):
        is_dim = action.why_not(state, cursor) is not None
        gap = [Span("  ")] if spans else []
        spans += [*gap, Span(action.shown_key, Tone.DIM if is_dim else Tone.ACCENT), dim(f" {action.label}")]
    return Line(tuple(spans))


def _shown(width: int, place: Place) -> list[Action]:
    shown: list[Action] = []
    for action in keys_of(place):
        used = sum(cell_len(f"{each.shown_key} {each.label}") + 2 for each in [*shown, action])
        if action.is_shown and used - 2 <= width:
            shown.append(action)
    return shown
