"""The dialog that begins a run: the task, typed or in a file, the repository, the kind, the context and the writer."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, RadioButton, RadioSet

from console.app.runs.form import RunForm, WriterChoice
from console.app.widgets.line import Line, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.app.widgets.picker import Picker
from console.app.widgets.typed_line import TypedLine, TypedText
from console.view.console_state import ConsoleState
from console.view.sign import Tone

if TYPE_CHECKING:
    from console.services.demo.story import PreparedTask, Story

Fill = Callable[[RunForm, "PreparedTask"], RunForm]
"""Fills a form from a prepared task."""
Begin = Callable[[RunForm], Awaitable[str]]
"""Begins a run; returns why it cannot begin, or nothing."""
_COMMAND_LINES = 4
"""How many lines there are for the commands; more of them scroll."""
_OWN_TASK = "your own, below"
_KINDS = ("patch", "article", "plan")
_FIELDS = (
    ("repository", "repository", "its directory, or one inside it"),
    ("task_file", "or a task file", "instead of a typed task"),
    ("context", "context", "file patterns for the writer, separated by spaces"),
)
_DRAFT = (
    ("draft_file", "or a draft", "the file of a patch that someone else made"),
    ("made_by", "made by", "who made it; recorded"),
)
"""The fields of a draft from outside, on one line."""


class FormPane(LinePane):
    """What the form is for, and why the run did not begin."""

    refused = ""
    scenario = ""
    """What there is to see in the demo's scenario; empty outside of the demo."""
    commands: Sequence[str] = ()
    writer: WriterChoice | None = None
    """Who is to write the drafts, if it was chosen."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the words."""
        return tuple(self._told(size.width))

    def _told(self, width: int) -> Iterator[Line]:
        if self.refused:
            yield from labelled("not begun", self.refused, width, tone=Tone.FAIL)
            return
        if self.writer is not None and self.writer.why_not:
            yield from labelled("writer", self.writer.why_not, width, tone=Tone.WARN)
            return
        if self.scenario:
            yield from labelled("shows", self.scenario, width)
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

    def __init__(
        self,
        state: ConsoleState,
        form: RunForm,
        begin: Begin,
        *,
        checks: Sequence[str],
        writers: Sequence[WriterChoice],
        fill: Fill | None = None,
    ) -> None:
        """Prepare the form.

        Args:
            state: The state to draw in.
            form: The earlier input.
            begin: Begins the run.
            checks: The policy's commands that could run in it.
            writers: Who could write its drafts, the writer's route first.
            fill: Fills the form from a prepared task of the demo; None if none is offered.

        """
        super().__init__(classes="dialog form")
        self._state = state
        self._form = form
        self._begin = begin
        self._checks = checks
        self._is_beginning = False
        self._pane = FormPane(state, id="ask", can_focus=False)
        self._pane.commands = checks
        self._pane.styles.height = 3 + bool(fill) + min(2 * len(checks), _COMMAND_LINES)
        self._fill = fill
        self._own_place = "" if form.prepared else form.repository
        """The repository for a task of the operator's own."""
        self._story = None if fill is None else _offered()
        self._typed = TypedText(form.task, id="task", tab_behavior="focus", compact=True)
        self._fields = {
            name: TypedLine(getattr(form, name), id=name, compact=True, placeholder=hint)
            for name, _, hint in (*_FIELDS, *_DRAFT)
        }
        self._writers = writers
        named = [each.id for each in writers]
        self._writer = Picker(
            [each.words for each in writers],
            named.index(form.writer) if form.writer in named else 0,
            id="writer",
            dimmed=[place for place, each in enumerate(writers) if each.why_not],
        )

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        with Vertical(id="framed") as frame:
            frame.border_title = "new run"
            frame.border_subtitle = "enter in a line begins   esc leaves and keeps your input"
            yield from self._pickers()
            yield Label("what should be done", markup=False)
            yield self._typed
            for name, label, _ in _FIELDS:
                with Horizontal(classes="field"):
                    yield Label(label, markup=False)
                    yield self._fields[name]
            with Horizontal(classes="field"):
                yield Label("writer ←→", markup=False)
                yield self._writer
            with Horizontal(classes="field"):
                for name, label, _ in _DRAFT:
                    yield Label(label, id=f"{name}_label", markup=False)
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

    def _pickers(self) -> ComposeResult:
        """Yield the lines that choose what the demo offers."""
        if self._story is None:
            return
        tasks = [_OWN_TASK, *(each.title for each in self._story.tasks)]
        names = ["", *(each.name for each in self._story.tasks)]
        scenarios = [each.name for each in self._story.scenarios]
        scenario = scenarios.index(self._form.scenario) if self._form.scenario in scenarios else 0
        for label, picker in (
            ("task ←→", Picker(tasks, names.index(self._form.prepared), id="prepared")),
            ("scenario ←→", Picker(scenarios, scenario, id="scenario")),
        ):
            with Horizontal(classes="field"):
                yield Label(label, markup=False)
                yield picker

    def on_mount(self) -> None:
        """Draw the words and wait for the task."""
        self._show_scenario()
        (self._typed if self._story is None else self.query_one("#prepared")).focus()

    def on_picker_picked(self, message: Picker.Picked) -> None:
        """Fill the fields from the prepared task that is shown now, with the scenario that suits it."""
        message.stop()
        if message.picker.id == "prepared" and self._story is not None and self._fill is not None:
            place = message.picker.picked
            own = replace(self._written(), task="", context="", prepared="", scenario="", repository=self._own_place)
            form = self._fill(own, self._story.tasks[place - 1]) if place else own
            self._typed.text = form.task
            for name, field in self._fields.items():
                field.value = getattr(form, name)
            self.query_one("#kind", RadioSet).query(Choice)[_KINDS.index(form.kind)].value = True
            names = [each.name for each in self._story.scenarios]
            self.query_one("#scenario", Picker).pick(names.index(form.scenario) if form.scenario else 0)
        self._show_scenario()

    def _show_scenario(self) -> None:
        self._pane.refused = ""
        self._pane.writer = self._writers[self._writer.picked]
        if self._story is not None:
            self._pane.scenario = self._story.scenarios[self.query_one("#scenario", Picker).picked].words
        self._pane.show(self._state, 0)

    def action_leave(self) -> None:
        """Leave, and keep the input."""
        self.dismiss(self._written())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Begin the run, once."""
        message.stop()
        self._begin_once()

    def on_picker_submitted(self, message: Picker.Submitted) -> None:
        """Begin the run, once."""
        message.stop()
        self._begin_once()

    def _begin_once(self) -> None:
        if not self._is_beginning:
            self._is_beginning = True
            self.run_worker(self._try(), name="begin a run", group="command")

    async def _try(self) -> None:
        self._pane.refused = await self._begin(self._written())
        if not self._pane.refused:
            kept = replace(self._written(), task="", task_file="", prepared="", scenario="", draft_file="", made_by="")
            self.dismiss(kept)
            return
        self._is_beginning = False
        self._pane.show(self._state, 0)

    def _written(self) -> RunForm:
        kinds = self.query_one("#kind", RadioSet)
        prepared, scenario = "", ""
        if self._story is not None:
            place = self.query_one("#prepared", Picker).picked
            prepared = self._story.tasks[place - 1].name if place else ""
            scenario = self._story.scenarios[self.query_one("#scenario", Picker).picked].name
        return RunForm(
            prepared=prepared,
            scenario=scenario,
            task=self._typed.text,
            kind=_KINDS[max(0, kinds.pressed_index)],
            writer=self._writers[self._writer.picked].id,
            writer_route=self._writers[self._writer.picked].route,
            are_checks_confirmed=bool(self._checks) and self.query_one("#checks", Checkbox).value,
            **{name: field.value for name, field in self._fields.items()},
        )


def _offered() -> "Story":
    from console.app.runs.new_run import offered

    return offered()
