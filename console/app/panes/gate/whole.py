"""The whole of what a gate is about, over the screen: a long draft to its end, each rung of a preflight."""

from collections.abc import Iterator

from console.app.panes.gate.result import result_lines
from console.app.panes.gate.subject import subject_lines
from console.app.panes.text_pane import TextPane
from console.app.widgets.line import Line
from console.domain.run.gate import Gate
from console.domain.run.subject import DraftShown
from console.view.console_state import ConsoleState
from console.view.run.event import GateNotes
from console.view.run_view import RunView

_ABOUT_A_DRAFT = (Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC, Gate.CANDIDATE)


def whole_of(view: RunView) -> GateNotes | None:
    """Return the notes with what the result on display is about: at the gates that judge a draft, the draft's.

    None if there is nothing to show.
    """
    shown = view.shown
    if shown is None or shown.gate not in _ABOUT_A_DRAFT:
        return shown
    so_far = view.notes[: len(view.notes) - view.back]
    drafts = (each for each in reversed(so_far) if isinstance(each.subject, DraftShown))
    return next((each for each in drafts if each.attempt == shown.attempt), shown)


class WholePane(TextPane):
    """A draft as it was written, or everything about an earlier gate."""

    def __init__(self, state: ConsoleState, view: RunView, about: GateNotes) -> None:
        super().__init__(state)
        self._view, self._about = view, about

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield all lines."""
        if isinstance(self._about.subject, DraftShown):
            yield from subject_lines(self._about.subject, width, is_whole=True)
        else:
            yield from result_lines(self._view, self._about, width, is_whole=True)
