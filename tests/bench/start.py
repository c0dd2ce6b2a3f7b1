"""What starting costs, against a bare Python, `llm` and a bare Textual table. `python -m tests.bench.start [ROUNDS]`.

CPU time and not wall time: on a shared machine wall time swings two- to fivefold, CPU time by a few percent.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .anchors import bare_table
from .harness.measuring import REPOSITORY, Row, cost_of, interleaved, missing, print_rows, rounds_of, row
from .harness.painting import first_paint

BIN = Path(sys.executable).parent
COMMAND, LLM = str(BIN / "gateway-console"), BIN / "llm"
MARKS = (b"planner", b"fallback", b"quit")
"""What the console's first whole frame shows: the first route, the last one, and the key bar."""
MS = "ms CPU"


def measure(rounds: int) -> dict[str, Row]:
    """Return what starting costs, in CPU milliseconds."""
    with tempfile.TemporaryDirectory() as home:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        return _measured(rounds, kept | {"HOME": home, "LANG": "C.UTF-8"})


def _measured(rounds: int, environment: dict[str, str]) -> dict[str, Row]:
    def cpu_ms(*command: str, **more: str) -> Callable[[], float]:
        return lambda: cost_of(command, environment | more).cpu_s * 1000

    def paint_ms(marks: tuple[bytes, ...], *command: str) -> Callable[[], float]:
        return lambda: first_paint(command, marks, environment).cpu_s * 1000

    def table_ms() -> float:
        marks = (bare_table.COLUMNS[0].encode(), bare_table.LAST_ROW.encode(), b"leave")
        return first_paint([sys.executable, bare_table.__file__], marks, environment).cpu_s * 1000

    sides = {
        "pass": cpu_ms(sys.executable, "-c", "pass"),
        "--version": cpu_ms(COMMAND, "--version"),
        "--help": cpu_ms(COMMAND, "--help"),
        "routes": cpu_ms(COMMAND, "routes"),
        "record list": cpu_ms(COMMAND, "record", "list"),
        "first paint": paint_ms(MARKS, COMMAND),
        "bare table": table_ms,
    }
    if LLM.exists():  # without plugins: what else is installed would be loaded with it
        sides["llm"] = cpu_ms(str(LLM), "--version", LLM_LOAD_PLUGINS="")
    found = interleaved(rounds, sides)
    of_pass = {name: row(found[name], found["pass"], "python -c pass", MS) for name in ("--version", "--help")}
    return of_pass | {
        "record list": row(found["record list"], found["pass"], "python -c pass", MS),
        "routes": row(found["routes"], found["llm"], "llm --version", MS)
        if "llm" in found
        else missing("llm is not installed: pip install -e '.[bench]'", "llm --version"),
        "first paint": row(found["first paint"], found["bare table"], "bare Textual table", MS),
    }


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    print_rows(measure(rounds_of(sys.argv[1:])))
