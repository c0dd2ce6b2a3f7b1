"""The token pane: where the token comes from, what it is bound to, and what to do if it is not found."""

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
    """Where the profile's token comes from, what it is bound to, and what to do if it is not found."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return what is known about the token; no pane knows the token itself."""
        return tuple(token_lines(state, size.width))


def token_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the token's state, reference, source and origin, and any advice."""
    if state.token is None:
        yield line(dim("the gateway is still being opened; no reference was asked"))
        return
    sign = token_sign(state.token.state)
    yield from labelled("state", str(sign), width, tone=sign.tone)
    yield from labelled("reference", state.token.reference, width)
    if state.token.source:
        yield from labelled("from", state.token.source, width)
    if state.token.origin or state.token.state is TokenState.FOUND:
        bound = state.token.origin or "no origin: it is sent only to base_url's origin"
        yield from labelled("bound to", bound, width)
    if state.token.advice:
        yield BLANK
        yield from labelled("do", state.token.advice, width, tone=Tone.ACCENT)
    yield BLANK
    note = (
        f"{SET_TOKEN.shown_key} sets it: the screen is suspended and the terminal asks without echo, so your input is"
        " never in a widget, log, clipboard or screenshot."
    )
    yield from (line(dim(piece)) for piece in wrap(note, width))
