"""Since when a route is red, for the panes that show a route."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.app.widgets.line import Line, labelled
from console.view.sign import Tone

if TYPE_CHECKING:
    from console.domain.history.streak import Streak


def streak_lines(streak: "Streak | None", width: int) -> Iterator[Line]:
    """Yield since when a route is red; nothing where the history does not say."""
    if streak is not None:
        from console.view.history.words import streak_words

        yield from labelled("since", streak_words(streak), width, tone=Tone.FAIL)
