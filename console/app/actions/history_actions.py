"""The actions of the history screen."""

from console.app.actions.action import Action, Place
from console.app.history import disabled_reason as history_reason

_HISTORY = (Place.HISTORY,)

HISTORY_ACTIONS = (
    Action(
        "history.kind",
        ("f",),
        "kind",
        "Count only checks, smoke tests, relayed calls or runs; after the last kind, all.",
        places=_HISTORY,
    ),
    Action(
        "history.longer",
        ("plus",),
        "longer",
        "Look further back.",
        history_reason.why_no_longer,
        places=_HISTORY,
    ),
    Action(
        "history.shorter",
        ("minus",),
        "shorter",
        "Look less far back.",
        history_reason.why_no_shorter,
        places=_HISTORY,
    ),
    Action(
        "history.measure",
        ("m",),
        "measure",
        "Draw the next measure: time to first token, total time, speed.",
        places=_HISTORY,
    ),
    Action("history.close", ("escape", "H"), "back", "Go back.", places=_HISTORY),
    Action("history.next_pane", ("tab", "shift+tab"), "pane", "Go to the other pane.", places=_HISTORY),
    Action("history.down", ("j", "down"), "down", "Next route, or scroll.", is_shown=False, places=_HISTORY),
    Action("history.up", ("k", "up"), "up", "Previous route, or scroll.", is_shown=False, places=_HISTORY),
    Action("history.first", ("g", "home"), "first", "First route, or top.", is_shown=False, places=_HISTORY),
    Action("history.last", ("G", "end"), "last", "Last route, or end.", is_shown=False, places=_HISTORY),
)
