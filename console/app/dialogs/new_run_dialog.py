"""The dialog that begins a run: the task, typed or in a file, the repository, the kind and the context."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, RadioButton, RadioSet

from console.app.runs.bridge import RunForm
from console.app.widgets.line import Line, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.app.widgets.typed_line import TypedLine, TypedText
from console.view.console_state import ConsoleState
from console.view.sign import Tone

Begin = Callable[[RunForm], Awaitable[str]]
"""Begins a run; returns why it cannot begin, or nothing."""
_COMMAND_LINES = 6
"""How many lines there are for the commands; more of them scroll."""
_KINDS = ("patch", "article", "plan")
_FIELDS = (
    ("repository", "repository", "its directory, or one inside it"),
    ("task_file", "or a task file", "instead of a typed task"),
    ("context", "context", "file patterns for the writer, separated by spaces"),
)


class FormPane(LinePane):
    """What the form is for, and why the run did not begin."""

    refused = ""
    commands: Sequence[str] = ()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the words."""
        return tuple(self._told(size.width))

    def _told(self, width: int) -> Iterator[Line]:
        if self.refused:
            yield from labelled("not begun", self.refused, width, tone=Tone.FAIL)
            return
        words = "beginning pins task, repository, routes and policy; nothing is sent. tab goes to the next field"
        yield from (line(dim(piece)) for piece in wrap(words, width))
        for number, command in enumerate(self.commands, start=1):
            yield from labelled(f"command {number}", command, width)


class Choice(RadioButton):
    """One of several; a sign shows which one is chosen, not colour alone."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802  # Textual's name
        """The sign within the brackets."""
        return "●" if self.value else " "


class Confirmation(Checkbox):
    """A box; a sign shows that it is ticked, not colour alone."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802  # Textual's name
        """The sign within the brackets."""
        return "×" if self.value else " "


class NewRunDialog(ModalScreen[RunForm | None]):
    """Asks what a run is about, and begins it. Input stays until then; returns it when closed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel", show=False)]

    def __init__(self, state: ConsoleState, form: RunForm, begin: Begin, *, checks: Sequence[str]) -> None:
        """Prepare the form.

        Args:
            state: The state to draw in.
            form: The earlier input.
            begin: Begins the run.
            checks: The policy's commands that could run in it.

        """
        super().__init__(classes="dialog form")
        self._state = state
        self._form = form
        self._begin = begin
        self._checks = checks
        self._is_beginning = False
        self._pane = FormPane(state, id="ask", can_focus=False)
        self._pane.commands = checks
        self._pane.styles.height = 3 + min(2 * len(checks), _COMMAND_LINES)
        self._typed = TypedText(form.task, id="task", tab_behavior="focus", compact=True)
        self._fields = {
            name: TypedLine(getattr(form, name), id=name, compact=True, placeholder=hint) for name, _, hint in _FIELDS
        }

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        with Vertical(id="framed") as frame:
            frame.border_title = "new run"
            frame.border_subtitle = "enter in a line begins   esc leaves and keeps your input"
            yield Label("what should be done", markup=False)
            yield self._typed
            for name, label, _ in _FIELDS:
                with Horizontal(classes="field"):
                    yield Label(label, markup=False)
                    yield self._fields[name]
            with Horizontal(classes="field"):
                yield Label("kind", markup=False)
                with RadioSet(id="kind", compact=True):
                    for kind in _KINDS:
                        yield Choice(kind, kind == self._form.kind, compact=True)
            if self._checks:
                yield Confirmation(
                    f"run the policy's {len(self._checks)} command(s), named below, on what the model writes",
                    self._form.are_checks_confirmed,
                    id="checks",
                    compact=True,
                )
            yield self._pane

    def on_mount(self) -> None:
        """Draw the words and wait for the task."""
        self._pane.show(self._state, 0)
        self._typed.focus()

    def action_leave(self) -> None:
        """Leave, and keep the input."""
        self.dismiss(self._written())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Begin the run, once."""
        message.stop()
        if not self._is_beginning:
            self._is_beginning = True
            self.run_worker(self._try(), name="begin a run", group="command")

    async def _try(self) -> None:
        self._pane.refused = await self._begin(self._written())
        if not self._pane.refused:
            self.dismiss(replace(self._written(), task="", task_file=""))
            return
        self._is_beginning = False
        self._pane.show(self._state, 0)

    def _written(self) -> RunForm:
        kinds = self.query_one("#kind", RadioSet)
        return RunForm(
            task=self._typed.text,
            kind=_KINDS[max(0, kinds.pressed_index)],
            are_checks_confirmed=bool(self._checks) and self.query_one("#checks", Checkbox).value,
            **{name: field.value for name, field in self._fields.items()},
        )
