"""The dialog that lets an agent in: its settings for the relay, as lines to copy. The only place that shows its key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Label

from console.app.widgets.line import BLANK, Line, Span, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.app.widgets.picker import Picker
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_choice import AgentChoice, choices
from console.domain.relay.agent_settings import AgentSettings
from console.view.console_state import ConsoleState
from console.view.relay.setting_lines import not_spoken_words
from console.view.sign import Tone

Settings = Callable[[AgentChoice], Sequence[str]]
"""Lets an agent in and returns its settings."""
_OPENING = "the relay is being opened: the gateway is asked for its prices first …"
_CLOSED = "the relay is closed: esc leaves, and a opens it again"
_NO_ROUTE = "none that it speaks"


class SettingsPane(LinePane):
    """An agent's settings; before the relay listens, that it does not yet."""

    settings: Sequence[str] = ()
    words = ""
    """Why there are none, if there are none."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the settings."""
        return tuple(self._told(size.width))

    def _told(self, width: int) -> Iterator[Line]:
        if not self.settings:
            yield from (line(Span(piece, Tone.WARN)) for piece in wrap(self.words, width))
            return
        for words in self.settings:
            tone = Tone.DIM if words.startswith("#") else Tone.TEXT
            yield from (line(Span(piece, tone)) for piece in wrap(words, width))
        yield BLANK
        note = "y copies these lines. The key opens this relay alone, while it runs; it is worth nothing elsewhere."
        yield from (line(dim(piece)) for piece in wrap(note, width))


class AgentDialog(ModalScreen[None]):
    """Picks an agent and the route that it works on, and shows its settings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "close", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
    ]

    def __init__(
        self,
        state: ConsoleState,
        agents: Mapping[str, AgentSettings],
        desk: RouteDesk,
        settings: Settings,
        *,
        newest: str = "",
    ) -> None:
        """Prepare the dialog.

        Args:
            state: The state to draw in.
            agents: The agents to choose from, by their ids.
            desk: The routes to choose from.
            settings: Lets an agent in and returns its settings; called once the relay listens.
            newest: The id of the agent to show first; empty for the first that can work.

        """
        super().__init__(classes="dialog form")
        self._state = state
        self._desk = desk
        self._settings = settings
        self._agents = sorted(agents.values(), key=lambda each: (not choices(each, desk), not each.is_tried))
        self._choices: tuple[AgentChoice, ...] = ()
        self._pane = SettingsPane(state, id="settings")
        first = next((place for place, each in enumerate(self._agents) if each.id == newest), 0)
        self._agent_picker = Picker([each.name for each in self._agents], first, id="agent")
        self._route_picker = Picker([_NO_ROUTE], id="route")

    def compose(self) -> ComposeResult:
        """Lay out the pickers, and the settings below them."""
        with Vertical(id="framed") as frame:
            frame.border_title = "let an agent in"
            frame.border_subtitle = "← → picks   tab next   y copies   esc closes"
            for label, picker in (("agent ←→", self._agent_picker), ("works on ←→", self._route_picker)):
                with Horizontal(classes="field"):
                    yield Label(label, markup=False)
                    yield picker
            yield self._pane

    def on_mount(self) -> None:
        """Show the first agent."""
        self._pick_agent()
        self._agent_picker.focus()

    def show(self, state: ConsoleState) -> None:
        """Draw another state: the settings, once the relay listens."""
        has_changed = state.relay.origin != self._state.relay.origin or state.relay.failure != self._state.relay.failure
        self._state = state
        if has_changed and self.is_mounted:
            self._draw()

    def on_picker_picked(self, message: Picker.Picked) -> None:
        """Show the settings of what was picked."""
        message.stop()
        if message.picker is self._agent_picker:
            self._pick_agent()
        else:
            self._draw()

    def on_picker_submitted(self, message: Picker.Submitted) -> None:
        """Close: the agent is let in already."""
        message.stop()
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the settings, and say so."""
        if not self._pane.settings:
            return
        text = "\n".join(self._pane.settings) + "\n"
        self.app.copy_to_clipboard(text)
        if self.app.clipboard == text:
            self.notify(f"copied {len(self._pane.settings)} lines; they hold the relay's key", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the settings by lines."""
        self._pane.scroll_relative(y=lines, animate=False)

    def _pick_agent(self) -> None:
        self._choices = choices(self._agents[self._agent_picker.picked], self._desk)
        named = [f"{each.route.key} · {each.route.model} · {each.route.endpoint_family}" for each in self._choices]
        self._route_picker.offer(named or [_NO_ROUTE])
        self._draw()

    def _draw(self) -> None:
        relay, agent = self._state.relay, self._agents[self._agent_picker.picked]
        self._pane.settings = ()
        if not relay.is_open:
            self._pane.words = relay.failure or (_OPENING if relay.is_opening else _CLOSED)
        elif not self._choices:
            self._pane.words = not_spoken_words(agent, self._desk.routes)
        else:
            self._pane.settings = self._settings(self._choices[self._route_picker.picked])
        self._pane.show(self._state, 0)
