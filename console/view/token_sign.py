"""How a token's state is shown."""

from console.domain.tokens.state import TokenState
from console.view.sign import Sign, Tone

_TOKENS = {
    TokenState.UNASKED: Sign("·", "unasked", Tone.DIM),
    TokenState.FOUND: Sign("✓", "found", Tone.OK),
    TokenState.ABSENT: Sign("×", "absent", Tone.FAIL),
    TokenState.LOCKED: Sign("!", "locked", Tone.WARN),
    TokenState.UNAVAILABLE: Sign("×", "unavailable", Tone.FAIL),
    TokenState.TIMEOUT: Sign("×", "timeout", Tone.FAIL),
    TokenState.REFUSED: Sign("!", "refused", Tone.FAIL),
}


def token_sign(state: TokenState) -> Sign:
    """Return how a token's state is shown."""
    return _TOKENS[state]
