"""A slow link: while a call streams over SSH, only the last line of its output is drawn."""

from console.app.widgets.line import wrap

SLOW_LINK = "over SSH the last line only, until it ends"
"""Why the rest is missing, in the words of the panes."""


def last_line(output: str, width: int) -> str:
    """Return the last line of an output that is wrapped to a width.

    It is wrapped from the last line break on, so that a line which grows keeps its beginning, and only what is new
    in it goes over the link.
    """
    return list(wrap(output.rstrip("\n").rpartition("\n")[2], width))[-1]
