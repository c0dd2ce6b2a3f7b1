"""The actions of the workers' screen."""

from console.app.actions.action import Action, Place

_WORKERS = (Place.WORKERS,)

WORKER_ACTIONS = (
    Action("workers.close", ("escape", "W"), "back", "Go back.", places=_WORKERS),
    Action("workers.down", ("j", "down"), "down", "Scroll down.", places=_WORKERS),
    Action("workers.up", ("k", "up"), "up", "Scroll up.", places=_WORKERS),
    Action("workers.page_down", ("pagedown", "ctrl+d"), "page", "A page on.", is_shown=False, places=_WORKERS),
    Action("workers.page_up", ("pageup", "ctrl+u"), "page", "A page back.", is_shown=False, places=_WORKERS),
    Action("workers.first", ("g", "home"), "first", "To the top.", is_shown=False, places=_WORKERS),
    Action("workers.last", ("G", "end"), "last", "To the end.", is_shown=False, places=_WORKERS),
)
