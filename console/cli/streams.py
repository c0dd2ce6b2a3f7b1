"""The streams of a command line: made fit before it, flushed and let go of after it."""

import contextlib
import os
import sys
from collections.abc import Iterator

from console.cli.context import current
from console.domain.problem import Problem


class OutputError(Problem):
    """Stdout cannot be written to."""


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Write to stdout while the block runs.

    Raises:
        BrokenPipeError: The reader has gone.
        OutputError: It cannot be written to.

    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"stdout cannot be written: {error.strerror or 'input/output error'}") from None


def prepare() -> None:
    """Let nothing fail on a stream of this process that is closed, nor on a character that its terminal cannot show."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write out what is still buffered, while a reader that has gone can still be noticed."""
    with writing():
        current().stdout.flush()


def let_go_of_stdout() -> None:
    """Send what is still buffered nowhere: the reader of stdout has gone, as `head` does."""
    if current().owns_process:
        os.dup2(os.open(os.devnull, os.O_WRONLY), current().stdout.fileno())
