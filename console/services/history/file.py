"""The history's file as this process uses it: opened when first needed, and again after it was damaged."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from console import __version__
from console.domain.history.fact import Fact, FactRoute
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets
from console.services.history.schema import (
    FILE_NAME,
    STEPS,
    DamagedError,
    HistoryError,
    Steps,
    connect,
    in_use,
    reporting,
    set_aside,
)
from console.services.history.store import Store
from console.services.system.clock import unix_ms
from console.services.system.directories import state_directory
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.private_file import PrivateFileError
from console.services.system.sqlite_file import copy_to_look, linux_mounts, require_local, require_place

SIZE_LIMIT = 64 * 1024 * 1024
"""The most bytes that facts may take, about a million facts; the oldest go first."""
BUSY_MS = 3_000
"""How long to wait for another console that writes: its transactions take some milliseconds."""
_Value = TypeVar("_Value")


class HistoryFile:
    """The file, in one thread at a time."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        is_looking: bool = False,
        clock: Callable[[], int] = unix_ms,
        busy_ms: int = BUSY_MS,
        size_limit: int = SIZE_LIMIT,
        steps: Steps = STEPS,
    ) -> None:
        """Prepare; nothing is opened or created.

        Args:
            environment: The environment variables, which say where state is kept.
            is_looking: Whether nothing may be written: a file that is absent stays so.
            clock: Returns the Unix time in ms.
            busy_ms: How long to wait for another console that writes.
            size_limit: The most bytes that facts may take.
            steps: The versions of the tables.

        """
        self._environment = environment
        self._is_looking = is_looking
        self._clock = clock
        self._busy_ms = busy_ms
        self._size_limit = size_limit
        self._steps = steps
        self._path = Path(FILE_NAME)
        self._store: Store | None = None
        self._copies: TemporaryDirectory[str] | None = None
        self._close: Callable[[], None] = lambda: None
        self._clean: set[FactRoute] = set()
        self.notice = ""
        """What was set aside, and where; empty if nothing was."""
        self.refused = 0
        """How many facts were not stored because they seem to hold a secret."""

    def append(self, facts: Sequence[Fact], days: Mapping[str, int]) -> None:
        """Store facts, and delete some of what is too old or too much.

        Args:
            facts: The facts.
            days: How many days a profile's facts are kept, by the profile's name.

        Raises:
            HistoryError: They cannot be stored.

        """
        clean = self._without_secrets(facts)

        def write(store: Store) -> None:
            for profile, count in days.items():
                store.keep_for(profile, count)
            store.append(clean, version=__version__)
            store.prune(self._clock(), self._size_limit)

        try:
            self.use(write)
        except DamagedError:  # it was set aside: there is a new one
            self.use(write)

    def use(self, work: Callable[[Store], _Value]) -> _Value:
        """Do something with the open file.

        Raises:
            HistoryError: It cannot be used.
            DamagedError: It was damaged, and was set aside.

        """
        store = self._open()
        try:
            with reporting(self._path):
                return work(store)
        except DamagedError:
            self._set_aside()
            raise

    def is_there(self) -> bool:
        """Return whether the file exists. Raises `HistoryError` if that cannot be known."""
        try:
            return (state_directory(self._environment) / FILE_NAME).exists()
        except (OSError, PrivateFileError) as error:
            raise HistoryError(str(error)) from None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._close()
        self._store, self._close = None, lambda: None
        if self._copies is not None:
            self._copies.cleanup()
            self._copies = None

    def _open(self) -> Store:
        if self._store is None:
            try:
                self._store = self._connected()
            except DamagedError:
                self._set_aside()
                try:
                    self._store = self._connected()
                except DamagedError:
                    raise HistoryError(f"{safe(str(self._path))} is damaged; move it away") from None
        return self._store

    def _connected(self) -> Store:
        """Open the file, and create it if it is missing. Raises `HistoryError` and `DamagedError`."""
        held: int | None = None
        try:
            directory = state_directory(self._environment)
            require_local(directory, linux_mounts)
            held = _in_use(directory)
            if self._is_looking and (copied := copy_to_look(directory, FILE_NAME)) is not None:
                self._copies, self._path = copied
            else:
                self._path = require_place(directory, FILE_NAME)
            connection = connect(self._path, busy_ms=self._busy_ms, steps=self._steps)
        except PrivateFileError as error:
            _let_go(held)
            raise HistoryError(str(error)) from None
        except BaseException:
            _let_go(held)
            raise

        def close() -> None:
            connection.close()
            _let_go(held)

        if held is None:
            held = _in_use(directory)
        self._close = close
        return Store(connection)

    def _set_aside(self) -> None:
        self.close()
        if self._is_looking:
            raise HistoryError(f"{safe(str(self._path))} is damaged; the next check sets it aside")
        self.notice = set_aside(self._path, busy_ms=self._busy_ms, steps=self._steps) or self.notice

    def _without_secrets(self, facts: Sequence[Fact]) -> list[Fact]:
        """Return the facts that may be stored; their names come from a config and from a gateway."""
        clean = [fact for fact in facts if not self._is_leaking(fact)]
        self.refused += len(facts) - len(clean)
        return clean

    def _is_leaking(self, fact: Fact) -> bool:
        route = fact.route
        if route not in self._clean:
            names = " ".join((route.profile, route.origin, route.model))
            if find_secrets(names) or LEAK_GUARD.is_hit(names):
                return True
            self._clean.add(route)
        return LEAK_GUARD.is_hit(" ".join((route.model, fact.request_id or "", *fact.findings)))


def _in_use(directory: Path) -> int | None:
    """Note that the history is in use; None at a first start, or where `require_place` says what is wrong."""
    try:
        return in_use(directory)
    except OSError:
        return None


def _let_go(held: int | None) -> None:
    if held is not None:
        os.close(held)
