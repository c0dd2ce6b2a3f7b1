"""Why an action on the history is not possible now."""

from console.view.console_state import ConsoleState


def why_no_longer(state: ConsoleState, cursor: int) -> str | None:
    """Return why the screen cannot look further back."""
    return _why_at_end(state, is_last=True, words="nothing is kept for longer than the longest range")


def why_no_shorter(state: ConsoleState, cursor: int) -> str | None:
    """Return why the screen cannot look less far back."""
    return _why_at_end(state, is_last=False, words="this is the shortest range")


def _why_at_end(state: ConsoleState, *, is_last: bool, words: str) -> str | None:
    from console.view.history.history_view import HistoryView, Range

    ranges = list(Range)
    view = state.history or HistoryView()
    return words if view.range is ranges[-1 if is_last else 0] else None
