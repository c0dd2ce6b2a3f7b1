"""The actions of the fleet's screen."""

from console.app.actions.action import Action, Place
from console.app.fleet import disabled_reason as fleet_reason

_FLEET = (Place.FLEET,)

FLEET_ACTIONS = (
    Action(
        "fleet.use",
        ("enter",),
        "use",
        "Use this profile: its routes are shown, and its gateway is opened.",
        fleet_reason.why_no_open,
        places=_FLEET,
    ),
    Action(
        "fleet.filter",
        ("slash",),
        "filter",
        "Show only some profiles: down, name:eu-*, age>1d, cost>5, retires<30d, !red.",
        places=_FLEET,
    ),
    Action(
        "fleet.sort",
        ("o",),
        "sort",
        "Sort by the next of verdict, age, cost, retirement, name.",
        places=_FLEET,
    ),
    Action("fleet.close", ("escape", "f"), "back", "Go back.", places=_FLEET),
    Action("fleet.next_pane", ("tab", "shift+tab"), "pane", "Go to the other pane.", places=_FLEET),
    Action("fleet.down", ("j", "down"), "down", "Next profile, or scroll.", is_shown=False, places=_FLEET),
    Action("fleet.up", ("k", "up"), "up", "Previous profile, or scroll.", is_shown=False, places=_FLEET),
    Action("fleet.page_down", ("pagedown", "ctrl+d"), "page", "A page on.", is_shown=False, places=_FLEET),
    Action("fleet.page_up", ("pageup", "ctrl+u"), "page", "A page back.", is_shown=False, places=_FLEET),
    Action("fleet.first", ("g", "home"), "first", "First profile, or top.", is_shown=False, places=_FLEET),
    Action("fleet.last", ("G", "end"), "last", "Last profile, or end.", is_shown=False, places=_FLEET),
)
