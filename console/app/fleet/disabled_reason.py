"""Why an action on the fleet is not possible now."""

from console.app.disabled_reason import why_no_profile_change
from console.view.console_state import ConsoleState


def why_no_open(state: ConsoleState, cursor: int) -> str | None:
    """Return why the profile under the cursor cannot be used."""
    row = None if state.fleet is None else state.fleet.row
    if row is None:
        return "no profile is under the cursor"
    if not row.is_in_config:
        return "your config does not have this profile; someone else's has"
    if row.words:
        return "its config has faults: correct them first"
    return None if row.name == state.profile else why_no_profile_change(state, cursor)
