"""The goals of speed, one script each, and what a script's figures come to: met, missed or not measured."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .harness.measuring import Row, number, plain, range_of, ratio_of

WORSE = 1.2
"""How many times a baseline's ratio is called worse."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a row may show: a ratio to the anchor, or a figure of its own."""

    ratio: float | None = None
    figure: float | None = None

    def __str__(self) -> str:
        """Write the limit as a table shows it."""
        if self.ratio is None:
            return f"{number(self.figure or 0)}"
        return f"1/{1 / self.ratio:.3g}" if self.ratio < 1 else f"{self.ratio:.3g}x"


def times(ratio: float) -> Limit:
    """Return a limit on the ratio to the anchor."""
    return Limit(ratio=ratio)


def at_most(figure: float) -> Limit:
    """Return a limit on our own figure, in the row's unit."""
    return Limit(figure=figure)


GOALS: Mapping[str, Mapping[str, Limit]] = {
    "call": {
        "responses, of the SDK": times(1 / 20),
        "chat_completions, of the SDK": times(1 / 15),
        "anthropic_messages, of the SDK": times(1 / 8),
        "responses, of raw socket": times(4),
        "chat_completions, of raw socket": times(4),
        "anthropic_messages, of raw socket": times(4),
    },
    "decoding": {
        "responses": times(1 / 25),
        "chat_completions": times(1 / 20),
        "anthropic_messages": times(1 / 10),
    },
    "live": {"CPU": at_most(15), "lag p99": at_most(5)},
    "ttft": {what: at_most(0.5) for what in ("1 stream", "50 streams", "200 streams", "500 streams")},
    "fanout": {"stream": times(1 / 25), "JSON": times(1 / 40)},
    "screen": {
        "CPU": at_most(12),
        "bytes": times(2),
        "lag p99": at_most(5),
        "slow link": at_most(8),
        "key to paint": at_most(100),
    },
    "verify": {"1,000,000 lines": times(2.5)},
    "appending": {"50 writers": times(1 / 8)},
    "history": {"7 days of 90": times(6), "memory": times(1.25)},
    "start": {"--help": times(3), "routes": times(1 / 4), "first paint": times(1.5)},
    "relaying": {"added ttft": at_most(2), "CPU": times(2), "CPU, of LiteLLM": times(0.5)},
    "sweep": {
        "wall": times(0.4),
        "memory": times(1 / 4),
        "check -3, wall": times(1 / 7),
        "check -3, memory": times(1 / 5),
    },
}
"""Which script measures which rows, and their limits. A row that a script does not give is not measured."""


class Verdict(StrEnum):
    """What a row came to."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "NOT MEASURED"
    WITHOUT_GOAL = "-"


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table."""

    goal: str
    what: str
    row: Row
    limit: Limit | None = None

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the anchor, or of the limit where there is no anchor; None if not measured.

        Less is better.
        """
        if not self.row["ours"]:
            return None
        if self.row.get("anchor"):
            return ratio_of(self.row["ours"], self.row["anchor"])
        if self.limit is None or self.limit.figure is None:
            return None
        return statistics.median(self.row["ours"]) / self.limit.figure

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met; never without figures."""
        if not self.row["ours"] or (self.limit is not None and self.ratio is None):
            return Verdict.NOT_MEASURED
        if self.limit is None:
            return Verdict.WITHOUT_GOAL
        if self.limit.figure is not None:
            is_met = statistics.median(self.row["ours"]) <= self.limit.figure
        else:
            assert self.limit.ratio is not None
            assert self.ratio is not None
            is_met = self.ratio <= self.limit.ratio
        return Verdict.MET if is_met else Verdict.MISSED

    @property
    def why_missing(self) -> str:
        """Why there are no figures."""
        return self.row.get("missing") or "the anchor gave no figure"


def measured(goal: str, given: Mapping[str, Any]) -> list[Measured]:
    """Return a goal's rows: those of the table first, then what else the script gave."""
    rows, limits = plain(given), GOALS[goal]
    absent = Row(ours=[], missing=f"{goal}.py gave no such row")
    found = [Measured(goal, what, rows.get(what, absent), limit) for what, limit in limits.items()]
    return found + [Measured(goal, what, each) for what, each in rows.items() if what not in limits]


def not_measured(goal: str, why: str) -> list[Measured]:
    """Return a goal's rows where its script gave nothing."""
    return [Measured(goal, what, Row(ours=[], missing=why), limit) for what, limit in GOALS[goal].items()]


def ratios_of(rows: list[Measured]) -> dict[str, float]:
    """Return what a baseline keeps: each measured row's ratio."""
    return {f"{each.goal}: {each.what}": each.ratio for each in rows if each.ratio is not None}


def worse(rows: list[Measured], baseline: Mapping[str, float]) -> list[str]:
    """Return a line for each row that is more than 20 % worse than its baseline, or that is no longer measured."""
    found = []
    for each in rows:
        name = f"{each.goal}: {each.what}"
        if (before := baseline.get(name)) is None:
            continue
        if each.ratio is None:
            found.append(f"{name}: NOT MEASURED, and the baseline has it: {each.why_missing}")
        elif each.ratio > WORSE * before:
            found.append(f"{name}: ratio {each.ratio:.3g}, in the baseline {before:.3g}: {each.ratio / before:.2f}x")
    return found


def table_of(rows: list[Measured]) -> list[str]:
    """Return the table's lines."""
    lines = [f"{'goal':10} {'what':32} {'ours':28} {'anchor':44} {'ratio':>8} {'at most':>8}  verdict"]
    for each in rows:
        if each.verdict is Verdict.NOT_MEASURED:
            lines.append(f"{each.goal:10} {each.what:32} NOT MEASURED: {each.why_missing}")
            continue
        anchor = each.row.get("anchor") or []
        beside = f"{each.row.get('anchor_name', 'anchor')} {range_of(anchor)}" if anchor else "-"
        ratio = f"{each.ratio:.3g}" if each.ratio is not None and anchor else "-"
        limit = str(each.limit) if each.limit else "-"
        ours = f"{range_of(each.row['ours'])} {each.row.get('unit', '')}"
        lines.append(f"{each.goal:10} {each.what:32} {ours:28} {beside:44} {ratio:>8} {limit:>8}  {each.verdict}")
    return lines
