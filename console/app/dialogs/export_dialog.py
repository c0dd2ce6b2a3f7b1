"""The dialog that exports a record: the form, the file, and whether a simulated run may be written."""

from collections.abc import Awaitable, Callable, Iterator

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Label

from console.app.dialogs.asks import path_of
from console.app.dialogs.new_run_dialog import Confirmation
from console.app.dialogs.run_dialogs import Ask, DockedDialog
from console.app.widgets.line_pane import LinePane
from console.app.widgets.picker import Picker
from console.app.widgets.typed_line import TypedLine
from console.domain.record.record import Record
from console.view.console_state import ConsoleState
from console.view.record.exports import Form
from console.view.sign import Tone

Export = Callable[[Form, str, bool], Awaitable[str]]
"""Exports in a form to a path, a simulated run only if that is allowed; returns why not, or nothing."""
_PATH_LIMIT = 4096
_SUFFIXES = {
    Form.JSON: ".json",
    Form.YAML: ".yaml",
    Form.IN_TOTO: ".intoto.jsonl",
    Form.OTEL: ".otlp.json",
    Form.JUNIT: ".junit.xml",
    Form.MARKDOWN: ".md",
    Form.HTML: ".html",
}


class ExportDialog(DockedDialog):
    """Asks for a form and a path, and exports; shows a refusal, and keeps what was typed. Returns whether it did."""

    def __init__(self, state: ConsoleState, record: Record, export: Export, about: LinePane) -> None:
        """Prepare the dialog.

        Args:
            state: The state to draw in.
            record: What is exported.
            export: Exports it.
            about: The pane that shows it.

        """
        facts = [("note", "a file that exists is not overwritten; nothing is sent", Tone.DIM)]
        if record.is_simulated:
            words = "simulated: the embedded gateway answered; this is not evidence of a real gateway"
            facts.insert(0, ("note", words, Tone.WARN))
        super().__init__(state, Ask(f"export the record of run {record.run_id}", tuple(facts)), about)
        self._record = record
        self._export = export
        self._forms = tuple(Form)
        self._picker = Picker([f"{each}: {each.words}" for each in self._forms], id="form")
        self._offered = self._path_offered
        self._path = TypedLine(self._offered, id="path", max_length=_PATH_LIMIT, compact=True, placeholder="its path")

    @property
    def _form(self) -> Form:
        return self._forms[self._picker.picked]

    @property
    def _path_offered(self) -> str:
        return path_of(f"{self._record.run_id}{_SUFFIXES[self._form]}")

    def fields(self) -> Iterator[Widget]:
        """Yield the form, what a simulated run needs, and the path."""
        yield Horizontal(Label("form ←→", markup=False), self._picker, classes="field")
        if self._record.is_simulated:
            yield Confirmation("write it, marked as simulated (space ticks)", id="simulated", compact=True)
        yield Horizontal(Label("file", markup=False), self._path, classes="field")

    def on_mount(self) -> None:
        """Wait for the form."""
        super().on_mount()
        self._picker.focus()

    def on_picker_picked(self, message: Picker.Picked) -> None:
        """Offer a path that suits the form, unless another one was typed."""
        message.stop()
        before, self._offered = self._offered, self._path_offered
        if self._path.value == before:
            self._path.value = self._offered

    def on_picker_submitted(self, message: Picker.Submitted) -> None:
        """Export, once."""
        message.stop()
        self._export_once()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Export, once."""
        message.stop()
        self._export_once()

    def _export_once(self) -> None:
        if not self._path.disabled:
            self._path.disabled = True
            self.run_worker(self._try(), name="export a record", group="command", exclusive=True)

    async def _try(self) -> None:
        boxes = list(self.query("#simulated").results(Checkbox))
        is_allowed = any(box.value for box in boxes)
        if boxes and not is_allowed:
            refused = (
                "the run is simulated, so it is not evidence of a real gateway; tick the box to write it so marked"
            )
        else:
            refused = await self._export(self._form, self._path.value, is_allowed)
        if not refused:
            self.dismiss(True)
            return
        self._pane.refused = refused
        self._pane.show(self._state, 0)
        self._path.disabled = False
        (boxes[0] if boxes and not is_allowed else self._path).focus()
