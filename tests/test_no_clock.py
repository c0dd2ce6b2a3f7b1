"""No test passes or fails by a clock: a busy machine is slower by any factor. Speed is measured in `tests/bench`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MEASURING = (TESTS / "bench", TESTS / "support/waiting.py", Path(__file__))
"""What may read a clock: the benches, the one bound on hangs, and the words of this test."""
READS_CLOCK = re.compile(r"\b(?:perf_counter|process_time|thread_time|monotonic)(?:_ns)?\(|\btime\.time\(")
DURATION = re.compile(r"elapsed|took|duration|lasted|_ms$|^ms$")
ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def faults(source: str) -> Iterator[str]:
    """Yield each line that reads a clock, sleeps for a time, or asserts on how long something took."""
    for number, line in enumerate(source.splitlines(), 1):
        if READS_CLOCK.search(line):
            yield f"{number}: reads a clock"
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assert():
                compared = [each for each in ast.walk(node.test) if isinstance(each, ast.Compare)]
                if any(map(bounds_duration, compared)):
                    yield f"{node.lineno}: asserts on how long something took"
            case ast.Call(func=ast.Attribute(attr="sleep"), args=[ast.Constant(value=wait)]) if wait:
                yield f"{node.lineno}: sleeps, in place of waiting for a condition"
            case ast.Call(func=ast.Attribute(attr="time", value=ast.Name(id="loop") | ast.Call()), args=[]):
                yield f"{node.lineno}: reads a loop's clock"


def bounds_duration(compared: ast.Compare) -> bool:
    """Return whether a duration is held against a number other than 0; two readings of one clock may be ordered."""
    if not any(isinstance(order, ORDERS) for order in compared.ops):
        return False
    sides = [compared.left, *compared.comparators]
    return any(map(is_duration, sides)) and any(map(is_bound, sides))


def is_duration(side: ast.expr) -> bool:
    match side:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return bool(DURATION.search(name))
    return False


def is_bound(side: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and is_number(each.value) for each in ast.walk(side))


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and value != 0


def python_files() -> list[Path]:
    files = [path for path in sorted(TESTS.rglob("*.py")) if not any(map(path.is_relative_to, MEASURING))]
    assert len(files) > 100
    return files


def test_no_test_measures_a_clock() -> None:
    found = [f"{path.relative_to(TESTS)}:{each}" for path in python_files() for each in faults(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "start = time.perf_counter()",
        "assert time.monotonic() - start < 5",
        "begin_s = process_time()",
        "assert ended.took_s < 3",
        "assert 200 <= run.duration_ms < 20_000",
        "assert result['total_ms'] < limit_s * 1000",
        "assert all(each.total_ms < 1_000 for each in results)",
        "await asyncio.sleep(0.1)",
        "now = loop.time()",
        "now = asyncio.get_running_loop().time()",
        "code = 'import time; print(time.time())'",
    ],
)
def test_a_clock_is_found_wherever_it_is_read(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    [
        "own_command(clock=time.monotonic)",
        "def smoking(clock: Callable[[], float] = time.perf_counter) -> None: ...",
        "await asyncio.sleep(0)",
        "assert 0 <= result['first_byte_ms'] <= result['ttft_ms'] <= result['total_ms']",
        "assert result.total_ms == 1_500",
        "assert len(calls) < 3",
        "code = 'import time; time.sleep(600)'",
    ],
)
def test_what_measures_nothing_is_left_alone(source: str) -> None:
    assert not list(faults(source))
