"""How the time of reading grows with the length of hostile text, against its limit.

`python tests/bench/growth.py [WORD]`

Twice the text may take three times as long: in proportion it is twice, with the square of the length four times. Both
lengths are read in turns in one run, and the least CPU time of each counts: on a shared machine single times swing, the
least of several by a few percent. Where a WORD is given, only readers and texts with it in their name are measured.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.harness.readers import GROWTH_LIMIT, READERS, Reader

SMALLEST = 8_000
"""The characters of the shorter text, at first."""
ENOUGH_S = 0.005
"""The text gets longer until reading it takes as much, so that what a call costs at any length hides no growth."""
ROUNDS, MOST_ROUNDS = 5, 25
"""How often both lengths are read; more often only while their ratio is over the limit."""


def took_s(deed: Callable[[str], object], text: str) -> float:
    """Return the CPU time of reading a text once."""
    start = time.process_time()
    deed(text)
    return time.process_time() - start


def measure(reader: Reader, make: Callable[[int], str]) -> tuple[int, float, float]:
    """Return a length, and the least times of reading so much and twice as much."""
    size = min(SMALLEST, reader.largest // 2)
    while took_s(reader.reads, make(size)) < ENOUGH_S and 4 * size <= reader.largest:
        size *= 2
    pair = [(make(size), []), (make(2 * size), [])]
    for number in range(MOST_ROUNDS):
        for text, times in pair[:: 1 if number % 2 else -1]:
            times.append(took_s(reader.reads, text))
        once, twice = (min(times) for _, times in pair)
        if number + 1 >= ROUNDS and twice <= GROWTH_LIMIT * once:
            break
    return size, once, twice


def main() -> int:
    """Print each hostile text's times and their ratio; return 1 where one is over the limit."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    ratios = []
    for kind, reader in READERS.items():
        for name, make in reader.texts.items():
            if word not in f"{kind}: {name}":
                continue
            size, once, twice = measure(reader, make)
            ratios.append(twice / once)
            verdict = "kept" if ratios[-1] <= GROWTH_LIMIT else "NOT kept"
            print(
                f"{kind + ': ' + name:60.60} {size:9,} characters {once * 1000:7.1f} ms, twice as many"
                f" {twice * 1000:7.1f} ms, ratio {ratios[-1]:5.2f}x: {verdict}"
            )
    over = sum(ratio > GROWTH_LIMIT for ratio in ratios)
    print(f"{len(ratios)} hostile texts, {over} of them over {GROWTH_LIMIT}x")
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
