"""The recorder: takes the facts of a session without ever waiting, and writes them in a thread of its own."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from console.domain.history.fact import Fact
from console.domain.history.noting import Noting
from console.services.history.file import HistoryFile
from console.services.history.schema import DamagedError, HistoryError
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    from console.domain.run.state import RunState

_WAITING_LIMIT = 10_000
"""How many facts may wait for the disk: some megabytes. More are dropped, and that is said."""
_AT_ONCE = 256
CLOSE_S = 6.0
"""How long the end of a command waits for the disk."""


class Recorder:
    """Writes facts in a daemon thread, which starts with the first one: a disk that hangs blocks nothing else."""

    def __init__(self, file: HistoryFile, tell: Callable[[str], None] = lambda words: None) -> None:
        """Prepare; no thread is started and nothing is opened.

        Args:
            file: Where to write.
            tell: Called once, in the thread, with why facts are not kept or what was set aside.

        """
        self._file = file
        self._days: dict[str, int] = {}
        self._tell = tell
        self._waiting: queue.Queue[Fact | None] = queue.Queue(_WAITING_LIMIT)
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._has_failed = False
        self.lost = 0
        """How many facts were not kept."""
        self.problem = ""
        """Why; empty if all were kept."""
        self.notice = ""
        """What was damaged and set aside, and where."""
        self.stored = 0
        """How many facts were kept."""

    def keep_for(self, profile: str, days: int) -> None:
        """Keep a profile's facts for some days; none if 0. Facts of a profile that was not named are not kept."""
        self._days[profile] = days

    def knows(self, profile: str) -> bool:
        """Return whether a profile was named."""
        return profile in self._days

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; they are written soon. Never waits."""
        for fact in facts:
            if self._is_closed or self._has_failed or self._days.get(fact.route.profile, 0) <= 0:
                continue
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True, name="history")
                self._thread.start()
            try:
                self._waiting.put_nowait(fact)
            except queue.Full:
                self._lose(1, "the disk is too slow")

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Write what waits, and end.

        Args:
            wait_s: How long to wait for that, in seconds.

        """
        if self._thread is None or self._is_closed:
            return
        self._is_closed = True
        try:
            self._waiting.put(None, timeout=wait_s)
        except queue.Full:
            self._lose(self._waiting.qsize(), "the disk is too slow")
            return
        self._thread.join(wait_s)
        if self._thread.is_alive():
            self._lose(max(1, self._waiting.qsize()), f"the disk did not answer within {wait_s:g} s")

    @property
    def words(self) -> str:
        """What a person has to know of the recorder; empty if all facts were kept."""
        if self.problem:
            kept = "history was not kept" if not self.stored else f"{self.lost} facts are missing in the history"
            return f"{kept}: {self.problem}"
        return f"history: {self.notice}" if self.notice else ""

    def _serve(self) -> None:
        is_over = False
        facts: list[Fact] = []
        try:
            while not is_over:
                batch = [self._waiting.get()]
                while len(batch) < _AT_ONCE and not self._waiting.empty():
                    batch.append(self._waiting.get())
                facts = [fact for fact in batch if fact is not None]
                if facts:
                    self._write(facts)
                is_over = None in batch
        finally:
            if not is_over:
                self._has_failed = True
                self._lose(len(facts), "its writer failed; nothing more is kept until the next start")
            self._file.close()

    def _write(self, facts: Sequence[Fact]) -> None:
        refused = self._file.refused
        days = {fact.route.profile: self._days[fact.route.profile] for fact in facts}
        try:
            self._file.append(facts, days)
        except (DamagedError, HistoryError) as error:
            self._file.close()
            self._lose(len(facts), str(error) or "its file is damaged")
            return
        refused = self._file.refused - refused
        self.stored += len(facts) - refused
        if refused:
            self._lose(refused, "they seem to hold a secret")
        if self._file.notice and not self.notice:
            self.notice = self._file.notice
            self._tell(self.words)

    def _lose(self, count: int, why: str) -> None:
        is_first = not self.problem
        self.lost += count
        if is_first:
            self.problem = why
            self._tell(self.words)


class Keeps(Protocol):
    """What takes the facts of a session: the history of this machine, and perhaps a team's store too."""

    def keep_for(self, profile: str, days: int) -> None:
        """Keep a profile's facts for some days; none if 0."""

    def knows(self, profile: str) -> bool:
        """Return whether a profile was named."""

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts. Never waits."""

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Write what waits, and end."""

    @property
    def words(self) -> str:
        """What a person has to know at the end; empty if all facts were kept."""


class Recording:
    """What one session shows the history: its events in, facts out to the recorder."""

    def __init__(self, recorder: Keeps, profile: str, days: int, clock: Callable[[], int] = unix_ms) -> None:
        """Start with no route.

        Args:
            recorder: Writes the facts.
            profile: The profile's name.
            days: How many days its facts are kept; 0 keeps none.
            clock: Returns the Unix time in ms.

        """
        self.recorder = recorder
        recorder.keep_for(profile, days)
        self._days = days
        self._noting = Noting(profile)
        self._clock = clock

    def see(self, event: object) -> None:
        """Take the session's next event."""
        self.recorder.put(self._noting.take(event, self._clock()))

    def run_ended(self, state: "RunState") -> None:
        """Take a run that has ended; one of another profile is kept as long as those of this one."""
        from console.domain.history.run_end import run_end

        if state.created is not None and not self.recorder.knows(state.created.profile):
            self.recorder.keep_for(state.created.profile, self._days)
        fact = run_end(state, self._clock())
        self.recorder.put(() if fact is None else (fact,))
