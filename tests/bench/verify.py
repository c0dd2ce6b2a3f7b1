"""What verifying a ledger costs: `python -m tests.bench.verify [ROUNDS] [LINES] [DIRECTORY]`.

`record verify --all`, as a command of its own, against `sha256sum` of the same lines as JSONL: one after the other in
each round. The ledger is written by the ledger itself. Each run has the 35 events of a run that passed every gate, with
its own ids. Wall time, and the CPU time of all processes.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.run.story import MACHINE, Story

from console.domain.ledger.line import NewLine, line_to_json
from console.domain.ledger.ulid import new_run_id
from console.domain.run.event import RunEvent
from console.domain.run.gate import Gate
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.ledger import Summary
from console.services.ledger.sqlite import SqliteLedger
from console.services.system.clock import unix_ms

from .harness.measuring import Row, cost_of, interleaved, print_rows, rounds_of, row

ANCHOR = "sha256sum"
LINES = 1_000_000
_WRITERS = 50


def events_of_a_run() -> list[tuple[Gate, int, RunEvent]]:
    """Return the events of a run that passed every gate, each with where it happened."""
    story = Story().reaches(Gate.CANDIDATE)
    story.opens()
    story.says()
    return [(getattr(each.event, "gate", Gate.INSTRUCTION), 1, each.event) for each in story.entries]


def lines_of(events: Sequence[tuple[Gate, int, RunEvent]], number: int) -> list[NewLine]:
    """Return the lines of one run, whose calls have ids of their own."""
    lines = []
    for gate, attempt, told in events:
        event = told
        call_id = getattr(event, "call_id", None)
        if call_id is not None:
            call_id = f"{call_id[:20]}-{number}"
            event = replace(told, call_id=call_id)  # type: ignore[call-arg]  # an event of a call
        lines.append(NewLine(kind_of(event), gate.value, attempt, encode_event(event), call_id))
    return lines


async def write(state: Path, jsonl: Path, count: int) -> int:
    """Write a ledger of at least so many lines, and the same lines as JSONL; return how many."""
    events = events_of_a_run()
    runs = iter(range(-(-count // len(events))))
    written = 0
    async with await SqliteLedger.open(state) as ledger:
        with jsonl.open("wb") as file:

            async def writer() -> None:
                nonlocal written
                for number in runs:
                    run_id = new_run_id(unix_ms, os.urandom)
                    summary = Summary(run_id, "team/app", "candidate", "closed", 1, 2, 1, is_simulated=True)
                    new = lines_of(events, number)
                    lines = await ledger.create(run_id, new, actor=MACHINE, summary=summary)
                    file.writelines(line_to_json(line) + b"\n" for line in lines)
                    written += len(lines)

            await asyncio.gather(*(writer() for _ in range(_WRITERS)))
    return written


def measure(rounds: int = 5, lines: int = LINES, directory: str | None = None) -> dict[str, Row]:
    """Write a ledger and verify it in each round; return the wall time, and the CPU time of all processes."""
    with tempfile.TemporaryDirectory(dir=directory) as name:
        home, jsonl = Path(name), Path(name) / "lines.jsonl"
        state = home / "state"
        count = asyncio.run(write(state / "gateway-console", jsonl, lines))
        environment = {**os.environ, "XDG_STATE_HOME": str(state), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        command = (sys.executable, "-m", "console", "record", "verify", "--all")
        found = interleaved(
            rounds,
            {"ours": lambda: cost_of(command, environment), "anchor": lambda: cost_of(("sha256sum", str(jsonl)))},
        )
        note = f"{count:,} lines, {jsonl.stat().st_size / 1e6:,.0f} MB"
    ours, anchor = found["ours"], found["anchor"]
    return {
        f"{lines:,} lines": row([each.wall_s for each in ours], [each.wall_s for each in anchor], ANCHOR, "s", note),
        "CPU": row([each.cpu_s for each in ours], [each.cpu_s for each in anchor], ANCHOR, "s CPU", note),
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    print_rows(measure(rounds_of(given), int(given[1]) if len(given) > 1 else LINES, given[2] if given[2:] else None))
