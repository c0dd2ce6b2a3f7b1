"""Input fields: pasted text is made safe before it is shown, like all text from outside."""

from textual import events
from textual.widgets import Input, TextArea

from console.domain.text.safe import safe


class TypedLine(Input, inherit_bindings=True):
    """One line of text."""

    def _on_paste(self, event: events.Paste) -> None:  # runs before Input's own, which inserts it
        event.text = safe(event.text.expandtabs(4), keep_lines=True)


class TypedText(TextArea, inherit_bindings=True):
    """Several lines of text."""

    async def _on_paste(self, event: events.Paste) -> None:  # runs before TextArea's own
        lines = event.text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
        event.text = safe(lines, keep_lines=True)
