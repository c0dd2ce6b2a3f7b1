"""How a conflict of instructions is shown."""

from console.domain.instructions.source import Weight
from console.view.sign import Sign, Tone

_WEIGHTS = {
    Weight.STOPS: Sign("×", "stops", Tone.FAIL),
    Weight.ACKNOWLEDGE: Sign("!", "look", Tone.WARN),
    Weight.NOTE: Sign("·", "note", Tone.DIM),
}


def conflict_sign(weight: Weight) -> Sign:
    """Return how an instruction conflict's effect on the gate is shown."""
    return _WEIGHTS[weight]
