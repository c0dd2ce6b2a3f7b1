"""Progress: one line that a person sees, removed before any other line, and nothing at all in a pipe."""

import io

import pytest

from console.cli import output
from console.cli.context import Context, running_in


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def written(*, stdout: bool, stderr: bool, is_silent: bool) -> str:
    """Return what stderr gets of a work of three steps with a note after the second."""
    shown = Stream(is_terminal=stderr)
    with running_in(Context({}, io.StringIO(), Stream(is_terminal=stdout), shown)):
        progress = output.Progress("rungs climbed", 3, is_silent=is_silent)
        progress.advance()
        progress.advance()
        output.note("a price")
        progress.advance()
        progress.end()
        output.note("the end")
    return shown.getvalue()


def test_a_person_sees_one_line_that_makes_room_for_others() -> None:
    gone = "\r\x1b[K"
    seen = (
        "\rrungs climbed 1 of 3\rrungs climbed 2 of 3" + gone + "a price\n\rrungs climbed 3 of 3" + gone + "the end\n"
    )
    assert written(stdout=True, stderr=True, is_silent=False) == seen
    assert written(stdout=False, stderr=True, is_silent=True) == seen


@pytest.mark.parametrize(
    ("stdout", "stderr", "is_silent"), [(True, False, False), (False, False, True), (True, True, True)]
)
def test_a_pipe_and_lines_that_show_it_themselves_have_none(*, stdout: bool, stderr: bool, is_silent: bool) -> None:
    assert written(stdout=stdout, stderr=stderr, is_silent=is_silent) == "a price\nthe end\n"
