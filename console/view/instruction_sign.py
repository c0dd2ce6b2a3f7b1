"""How a conflict of instructions is shown."""

from console.domain.instructions.source import Weight
from console.view.sign import Sign, Tone

_WEIGHTS = {
    Weight.STOPS: Sign("×", "stops", Tone.FAIL),
    Weight.ACKNOWLEDGE: Sign("!", "look", Tone.WARN),
    Weight.NOTE: Sign("·", "note", Tone.DIM),
}


def conflict_sign(weight: Weight) -> Sign:
    """Return how it is shown what a conflict of instructions means for the gate."""
    return _WEIGHTS[weight]
