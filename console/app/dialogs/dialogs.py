"""Dialogs: all keys, one route in whole, why its call was refused, and where the token comes from."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen

from console.app.actions import Place, action_named, actions_of, written
from console.app.panes.smoke_pane import about_lines
from console.app.widgets.line import BLANK, Line, Span, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.tokens.state import TokenState
from console.view.call_sign import call_sign
from console.view.console_state import ConsoleState
from console.view.explanation import category_rows, reading_lines
from console.view.route_sign import route_sign
from console.view.sign import Tone
from console.view.token_sign import token_sign


class Dialog(ModalScreen[str]):
    """A pane over the screen; esc, enter or q closes it. Its result is the id of an action that it was left for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark", "dismiss(None)", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, pane: LinePane, title: str, state: ConsoleState, cursor: int) -> None:
        super().__init__()
        self._pane = pane
        self._pane.border_title = title
        self._pane.border_subtitle = "esc close"
        self._state, self._cursor = state, cursor

    def compose(self) -> ComposeResult:
        """Lay the pane out."""
        with Vertical():
            yield self._pane

    def on_mount(self) -> None:
        """Draw the pane."""
        self._pane.show(self._state, self._cursor)
        self._pane.focus()

    def show(self, state: ConsoleState) -> None:
        """Draw another state, or keep it until the pane can be drawn."""
        self._state = state
        self._pane.show(state, self._cursor)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._pane.scroll_relative(y=lines, animate=False)


class HelpPane(LinePane):
    """All keys of a screen, with the reason where one does not work now."""

    def __init__(self, state: ConsoleState, place: Place = Place.MAIN) -> None:
        super().__init__(state, id="help")
        self._place = place

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line a key."""
        return tuple(help_lines(state, cursor, size.width, self._place))


def help_lines(state: ConsoleState, cursor: int, width: int, place: Place = Place.MAIN) -> Iterator[Line]:
    """Yield each action with its keys; one that does not work now says why."""
    for action in actions_of(place):
        keys = " ".join(written(key) for key in action.keys)
        reason = action.why_not(state, cursor)
        yield line(
            cell(keys, 14, Tone.DIM if reason else Tone.ACCENT),
            cell(action.help, width - 14, Tone.DIM if reason else Tone.TEXT),
        )
        if reason is not None:
            yield from labelled("", f"not now: {reason}", width, tone=Tone.WARN, label_width=14)
    yield BLANK
    signs = "✓ passed   × failed   ! account or route, not the model   · held or not run   ~ look   › live"
    yield from (line(dim(piece)) for piece in wrap(signs, width))


class RoutePane(LinePane):
    """One route with nothing cut."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return everything that is known of the route."""
        return tuple(whole_route_lines(state, cursor, size.width))


def whole_route_lines(state: ConsoleState, cursor: int, width: int) -> Iterator[Line]:
    """Yield all fields of a route, its findings with their sources, and its newest smoke test."""
    route = state.routes[cursor]
    check = route.check
    verdict, smoke = route_sign(route.proven), call_sign(route.smoke)
    yield from labelled("role", check.route.role, width)
    yield from labelled("model", check.route.model, width)
    yield from labelled("family", check.route.endpoint_family, width)
    yield from labelled("path", check.route.endpoint_path, width)
    yield from labelled("contract", str(verdict), width, tone=verdict.tone)
    yield from labelled("required", check.required_family or f"none; known on {', '.join(check.fact.allowed)}", width)
    yield from labelled("source", f"{check.fact.source_url}, read {check.fact.checked_on}", width)
    yield from labelled("note", check.fact.note, width)
    for finding in check.findings:
        yield from labelled(finding.id, finding.message, width)
    yield BLANK
    yield from labelled("smoke", str(smoke), width, tone=smoke.tone)
    yield from about_lines(route, width)
    if not route.smoke.is_live and route.smoke.result is not None:
        for finding in route.smoke.result.findings:
            yield from labelled(finding.id, finding.message, width)


class ExplainPane(LinePane):
    """Why the call of the route under the cursor was refused, and what to do."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the explanation."""
        return tuple(explain_lines(state, cursor, size.width))


def explain_lines(state: ConsoleState, cursor: int, width: int) -> Iterator[Line]:
    """Yield the category of a route's newest refusal with its meaning, the reading of this refusal, and its rule."""
    smoke = state.routes[cursor].smoke
    found = None if smoke.result is None else smoke.result.classification
    if found is None:
        return
    yield line(Span(found.category, Tone.STRONG), dim(f"   {found.confidence}"))
    yield BLANK
    for words in reading_lines(found):
        yield from labelled("here" if words == found.evidence else "", words, width, label_width=8)
    if smoke.said:
        yield from labelled("it said", f'"{smoke.said}"', width, tone=Tone.DIM, label_width=8)
    if found.rule:
        yield from labelled("rule", f"{found.rule}  {found.source}".strip(), width, tone=Tone.DIM, label_width=8)
    yield BLANK
    for label, words in category_rows(found.category):
        yield from labelled(label, words, width, label_width=8)


_SET_TOKEN = action_named("token.set")


class TokenDialog(Dialog):
    """The token pane over the screen; the key that it names works in it as well."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(_SET_TOKEN.keys), f"dismiss('{_SET_TOKEN.id}')", _SET_TOKEN.label, show=False)
    ]


class TokenPane(LinePane):
    """Where the profile's token comes from, what it is bound to, and what to do where it is not found."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return what is known of the token; the token itself is known to no pane."""
        return tuple(token_lines(state, size.width))


def token_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the token's state, reference, source and origin, and the advice where there is one."""
    if state.token is None:
        yield line(dim("the gateway is still being opened; no reference was asked"))
        return
    sign = token_sign(state.token.state)
    yield from labelled("state", str(sign), width, tone=sign.tone)
    yield from labelled("reference", state.token.reference, width)
    if state.token.source:
        yield from labelled("from", state.token.source, width)
    if state.token.origin or state.token.state is TokenState.FOUND:
        bound = state.token.origin or "no origin of its own: it is sent to base_url's origin only"
        yield from labelled("bound to", bound, width)
    if state.token.advice:
        yield BLANK
        yield from labelled("do", state.token.advice, width, tone=Tone.ACCENT)
    yield BLANK
    note = (
        f"{_SET_TOKEN.shown_key} sets it: the screen steps aside and the terminal asks without echo, so that what you"
        " type is in no widget, log, clipboard or screenshot."
    )
    yield from (line(dim(piece)) for piece in wrap(note, width))
