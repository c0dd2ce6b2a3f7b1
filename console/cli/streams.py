"""The streams of a command line: prepare them before it, flush and release them after it."""

import contextlib
import os
import sys
from collections.abc import Iterator

from console.cli.context import current
from console.domain.problem import Problem


class OutputError(Problem):
    """Writing to stdout failed."""


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn errors of writing to stdout into a `Problem`, except a closed pipe.

    Raises:
        BrokenPipeError: The reader has closed the pipe.
        OutputError: Writing failed.

    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        from console.services.system.os_reason import os_reason  # imported late: nearly every verb can write

        raise OutputError(f"cannot write to stdout: {os_reason(error)}") from None


def prepare() -> None:
    """Replace closed streams of this process, and escape characters that its terminal cannot show."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Flush stdout while a closed pipe can still be reported."""
    with writing():
        current().stdout.flush()


def let_go_of_stdout() -> None:
    """Discard buffered output: the reader of stdout has closed the pipe, as `head` does."""
    if current().owns_process:
        os.dup2(os.open(os.devnull, os.O_WRONLY), current().stdout.fileno())
