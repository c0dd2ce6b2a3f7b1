"""A process that uses a ledger: `python ledger_process.py ROLE DIRECTORY ARGUMENT…`; it says things in JSON lines."""

import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import NewLine
from console.domain.ledger.ulid import new_run_id
from console.domain.text.secret_scan import secret_patterns
from console.services.ledger.holder import this_process
from console.services.ledger.ledger import ConflictError, LedgerError, Summary
from console.services.ledger.sqlite import SqliteLedger
from console.services.system.clock import unix_ms


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def summary(run_id: str, status: str = "waiting") -> Summary:
    return Summary(run_id, "example.org/team/app", "planner", status, 1, 2, 1, is_simulated=True)


async def decide(directory: Path, run_id: str, head: str, number: str) -> None:
    """Decide a gate at the same moment as others, and say how that ended."""
    async with await SqliteLedger.open(directory) as ledger:
        say("ready")
        sys.stdin.readline()
        new = NewLine("GateDecided", "reviewer", 1, canonical({"verdict": "block" if int(number) % 2 else "ready"}))
        actor = Actor(ActorKind.OPERATOR, f"operator-{number}")
        try:
            (line,) = await ledger.append(run_id, [new], expected_head=head, actor=actor, summary=summary(run_id))
        except ConflictError as error:
            by = error.by.id if error.by is not None else None
            say({"accepted": False, "by": by, "head": error.head, "instead": [line.sha256 for line in error.instead]})
        else:
            say({"accepted": True, "by": actor.id, "head": line.sha256})


async def write(directory: Path, run_id: str, number: str) -> None:
    """Append until killed, beside others; say each line that is kept."""
    async with await SqliteLedger.open(directory) as ledger:
        head = await ledger.head(run_id)
        actor = Actor(ActorKind.CONSOLE, f"writer-{number}")
        count = 0
        while True:
            count += 1
            new = NewLine("Written", "writer", 1, canonical({"count": count, "padding": "x" * (count * 97 % 5000)}))
            try:
                (line,) = await ledger.append(run_id, [new], expected_head=head, actor=actor, summary=summary(run_id))
            except ConflictError as error:
                head = error.head
                continue
            head = line.sha256
            say([line.seq, line.sha256])


async def die(directory: Path, run_id: str, head: str, statement: str, _: str) -> None:
    """Die before a statement of an append is carried out; after all of them where it is 'nothing'."""
    ledger = await SqliteLedger.open(directory)

    def watch(text: str) -> None:
        if text.startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)

    await ledger._run(lambda: ledger._connection.set_trace_callback(watch))
    new = [NewLine("Written", "writer", 1, canonical({"count": count})) for count in range(3)]
    actor = Actor(ActorKind.CONSOLE, "console")
    await ledger.append(run_id, new, expected_head=head, actor=actor, summary=summary(run_id, "written"))
    say("kept")
    os.kill(os.getpid(), signal.SIGKILL)


async def hold(directory: Path, run_id: str, boot_ms: str, _: str) -> None:
    """Hold a run's lease while no time passes, and do nothing more."""
    async with await SqliteLedger.open(directory, boot_clock=lambda: int(boot_ms)) as ledger:
        lease = await ledger.acquire(run_id, this_process("ann"))
        say(lease.fence)
        sys.stdin.readline()


async def fill(directory: Path, run_id: str, _: str) -> None:
    """Append until the disk has no more room, then say what was kept and what was said."""
    async with await SqliteLedger.open(directory) as ledger:
        head = await ledger.head(run_id)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        actor = Actor(ActorKind.CONSOLE, "console")
        new = [NewLine("Written", "writer", 1, canonical({"padding": "x" * 5000}))] * 3
        kept = 1
        try:
            while kept < 1000:
                lines = await ledger.append(run_id, new, expected_head=head, actor=actor, summary=summary(run_id))
                kept, head = lines[-1].seq, lines[-1].sha256
        except LedgerError as error:
            say({"kept": kept, "words": str(error), "head": head, "head_now": await ledger.head(run_id)})
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        lines = await ledger.append(run_id, new, expected_head=head, actor=actor, summary=summary(run_id))
        say({"kept": lines[-1].seq})


async def open_read_only(_: Path, __: str) -> None:
    """Open a ledger where nothing can be written, also for root; say what was said."""
    import sqlite3

    assert sqlite3.sqlite_version
    assert secret_patterns()  # read while this process may still read its own files
    with tempfile.TemporaryDirectory() as name:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        if os.geteuid() == 0:
            Path(name).chmod(0o755)
            os.chown(state, 65534, 65534)
            os.seteuid(65534)
        run_id = new_run_id(unix_ms, os.urandom)
        created = NewLine("RunCreated", None, 0, canonical({"kind": "patch"}))
        actor = Actor(ActorKind.OPERATOR, "ann")
        async with await SqliteLedger.open(state) as ledger:
            (line,) = await ledger.create(run_id, [created], actor=actor, summary=summary(run_id))
        for directory, mode in ((state, 0o500), (state / "below" / "state", 0o500)):
            state.chmod(mode)
            try:
                await SqliteLedger.open(directory)
            except LedgerError as error:
                say(str(error))
        state.chmod(0o500)
        before = set(state.iterdir())
        async with await SqliteLedger.open(state, is_looking=True) as ledger:
            looked: dict[str, object] = {
                "runs": len(await ledger.runs(10)),
                "lines": len(await ledger.read(run_id)),
                "faults": len(await ledger.check(run_id)),
                "is_copy": ledger.is_copy,
            }
            try:
                await ledger.append(run_id, [created], expected_head=line.sha256, actor=actor, summary=summary(run_id))
            except LedgerError as error:
                looked["append"] = str(error)
            copies = Path(tempfile.gettempdir()).glob("gateway-console-look-*")
            mine = [each for each in copies if each.stat().st_uid == os.geteuid()]
        looked |= {
            "made": sorted(map(str, set(state.iterdir()) - before)),
            "copies left": sum(each.exists() for each in mine),
        }
        say(looked)
        state.chmod(0o700)
        async with await SqliteLedger.open(state) as ledger:
            say(len(await ledger.runs(10)))
        os.seteuid(os.getuid())


ROLES: dict[str, Callable[..., object]] = {
    "decide": decide, "write": write, "die": die, "hold": hold, "fill": fill, "open_read_only": open_read_only,
}  # fmt: skip

if __name__ == "__main__":
    role, place, *arguments = sys.argv[1:]
    asyncio.run(ROLES[role](Path(place), *arguments))  # type: ignore[arg-type]
