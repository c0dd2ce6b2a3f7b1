"""The token pane: where the token comes from, what it is bound to, and what to do where it is not found."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.actions import action_named
from console.app.widgets.line import BLANK, Line, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.tokens.state import TokenState
from console.view.console_state import ConsoleState
from console.view.sign import Tone
from console.view.token_sign import token_sign

SET_TOKEN = action_named("token.set")


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
        f"{SET_TOKEN.shown_key} sets it: the screen steps aside and the terminal asks without echo, so that what you"
        " type is in no widget, log, clipboard or screenshot."
    )
    yield from (line(dim(piece)) for piece in wrap(note, width))
