"""Processes that pass over the stored lines of runs, so that verifying a large ledger uses all cores.

Each has its own read-only connection. It is given runs in parts, answers one part after the other, and ends when its
input does: with this process, or when it is told to.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from console.services.ledger.ledger import LedgerError
from console.services.ledger.lines import stored_rows
from console.services.ledger.one_pass import Followed, pass_over
from console.services.system.process import Talking, start_python

if TYPE_CHECKING:
    from sqlite3 import Connection

LINES_A_PROCESS = 25_000
"""A process is worth its start if it has so many lines to read: about a quarter of a second."""
MOST_PROCESSES = 8
_MODULE = "console.services.ledger.pass_process"
_PART = 64
"""Runs in a part."""
_AHEAD = 2
"""The parts that a process has been given and has not answered: it never waits for the next."""
_ANSWER_BYTES = 64 * 1024 * 1024
"""The longest answer about a part. A signature that was verified takes at most 20 kB of it, a forged one any size."""


def processes_for(runs: int, lines: int) -> int:
    """Return how many processes are worth starting; 0 if one process, this one, is as fast."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    worth = min(cores, MOST_PROCESSES, lines // LINES_A_PROCESS, -(-runs // _PART))
    return worth if worth > 1 else 0


async def passed_over(
    path: Path, log_id: str, run_ids: Sequence[str], processes: int
) -> AsyncGenerator[tuple[str, Followed | None], None]:
    """Yield each run in order with what its lines say; None if it must be looked at closely.

    Raises:
        LedgerError: A process ended before it had answered.
        OSError: None can be started.

    """
    parts = [run_ids[place : place + _PART] for place in range(0, len(run_ids), _PART)]
    workers: list[Talking] = []
    try:
        for _ in range(min(processes, len(parts))):
            worker = await start_python(_MODULE, str(path), log_id, limit_bytes=_ANSWER_BYTES)
            workers.append(worker)  # now, so that it is ended if the next cannot be started
        for number, part in enumerate(parts[: len(workers) * _AHEAD]):
            workers[number % len(workers)].write_line(msgspec.json.encode(part))
        for number, part in enumerate(parts):
            worker = workers[number % len(workers)]
            answer = await worker.read_line()
            if answer is None:
                raise LedgerError(f"a process that verified {part[0]} and the runs after it has ended; verify again")
            answers = _ANSWERS.decode(answer)
            if (later := number + len(workers) * _AHEAD) < len(parts):
                worker.write_line(msgspec.json.encode(parts[later]))
            for pair in zip(part, answers, strict=True):
                yield pair
    finally:
        for worker in workers:
            await worker.end()


_ANSWERS = msgspec.json.Decoder(list[Followed | None])


def serve(path: str, log_id: str, parts: Iterable[bytes], limit_bytes: int = _ANSWER_BYTES) -> Iterator[bytes]:
    """Yield the answer to each part of runs; a part whose answer is too long is to be looked at closely."""
    import sqlite3
    from urllib.parse import quote

    with contextlib.closing(
        sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, isolation_level=None)
    ) as connection:
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "cache_size=-16384"):
            connection.execute(f"PRAGMA {pragma}")
        for part in parts:
            run_ids = msgspec.json.decode(part, type=list[str])
            answer = msgspec.json.encode([_followed(connection, log_id, each) for each in run_ids])
            yield answer if len(answer) < limit_bytes else msgspec.json.encode([None] * len(run_ids))


def _followed(connection: "Connection", log_id: str, run_id: str) -> Followed | None:
    """Return what a run's lines say; None also if SQLite cannot read them: whoever asks will see why."""
    import sqlite3

    try:
        return pass_over(stored_rows(connection, run_id), log_id, run_id)
    except sqlite3.Error:
        return None


def main() -> None:
    """Answer on stdout what stdin asks, until it ends. An interrupt is for the process that asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing here forms a cycle, and all of it is short-lived
    path, log_id = sys.argv[1:]
    for answer in serve(path, log_id, sys.stdin.buffer):
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
