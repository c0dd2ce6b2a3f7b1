"""The ledger's interface for whoever steps a run, independent of its storage, and its errors."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.domain.ledger.actor import Actor
from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.line import ChainFault, Line, NewLine
from console.domain.ledger.stored import StoredLine
from console.domain.problem import Problem, ProblemKind

LEASE_MS = 5_000
"""How long a lease lasts from its last renewal."""
HEARTBEAT_S = 1.7
"""How often a lease is renewed: two beats may be missed."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that steps a run."""

    name: str
    """The operator's name as the operating system knows it; safe to display."""
    host: str
    """Identifies a boot of a machine and its process-id namespace, without naming it."""
    pid: int
    started: int
    """When the process started, in the kernel's ticks since boot; 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to step a run, until it is released, runs out, or its holder is dead."""

    run_id: str
    fence: int
    """Grows with every lease of a run: anything with an older fence is refused."""
    holder: Holder


@dataclass(frozen=True, slots=True)
class Summary:
    """A run's entry in the list of runs: a cache of what its lines say."""

    run_id: str
    repository: str
    gate: str
    status: str
    started_at_ms: int
    """Unix time."""
    updated_at_ms: int
    """Unix time."""
    attempt: int
    is_simulated: bool
    verdict: str = ""
    """The result of the review so far; empty if no judge has answered, or the run was stopped."""
    category: str = ""
    """The category of the error that stopped it; empty if none did."""
    operator: str = ""
    """The id of the operator who began it."""
    is_signed: bool = False
    """Whether a checkpoint of the run has a signature, which nothing has verified; the ledger knows it by itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs of the list are wanted; None means any."""

    status: str | None = None
    repository: str | None = None
    """The repository's name in records; letter case does not matter."""
    since_ms: int | None = None
    """The Unix time before which none began."""
    verdict: str | None = None
    category: str | None = None
    operator: str | None = None
    until_ms: int | None = None
    """The Unix time at or after which none began."""
    is_signed: bool | None = None


EVERY_RUN = Wanted()


# LedgerError
# ├── ConflictError     someone else was first: read again, then decide again
# ├── LeaseHeldError    someone else is stepping the run
# └── FencedError       someone else has taken the run over: stop


class LedgerError(Problem):
    """The ledger cannot do it. The message says what, where and what to do; it never holds the content to store."""


class ConflictError(LedgerError):
    """Someone else appended first: nothing of this append was stored."""

    kind = ProblemKind.WAITING

    def __init__(self, words: str, *, head: str, by: Actor | None, instead: tuple[Line, ...]) -> None:
        super().__init__(words)
        self.head = head
        """The run's head now."""
        self.by = by
        """Who wrote the conflicting line; None if that cannot be told."""
        self.instead = instead
        """What was appended instead: the lines since the expected head, or the one that already says it."""


class LeaseHeldError(LedgerError):
    """Another process is stepping the run."""

    kind = ProblemKind.WAITING

    def __init__(self, words: str, *, holder: Holder, left_ms: int) -> None:
        super().__init__(words)
        self.holder = holder
        self.left_ms = left_ms
        """When the lease runs out, unless it is renewed."""


class FencedError(LedgerError):
    """The lease is over: it ran out and another process took the run, or it was released."""


class Ledger(Protocol):
    """The lines of all runs.

    Every operation raises LedgerError if the ledger cannot be used, and has then changed nothing, unless the message
    says that the outcome is unknown.
    """

    log_id: str
    """The ledger's id."""
    where: str
    """Where it is, safe to display: a file, or a database without its user and password."""
    path: Path | None
    """Its file, which other processes may open to read; None if it is not a file."""
    beside: Path
    """A directory of this machine, apart from what the ledger keeps: the last checkpoint of each run goes there too."""

    async def create(
        self, run_id: str, new_lines: Sequence[NewLine], *, actor: Actor, summary: Summary
    ) -> tuple[Line, ...]:
        """Begin a run with its first lines.

        Raises:
            ConflictError: The run exists already.
            LedgerError: A line seems to hold a secret.

        """

    async def append(
        self,
        run_id: str,
        new_lines: Sequence[NewLine],
        *,
        expected_head: str,
        actor: Actor,
        summary: Summary,
        fence: int | None = None,
    ) -> tuple[Line, ...]:
        """Append all of some lines, or none; they are on the disk when this returns.

        Args:
            run_id: The run.
            new_lines: At least one.
            expected_head: The hash of the last line that the author has seen.
            actor: The author.
            summary: The run's new entry in the list of runs.
            fence: The author's lease; None if none is needed, as for an operator's decision.

        Raises:
            ConflictError: The run has another head, the gate is decided in this attempt, or the call is intended or
                ended already.
            FencedError: The lease is over.
            LedgerError: The run does not exist, or a line seems to hold a secret.

        """

    async def log_of(self, run_id: str) -> str:
        """Return the id of the log that a run's lines or its tombstone must name: another one if it was copied in."""

    async def read(self, run_id: str) -> tuple[Line, ...]:
        """Return a run's lines as stored; `check_chain` says whether they hold together.

        Raises:
            LedgerError: The run does not exist, or a line is damaged.

        """

    async def stored(self, run_id: str) -> tuple[StoredLine, ...]:
        """Return the fields of a run's lines as they are stored, without reading or judging them.

        Raises:
            LedgerError: The run does not exist.

        """

    async def last_place(self) -> int:
        """Return the position of the last line of all runs: about how many lines there are."""

    async def check(self, run_id: str) -> tuple[ChainFault, ...]:
        """Return where a run's lines differ from what was written, damaged ones included.

        Raises:
            LedgerError: The run does not exist.

        """

    async def head(self, run_id: str) -> str:
        """Return the hash of a run's last line.

        Raises:
            LedgerError: The run does not exist.

        """

    async def head_of(self, run_id: str, count: int) -> str | None:
        """Return the hash of a run's line by its number; None if it has no such line."""

    async def runs(self, limit: int, wanted: Wanted = EVERY_RUN) -> tuple[Summary, ...]:
        """Return the runs that are wanted, newest first."""

    async def run_ids(self) -> tuple[str, ...]:
        """Return the ids of all runs, newest first, then of those that the list of runs lacks."""

    async def unsummarised(self) -> tuple[str, ...]:
        """Return the runs whose entries in the list lack what this version writes, newest first."""

    async def summarise_again(self, run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]) -> None:
        """Write a run's entry in the list again, from its lines; it keeps its place.

        Raises:
            LedgerError: The run does not exist, or a line is damaged. Whatever `summarise` raises passes too.

        """

    async def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint of a run.

        Raises:
            LedgerError: The run does not have the line that it names.

        """

    async def checkpoints(self, run_id: str) -> tuple[Checkpoint, ...]:
        """Return a run's checkpoints, in the order of its lines. Nothing is verified.

        Raises:
            LedgerError: One is damaged.

        """

    async def tombstone(self, run_id: str) -> Checkpoint | None:
        """Return what is left of a run that was pruned; None if it was not.

        Raises:
            LedgerError: It is damaged.

        """

    async def tombstones(self) -> tuple[Checkpoint, ...]:
        """Return what is left of all runs that were pruned, the newest run first.

        Raises:
            LedgerError: One is damaged.

        """

    async def named_runs(self) -> frozenset[str]:
        """Return the runs that have a checkpoint or a tombstone, whether or not they have lines."""

    async def prune(self, tombstone: Checkpoint) -> None:
        """Delete a run's lines and checkpoints, and leave its tombstone: all of it, or nothing.

        Raises:
            LedgerError: The run has other lines than the tombstone says.

        """

    async def rebuild(self, summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
        """Rebuild all summaries from the lines; return how many."""

    async def acquire(self, run_id: str, holder: Holder) -> Lease:
        """Take the right to step a run, at once if its holder is known to be dead.

        Raises:
            LeaseHeldError: Another holder has it.
            LedgerError: The run does not exist.

        """

    async def renew(self, lease: Lease) -> None:
        """Extend a lease, counted from now.

        Raises:
            FencedError: It is over.

        """

    async def release(self, lease: Lease) -> None:
        """Release a lease.

        Raises:
            FencedError: It is over.

        """

    def changes(self, *, interval_s: float = 0.1) -> AsyncIterator[frozenset[str]]:
        """Yield the runs that this console or another one has appended to, as it notices them."""

    async def close(self) -> None:
        """Close it."""
