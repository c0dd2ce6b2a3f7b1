"""A picker: one line that shows one of several choices; the arrow keys go through them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from console.domain.text.safe import safe


class Picker(Widget, can_focus=True):
    """One of several choices, in one line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "go(-1)", "previous", show=False),
        Binding("right,space", "go(1)", "next", show=False),
        Binding("enter", "submit", "begin", show=False),
    ]

    @dataclass
    class Picked(Message):
        """Another choice is shown."""

        picker: "Picker"

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(
        self,
        choices: Sequence[str],
        picked: int = 0,
        *,
        id: str,  # noqa: A002  # Textual's name
        dimmed: Collection[int] = (),
    ) -> None:
        """Show a choice.

        Args:
            choices: Their words, at least one.
            picked: The place of the first one shown.
            id: The widget's id.
            dimmed: The places of those that are not possible now; their words say so too.

        """
        super().__init__(id=id)
        self._choices = choices
        self._dimmed = dimmed
        self.picked = picked
        """The place of the choice shown."""

    def render(self) -> Text:
        """Return the line."""
        style = "dim" if self.picked in self._dimmed else ""
        return Text(f"◂ {safe(self._choices[self.picked])} ▸", style, no_wrap=True, overflow="ellipsis")

    def pick(self, place: int) -> None:
        """Show a choice, and tell no one."""
        self.picked = place
        self.refresh()

    def offer(self, choices: Sequence[str]) -> None:
        """Offer other choices, at least one; the first is shown."""
        self._choices = choices
        self.pick(0)

    def action_go(self, steps: int) -> None:
        """Go on by some choices, around at the end."""
        self.pick((self.picked + steps) % len(self._choices))
        self.post_message(self.Picked(self))

    def action_submit(self) -> None:
        """Tell the dialog that enter was pressed."""
        self.post_message(self.Submitted())

    def on_click(self, event: Click) -> None:
        """Go to the next choice; the left half goes back."""
        self.action_go(-1 if event.x < 2 else 1)
