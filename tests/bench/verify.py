"""What verifying a ledger costs: `python -m tests.bench.verify [LINES] [ROUNDS] [DIRECTORY]`.

`record verify --all`, as a command of its own, against `sha256sum` of the same lines as JSONL: one after the other in
each round. The ledger is written by the ledger itself. Each run has the 35 events of a run that passed every gate, with
its own ids. Wall time, and the CPU time of all processes.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
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
from console.services.ledger.holder import unix_ms
from console.services.ledger.ledger import Summary
from console.services.ledger.sqlite import SqliteLedger

RATIO_LIMIT = 2.5
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


def timed(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a command that must succeed; return its wall time and the CPU time of its processes, in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int = 5, lines: int = LINES, directory: str | None = None) -> dict[str, object]:
    """Write a ledger and verify it; return the medians, their ranges and the ratios."""
    with tempfile.TemporaryDirectory(dir=directory) as name:
        home, jsonl = Path(name), Path(name) / "lines.jsonl"
        state = home / "state"
        start = time.perf_counter()
        count = asyncio.run(write(state / "gateway-console", jsonl, lines))
        written_s = time.perf_counter() - start
        environment = {**os.environ, "XDG_STATE_HOME": str(state), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        command = (sys.executable, "-m", "console", "record", "verify", "--all")
        anchors, ours = [], []
        for _ in range(rounds):
            anchors.append(timed(("sha256sum", jsonl)))
            ours.append(timed(command, environment))
        size = jsonl.stat().st_size
    walls = [our[0] / anchor[0] for our, anchor in zip(ours, anchors, strict=True)]
    cpus = [our[1] / anchor[1] for our, anchor in zip(ours, anchors, strict=True)]
    return {
        "lines": count,
        "bytes": size,
        "written_s": written_s,
        "anchor_s": statistics.median(wall for wall, _ in anchors),
        "ours_s": statistics.median(wall for wall, _ in ours),
        "ours_cpu_s": statistics.median(cpu for _, cpu in ours),
        "ratio": statistics.median(walls),
        "ratio_range": (min(walls), max(walls)),
        "cpu_ratio": statistics.median(cpus),
        "limit": RATIO_LIMIT,
    }


def main() -> int:
    """Measure, print, and say whether the limit is kept."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    found = measure(rounds, lines, sys.argv[3] if len(sys.argv) > 3 else None)
    for name, value in found.items():
        print(f"{name:12} {value}")
    return 0 if float(str(found["ratio"])) <= RATIO_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
