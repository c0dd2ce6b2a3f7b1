"""What a command line runs in: an environment, three streams, and whether the process is its own.

`main.run` is given a context and everything below it asks `current()`, as click does. The program gives its own
process; a test gives a home, a terminal or a pipe of its own.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False  # and not imported: without `typing` the help costs a tenth less
if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import TextIO

    from console.services.open_gateway import EmbeddedGateway


class Context:
    """What one command line was given."""

    def __init__(
        self,
        environment: Mapping[str, str],
        stdin: "TextIO",
        stdout: "TextIO",
        stderr: "TextIO",
        start_embedded: "Callable[[], AbstractAsyncContextManager[EmbeddedGateway]] | None" = None,
        *,
        owns_process: bool = False,
    ) -> None:
        """Name what it runs in.

        Args:
            environment: Its environment variables.
            stdin: What it reads.
            stdout: Where data goes.
            stderr: Where words for a person go.
            start_embedded: How the embedded gateway is started; None means in a process of its own.
            owns_process: Whether the process exists for this command line alone, so that it may be hardened and its
                streams replaced.

        """
        self.environment = environment
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.start_embedded = start_embedded
        self.owns_process = owns_process

    @property
    def home(self) -> "Path | None":
        """The operator's home directory as the environment names it; None where it names none."""
        from pathlib import Path

        named = Path(self.environment.get("HOME", ""))
        return named if named.is_absolute() else None

    def embedded_gateway(self) -> "AbstractAsyncContextManager[EmbeddedGateway]":
        """Start the embedded gateway. Raises `SimulatorError` when entered, where it does not start."""
        if self.start_embedded is not None:
            return self.start_embedded()
        from console.simulator.embedded import embedded_gateway

        return embedded_gateway()

    def harden(self) -> None:
        """Harden the process before it holds a token; one that others use too is left as it is."""
        if not self.owns_process:
            return
        from console.services.system.hardening import harden

        harden(self.environment)


_CURRENT: ContextVar[Context] = ContextVar("context")


def current() -> Context:
    """Return the context of the command line that runs here; outside of one, this process as it is now."""
    return _CURRENT.get(None) or of_process()


def of_process() -> Context:
    """Return this process as a context. Its streams are there: `streams.prepare` replaces the ones that are closed."""
    return Context(os.environ, sys.stdin, sys.stdout, sys.stderr, owns_process=True)


@contextmanager
def running_in(context: Context) -> Iterator[None]:
    """Make a context the current one while the block runs."""
    before = _CURRENT.set(context)
    try:
        yield
    finally:
        _CURRENT.reset(before)
