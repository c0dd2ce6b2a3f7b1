"""Measure the goals of speed: `python -m tests.bench [GOAL …]`. CONTRIBUTING says what each is and needs.

It exits with 1 where a goal is missed or not measured; with `--compare`, where a ratio is 20 % worse than the baseline.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from .goals import GOALS, Measured, Verdict, measured, not_measured, ratios_of, table_of, worse
from .harness.measuring import REPOSITORY

BASELINE = Path(__file__).with_name("baseline.json")
LEAST_ROUNDS = 5
HANG_S = 3600
_MARK = "rows: "
_ONE = f"""
import json, sys
from importlib import import_module
rows = import_module("tests.bench." + sys.argv[1]).measure(int(sys.argv[2]))
print("{_MARK}" + json.dumps(rows))
"""


def machine() -> dict[str, object]:
    """Return what the figures depend on, without a path or a name of this machine."""
    model = platform.processor() or "unknown"
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {"cores": os.cpu_count(), "cpu": model, "python": platform.python_version(), "system": platform.system()}


def run_goal(goal: str, rounds: int) -> list[Measured]:
    """Run one goal's script in a process of its own, so that it measures nothing that another one imported."""
    command = [sys.executable, "-c", _ONE, goal, str(rounds)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=HANG_S, check=False)
    except subprocess.TimeoutExpired:
        return not_measured(goal, f"{goal}.py was still running after {HANG_S} s")
    last = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if run.returncode or _MARK not in run.stdout:
        return not_measured(goal, f"{goal}.py failed: {last}")
    given: Any = json.loads(run.stdout.rpartition(_MARK)[2])
    try:
        return measured(goal, given)
    except (TypeError, ValueError) as error:
        return not_measured(goal, f"{goal}.py gave something else than rows: {error}")


def write_figures(path: Path, about: dict[str, object], rows: list[Measured]) -> None:
    """Write every figure to a file."""
    figures = [
        {"goal": each.goal, "what": each.what, "ratio": each.ratio, "verdict": each.verdict, **each.row}
        for each in rows
    ]
    path.write_text(json.dumps({**about, "rows": figures}, indent=1) + "\n", encoding="utf-8")


def write_baseline(about: dict[str, object], rows: list[Measured]) -> None:
    """Write the ratios over those of the baseline; what was not measured keeps its own."""
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))["ratios"] if BASELINE.exists() else {}
    document = {**about, "ratios": kept | ratios_of(rows)}
    BASELINE.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(argv: list[str]) -> int:
    """Measure, print the table, and keep or compare it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"of {', '.join(GOALS)}; without one, all")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="pairs of ours and the anchor, at least 5")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to a file")
    parser.add_argument(
        "--compare", type=Path, nargs="?", const=BASELINE, metavar="FILE", help="show what is 20 %% worse"
    )
    parser.add_argument("--save-baseline", action="store_true", help="keep the ratios as the baseline")
    asked = parser.parse_args(argv)
    if unknown := set(asked.goals) - GOALS.keys():
        parser.error(f"no such goal: {', '.join(sorted(unknown))}")
    if asked.rounds < LEAST_ROUNDS:
        parser.error(f"fewer than {LEAST_ROUNDS} pairs say nothing about the noise")
    if asked.compare and not asked.compare.exists():
        parser.error(f"{asked.compare.name} does not exist: --save-baseline writes one")
    baseline = json.loads(asked.compare.read_text(encoding="utf-8"))["ratios"] if asked.compare else {}
    about, before, rows = machine(), os.getloadavg(), []
    for goal in asked.goals or GOALS:
        print(f"measuring {goal} …", file=sys.stderr, flush=True)
        rows += run_goal(goal, asked.rounds)
        load = {"before": before, "after": os.getloadavg()}
        if asked.json:  # after each goal: all of them take half an hour
            write_figures(asked.json, {"machine": about, "load": load, "rounds": asked.rounds}, rows)
        if asked.save_baseline:
            write_baseline({"machine": about, "rounds": asked.rounds}, rows)
    print("\n".join(table_of(rows)))
    print(
        f"noise: load {before[0]:.1f} before, {load['after'][0]:.1f} after; {about}; {asked.rounds} interleaved pairs;"
    )
    print("       the brackets have each side's least and most: a ratio within an anchor's own range proves nothing")
    if asked.compare:
        found = worse(rows, baseline)
        print("\n".join(f"WORSE  {line}" for line in found) or "nothing is 20 % worse than the baseline")
        return int(bool(found))
    return int(any(each.verdict in (Verdict.MISSED, Verdict.NOT_MEASURED) for each in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
