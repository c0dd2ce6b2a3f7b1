"""An action: its keys, its words, and the reason why it is not possible now."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from console.view.console_state import ConsoleState

WhyNot = Callable[[ConsoleState, int], str | None]
"""Returns why an action is not possible now, from the state and the row cursor."""


def _always(state: ConsoleState, cursor: int) -> str | None:
    return None


class Place(StrEnum):
    """A screen with actions."""

    MAIN = "main"
    RUN = "run"
    RECORDS = "records"
    HISTORY = "history"
    FLEET = "fleet"
    WORKERS = "workers"
    AGENTS = "agents"
    """The main screen's pane of agents, while it has the focus: its keys come before the screen's."""


EVERY_SCREEN = (Place.MAIN, Place.RUN, Place.RECORDS, Place.HISTORY, Place.FLEET, Place.WORKERS)


@dataclass(frozen=True, slots=True)
class Action:
    """Something the operator can do."""

    id: str
    """`area.verb`: the same in the keymap, the palette and the help."""
    keys: tuple[str, ...]
    """Textual's key names; the first one is shown."""
    label: str
    help: str
    why_not: WhyNot = _always
    is_shown: bool = True
    """Whether it appears in the key bar, if there is room."""
    places: tuple[Place, ...] = (Place.MAIN,)

    @property
    def shown_key(self) -> str:
        """The key as a person writes it."""
        return written(self.keys[0])


_KEY_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "escape": "esc",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "plus": "+",
    "minus": "-",
    "slash": "/",
}


def written(key: str) -> str:
    """Return a key as a person writes it."""
    return _KEY_NAMES.get(key, key)
