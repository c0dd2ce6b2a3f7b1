"""The console's own code runs in proportion to hostile text; what C code does within a line is `growth.py`'s to see."""

from functools import partial

import pytest
from bench.harness.readers import GROWTH_LIMIT, READERS, lines_run

from console.domain.sources.claim import address_of

SIZE = 1_000
IN_EXPRESSIONS = {"command"}
"""Readers that have no loop of their own over what they read."""


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind not in IN_EXPRESSIONS])
def test_twice_the_hostile_text_runs_no_more_than_thrice_the_lines(kind: str) -> None:
    reads, over = READERS[kind].reads, {}
    for name, make in READERS[kind].texts.items():
        reads(make(SIZE))  # the first one reads tables and compiles expressions
        once, twice = (lines_run(partial(reads, make(size))) for size in (SIZE, 2 * SIZE))
        if twice > GROWTH_LIMIT * once:
            over[name] = (once, twice)
    assert over == {}


def test_a_square_is_seen() -> None:
    def look_at_every_pair(text: str) -> None:
        for place in range(len(text)):
            for _ in text[:place]:
                address_of("")

    once, twice = (lines_run(partial(look_at_every_pair, "a" * size)) for size in (20, 40))
    assert twice > GROWTH_LIMIT * once
