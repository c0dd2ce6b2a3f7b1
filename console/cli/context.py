"""What a command line runs in: an environment, three streams, and whether the process is its own.

`main.run` takes a context, and everything below it calls `current()`, as in click. The program passes its own process;
a test passes a separate home, terminal or pipe.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False  # not imported: without `typing`, `--help` takes a tenth less time
if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime
    from pathlib import Path
    from typing import TextIO

    from console.services.open_gateway import EmbeddedGateway


class Context:
    """The environment, streams and process of one command line."""

    def __init__(
        self,
        environment: Mapping[str, str],
        stdin: "TextIO",
        stdout: "TextIO",
        stderr: "TextIO",
        start_embedded: "Callable[[], AbstractAsyncContextManager[EmbeddedGateway]] | None" = None,
        *,
        owns_process: bool = False,
        now: "Callable[[], datetime] | None" = None,
    ) -> None:
        """Describe where a command line runs.

        Args:
            environment: The environment variables.
            stdin: The input.
            stdout: Where data goes.
            stderr: Where messages for a person go.
            start_embedded: Starts the embedded gateway; None means in a separate process.
            owns_process: Whether the process exists only for this command line. Then it may be hardened and its
                streams replaced.
            now: The wall clock, in UTC; None means the system's.

        """
        self.environment = environment
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.start_embedded = start_embedded
        self.owns_process = owns_process
        self.clear_progress: Callable[[], None] | None = None
        """Removes the line of a progress that is shown; None if there is none."""
        self.at_end: list[Callable[[], None]] = []
        """Called once the verb has ended, whatever it ended with."""
        self._now = now

    def now(self) -> "datetime":
        """Return the time in UTC."""
        from datetime import UTC, datetime

        return datetime.now(UTC) if self._now is None else self._now()

    def today(self) -> "date":
        """Return the date in UTC."""
        return self.now().date()

    @property
    def home(self) -> "Path | None":
        """The operator's home directory, from the environment; None if it names none."""
        from pathlib import Path

        named = Path(self.environment.get("HOME", ""))
        return named if named.is_absolute() else None

    def within(
        self,
        environment: Mapping[str, str],
        start_embedded: "Callable[[], AbstractAsyncContextManager[EmbeddedGateway]] | None" = None,
    ) -> "Context":
        """Return the same context in another environment, with its own embedded gateway if one is given."""
        context = Context(
            environment,
            self.stdin,
            self.stdout,
            self.stderr,
            start_embedded or self.start_embedded,
            owns_process=self.owns_process,
            now=self._now,
        )
        context.at_end = self.at_end
        return context

    def embedded_gateway(self, pace: float = 1.0) -> "AbstractAsyncContextManager[EmbeddedGateway]":
        """Start the embedded gateway.

        Args:
            pace: A factor on the waits of one that starts in a separate process.

        Raises:
            SimulatorError: On entry, if it does not start.

        """
        if self.start_embedded is not None:
            return self.start_embedded()
        from console.simulator.embedded import embedded_gateway

        return embedded_gateway(pace=pace)

    def harden(self) -> None:
        """Harden the process before it holds a token, unless others use the process too."""
        if not self.owns_process:
            return
        from console.services.system.hardening import harden

        harden(self.environment)


_CURRENT: ContextVar[Context] = ContextVar("context")


def current() -> Context:
    """Return the context of the command line that runs here; outside of one, that of this process."""
    return _CURRENT.get(None) or of_process()


def of_process() -> Context:
    """Return this process as a context. Call `streams.prepare` first: it replaces closed streams."""
    return Context(os.environ, sys.stdin, sys.stdout, sys.stderr, owns_process=True)


@contextmanager
def running_in(context: Context) -> Iterator[None]:
    """Make a context current while the block runs."""
    before = _CURRENT.set(context)
    try:
        yield
    finally:
        _CURRENT.reset(before)
