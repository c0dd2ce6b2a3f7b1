"""What the frames of the run screen's panes say."""

from console.view.run_view import RunView


def count_of(view: RunView) -> str:
    """Return which run of how many it is, and how many wait for a decision."""
    waiting = len(view.inbox)
    told = f" · {waiting} wait{'s' if waiting == 1 else ''} for you" if waiting else ""
    if view.is_inbox:
        return f"inbox · {view.cursor + 1} of {len(view.runs)} · i shows all" if view.runs else "inbox · i shows all"
    return f"{view.cursor + 1} of {len(view.runs)}{told}" if view.runs else ""


def title_of(view: RunView, pane: str, name: str) -> str:
    """Return a pane's title, in our own words."""
    if pane == "gate" and view.shown is not None:
        back = f" · {view.back} back" if view.back else ""
        return f"{name} · {view.shown.gate.words}{back}"
    if pane == "output":
        return f"{name} · not stored · safe to watch" if view.is_stepping_this else f"{name} · what happened"
    return name
