"""What every bench needs: ours and the anchor in turns, medians with their ranges, and the CPU time of a child.

A bench of a goal is a module with `measure(rounds)`. It returns its rows by name, each a `Row`: our figures and the
anchor's, one of each a round, measured one after the other. Ratios are of CPU time where that is possible: on a shared
machine wall time swings two- to fivefold, CPU time by a few percent.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar

REPOSITORY = Path(__file__).resolve().parents[3]

Figure = TypeVar("Figure")


class Row(TypedDict):
    """A row of a bench, as plain JSON. Each list has one figure a round; less is better in both."""

    ours: list[float]
    anchor: NotRequired[list[float]]
    """Measured in the same rounds; absent where the goal is an absolute figure."""
    anchor_name: NotRequired[str]
    unit: NotRequired[str]
    note: NotRequired[str]
    missing: NotRequired[str]
    """Why the row could not be measured; the lists are then empty."""


class MissingAnchorError(Exception):
    """An anchor is not installed; the message says how to install it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one child process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    """The largest resident set of it and of the children that it waited for, in MB of 1,000,000 bytes."""


def interleaved(rounds: int, sides: Mapping[str, Callable[[], Figure]]) -> dict[str, list[Figure]]:
    """Measure all sides in turns, after one round that warms up and does not count."""
    figures: dict[str, list[Figure]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            figure = side()
            if number:
                figures[name].append(figure)
    return figures


def row(ours: list[float], anchor: list[float], anchor_name: str, unit: str, note: str = "") -> Row:
    """Make a row of two sides."""
    made = Row(ours=ours, anchor=anchor, anchor_name=anchor_name, unit=unit)
    return made | Row(note=note) if note else made


def missing(why: str, anchor_name: str = "") -> Row:
    """Make a row that could not be measured."""
    return Row(ours=[], anchor=[], anchor_name=anchor_name, missing=why)


def cost_of(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command to its end and return what it took.

    Raises:
        RuntimeError: It ended with an exit code other than 0; the message has the end of what it said.

    """
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=cwd
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with exit code {child.returncode}: {said[-400:]!r}")
    unit_bytes = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * unit_bytes / 1e6)


def figure_of(module: str, *arguments: str) -> float:
    """Run a module of the benches in a process of its own and return the figure that it prints last.

    What one side imports and leaves in memory then costs the other side nothing.

    Raises:
        MissingAnchorError: It needs a package that is not installed.
        RuntimeError: It failed.

    """
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    last = (run.stderr.strip().splitlines() or [""])[-1]
    if last.startswith("ModuleNotFoundError:"):
        raise MissingAnchorError(f"{last.partition(': ')[2]}: pip install -e '.[bench]'")
    if run.returncode:
        raise RuntimeError(f"{module} ended with exit code {run.returncode}: {last}")
    return float(run.stdout.split()[-1])


def ratio_of(ours: Sequence[float], anchor: Sequence[float]) -> float:
    """Return the median of the rounds' ratios; of the medians where the sides have different numbers of rounds."""
    if len(ours) == len(anchor):
        return statistics.median(one / other for one, other in zip(ours, anchor, strict=True))
    return statistics.median(ours) / statistics.median(anchor)


def percentile(figures: Sequence[float], percent: int) -> float:
    """Return the least figure that so many percent of them do not exceed."""
    return sorted(figures)[max(0, -(-len(figures) * percent // 100) - 1)]


def range_of(figures: Sequence[float]) -> str:
    """Write a median with its range."""
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    return f"{number(middle)} ({number(least)}..{number(most)})"


def number(value: float) -> str:
    """Write a figure with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_rows(rows: Mapping[str, Row]) -> None:
    """Print a bench's rows, where it is run by itself."""
    for name, each in rows.items():
        if why := each.get("missing"):
            print(f"{name:40} NOT MEASURED: {why}")
            continue
        words = f"{name:40} {range_of(each['ours'])} {each.get('unit', '')}"
        if anchor := each.get("anchor"):
            words += (
                f"; {each.get('anchor_name', 'anchor')} {range_of(anchor)}; ratio {ratio_of(each['ours'], anchor):.3g}x"
            )
        print(words)


def rounds_of(arguments: Sequence[str], otherwise: int = 5) -> int:
    """Return the number of rounds that a command line asks for."""
    return int(arguments[0]) if arguments else otherwise


def plain(rows: Mapping[str, Any]) -> dict[str, Row]:
    """Return rows as a bench may give them: also single figures for lists, and tuples.

    Raises:
        ValueError: A row has no figures and does not say why.

    """
    found = {}
    for name, given in rows.items():
        each = dict(given)
        for side in ("ours", "anchor"):
            figures = each.get(side) or []
            each[side] = [float(figure) for figure in (figures if isinstance(figures, list | tuple) else [figures])]
        if not each["ours"] and not each.get("missing"):
            raise ValueError(f"{name} has no figures and does not say why")
        found[str(name)] = Row(**each)
    return found
