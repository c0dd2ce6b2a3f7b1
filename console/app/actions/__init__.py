"""The action table: the one place that names keys, labels and texts; bindings, key bar, palette and help read it."""

from textual.binding import Binding

from console.app.actions.action import EVERY_SCREEN, Action, Place, written
from console.app.actions.fleet_actions import FLEET_ACTIONS
from console.app.actions.history_actions import HISTORY_ACTIONS
from console.app.actions.main_actions import AGENT_ACTIONS, LATER_ACTIONS, MAIN_ACTIONS
from console.app.actions.record_actions import RECORD_ACTIONS
from console.app.actions.run_actions import RUN_ACTIONS
from console.app.actions.worker_actions import WORKER_ACTIONS
from console.app.runs import disabled_reason as run_reason

__all__ = ["Action", "Place", "action_named", "actions_of", "bindings", "keys_of", "pane_bindings", "written"]

_APP_ACTIONS = (
    Action("app.commands", ("colon", "ctrl+p"), "command", "Find a command by name.", places=EVERY_SCREEN),
    Action("app.help", ("question_mark", "f1"), "help", "Show all keys.", places=EVERY_SCREEN),
    Action(
        "app.quit",
        ("q",),
        "quit",
        "Quit; calls in progress are stopped.",
        run_reason.why_no_leaving,
        places=EVERY_SCREEN,
    ),
    Action(
        "app.suspend",
        ("ctrl+z",),
        "suspend",
        "Go back to the shell for a while; fg returns.",
        is_shown=False,
        places=EVERY_SCREEN,
    ),
)

ACTIONS: tuple[Action, ...] = (
    *AGENT_ACTIONS,
    *MAIN_ACTIONS,
    *RUN_ACTIONS,
    *RECORD_ACTIONS,
    *HISTORY_ACTIONS,
    *FLEET_ACTIONS,
    *WORKER_ACTIONS,
    *_APP_ACTIONS,
    *LATER_ACTIONS,
)
"""In display order, for each place."""


def actions_of(place: Place) -> tuple[Action, ...]:
    """Return the actions of a screen, in display order."""
    return tuple(action for action in ACTIONS if place in action.places)


def keys_of(place: Place) -> tuple[Action, ...]:
    """Return the actions whose keys work in a place: those of a pane come before its screen's, and hide theirs."""
    own = actions_of(place)
    if place is not Place.AGENTS:
        return own
    taken = {key for action in own for key in action.keys}
    return (*own, *(action for action in actions_of(Place.MAIN) if not taken.intersection(action.keys)))


def bindings(place: Place) -> list[Binding]:
    """Return the key bindings of a screen; each carries its action's id, so that a keymap can rebind it."""
    return [
        Binding(",".join(action.keys), f"do('{action.id}')", action.label, id=action.id, show=False)
        for action in actions_of(place)
    ]


def pane_bindings(place: Place) -> list[Binding]:
    """Return the key bindings of a pane; its screen performs the actions."""
    return [
        Binding(",".join(action.keys), f"screen.do('{action.id}')", action.label, id=action.id, show=False)
        for action in actions_of(place)
    ]


def action_named(action_id: str) -> Action:
    """Return an action by its id."""
    return next(action for action in ACTIONS if action.id == action_id)
