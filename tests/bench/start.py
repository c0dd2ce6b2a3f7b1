"""What starting costs: CPU ratios to `python -c pass`, in one interleaved run. `python tests/bench/start.py [ROUNDS]`.

CPU time and not wall time: on a shared machine wall time swings two- to fivefold, CPU time by a few percent.
"""

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("gateway-console"))
CASES: dict[str, Sequence[str]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "--version": (COMMAND, "--version"),
    "--help": (COMMAND, "--help"),
    "routes": (COMMAND, "routes"),
    "import textual.app": (sys.executable, "-c", "import textual.app"),
    "import the screen": (sys.executable, "-c", "import console.app.app"),
}


def cpu_ms(command: Sequence[str]) -> float:
    """Return the CPU time of one run, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    """Run all cases in turn, and print each one's median with its range and its ratio to the first."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, command in CASES.items():
            times[name].append(cpu_ms(command))
    floor = statistics.median(times["python -c pass"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:20} {median:7.1f} ms ({min(values):.1f}..{max(values):.1f})  {median / floor:5.2f}x")


if __name__ == "__main__":
    main()
