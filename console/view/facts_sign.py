"""How the age of a table of facts is shown."""

from console.view.sign import OK, Sign, Tone


def age_sign(is_stale: bool | None) -> Sign:
    """Return the sign of a table's age; None means that no row carries a date."""
    if is_stale is None:
        return Sign("·", "undated", Tone.DIM)
    return Sign("~", "stale", Tone.WARN) if is_stale else OK
