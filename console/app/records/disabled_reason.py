"""Why an action on a record is not possible now."""

from typing import TYPE_CHECKING

from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.view.record.records_view import RecordRow


def why_no_open(state: ConsoleState, cursor: int) -> str | None:
    """Return why no run can be opened."""
    row = _row(state)
    if row is None or state.records is None:
        return _why_no_row(state)
    shown = state.records.shown
    return (shown.problem or None) if shown is not None and shown.run_id == row.run_id else None


def why_no_verify(state: ConsoleState, cursor: int) -> str | None:
    """Return why the run under the cursor cannot be verified."""
    return _why_busy(state) or (None if _row(state) is not None else _why_no_row(state))


def why_no_verify_all(state: ConsoleState, cursor: int) -> str | None:
    """Return why not all runs can be verified: a run may be gone from the list, so an empty list does not matter."""
    if (reason := _why_busy(state)) is not None:
        return reason
    if state.records is None or not state.records.is_read:
        return _READING
    return state.records.failure or None


def why_no_stop(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to stop."""
    return None if state.records is not None and state.records.is_verifying else "nothing is being verified"


def why_no_export(state: ConsoleState, cursor: int) -> str | None:
    """Return why the record under the cursor cannot be exported."""
    if state.is_read_only:
        return "this session is read-only: it writes no file; gateway-console record export writes to stdout"
    return why_no_diff(state, cursor)


def why_no_diff(state: ConsoleState, cursor: int) -> str | None:
    """Return why the record under the cursor cannot be compared."""
    row = _row(state)
    if row is None or state.records is None:
        return _why_no_row(state)
    shown = state.records.shown
    if shown is None or shown.run_id != row.run_id:
        return "the record is still being read"
    return shown.problem or None


def why_no_more(state: ConsoleState, cursor: int) -> str | None:
    """Return why no older records can be listed."""
    if state.records is None or not state.records.is_read:
        return _READING
    return None if state.records.has_more else "all records are listed"


_READING = "the records of this machine are still being read"


def _row(state: ConsoleState) -> "RecordRow | None":
    return None if state.records is None else state.records.row


def _why_no_row(state: ConsoleState) -> str:
    if state.records is None or not state.records.is_read:
        return _READING
    return state.records.failure or "no records yet: n on the main screen begins a run"


def _why_busy(state: ConsoleState) -> str | None:
    view = state.records
    return "runs are being verified: x stops it" if view is not None and view.is_verifying else None
