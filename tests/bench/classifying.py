"""What judging a refusal costs, against its limits: CPU time of real and of hostile bodies.

`python tests/bench/classifying.py [OTHER]`: OTHER is another checkout, which judges the same bodies in turn.

CPU time and not wall time: on a shared machine wall time swings two- to fivefold, CPU time by a few percent.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from console.domain.errors.body import read_error_body
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.family import EndpointFamily

DATA = Path(__file__).parent.parent / "data"
COUNT, COUNT_LIMIT_S = 1_000, 1.0
HOSTILE_SIZE, HOSTILE_LIMIT_MS = 100_000, 50.0
ROUNDS = 3
ROUNDS_OF_COMPARISON = 7

UNITS = (
    "a", "9", "A", "Aa", "a_", '"', "\\", '\\"', "[", "{", "(", '{"a":', '"a":"b",', '"code":"', '"code":"abc",', " ",
    "\n", "\x00", "\u00ff", "model ", "模型 ", "not ", "the model is ", "does not support ", "deployment ", "quota ",
    "quotaid ", "code: ", "status ", "field ", "get /", "https://a", "retry after ", "try again in 1h 1m 1s ",
    "<", "< ", "<script", "<!--", "<svg>", "-->", "request too large ... ", "quota exceeded for ", "data: {", "*",
    "\\u4e2d", "eyJ", '"msg":"',
)  # fmt: skip
"""What hostile bodies repeat: beginnings of what the rules and the reader look for."""


def _refused(status: int | None, body: bytes, content_type: str) -> RefusedCall:
    read = read_error_body(body, content_type)
    return RefusedCall(status, {}, read, EndpointFamily.RESPONSES, "/v1/responses", 1.0)


def cpu_s(status: int | None, body: bytes, content_type: str) -> float:
    """Return the CPU time of one judgement, in seconds: the least of a few."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        classify(_refused(status, body, content_type))
        times.append(time.process_time() - start)
    return min(times)


def hostile() -> dict[str, tuple[bytes, str]]:
    """Return hostile bodies of 100 kB, by what they repeat."""
    bodies = {}
    for unit in UNITS:
        encoded = unit.encode()
        body = encoded * (HOSTILE_SIZE // len(encoded))
        bodies[f"{unit!r}"] = (body, "application/json")
        bodies[f"{unit!r} in a page"] = (b"<html>" + body, "text/html")
    bodies["one long message"] = (b'{"error":{"message":"' + b"x" * HOSTILE_SIZE, "application/json")
    bodies["a field and spaces"] = (b'"code"' + b" " * HOSTILE_SIZE, "application/json")
    return bodies


def _real_bodies() -> list[tuple[int | None, bytes, str]]:
    lines = [line for path in sorted(DATA.glob("*gateway_errors*.jsonl")) for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in lines if line]
    return [(row["status"], row["body"].encode(), row["content_type"] or "") for row in rows]


def real_s() -> float:
    """Return the CPU time of judging `COUNT` real bodies, in seconds."""
    bodies = _real_bodies()
    classify(_refused(429, b"first", ""))  # reads the rules
    start = time.process_time()
    for status, body, content_type in itertools.islice(itertools.cycle(bodies), COUNT):
        classify(_refused(status, body, content_type))
    return time.process_time() - start


def compare(other: Path) -> None:
    """Print how the time of this checkout compares with another one's, in interleaved runs."""
    times: dict[Path, list[float]] = {other: [], DATA.parents[1]: []}
    for _ in range(ROUNDS_OF_COMPARISON):
        for checkout, found in times.items():
            environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, __file__, "--once"]
            run = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
            found.append(float(run.stdout))
    theirs, ours = (statistics.median(found) for found in times.values())
    print(f"{COUNT} real bodies: {ours * 1000:.0f} ms here, {theirs * 1000:.0f} ms there, {ours / theirs:.2f}x")


def main() -> int:
    """Print both figures beside their limits; return 1 where one is over its limit."""
    start = time.process_time()
    classify(_refused(429, b"first", ""))
    print(f"reading the rules, once       {(time.process_time() - start) * 1000:7.1f} ms")
    taken_s = real_s()
    print(f"{COUNT} real bodies              {taken_s * 1000:7.1f} ms  limit {COUNT_LIMIT_S * 1000:.0f} ms")
    times = {name: cpu_s(429, body, kind) * 1000 for name, (body, kind) in hostile().items()}
    slowest = sorted(times, key=lambda name: -times[name])
    print(f"{len(times)} hostile bodies, the slowest {times[slowest[0]]:7.1f} ms  limit {HOSTILE_LIMIT_MS:.0f} ms")
    for name in slowest[:5]:
        print(f"  {name:27} {times[name]:7.1f} ms")
    return int(taken_s > COUNT_LIMIT_S or times[slowest[0]] > HOSTILE_LIMIT_MS)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--once"]:
            print(real_s())
        case [other]:
            compare(Path(other).resolve())
        case _:
            sys.exit(main())
