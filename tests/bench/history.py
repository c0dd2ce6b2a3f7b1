"""What looking at a huge history costs: `python -m tests.bench.history [ROUNDS] [FACTS]`.

`history --since 7d` over a million facts of 90 days, as a command of its own, against a Python process that reads the
times of the same facts from the same file by one plain query. CPU time; and the memory, which must not grow with the
file: the same command over a tenth of the facts is beside it.
"""

import math
import os
import random
import sys
import tempfile
from pathlib import Path

from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.history.file import HistoryFile
from console.services.history.store import DAY_MS
from console.services.system.clock import unix_ms

from .harness.measuring import Row, cost_of, interleaved, print_rows, rounds_of, row

ANCHOR = "one plain query"
FACTS = 1_000_000
_DAYS = 90
_AT_ONCE = 5_000
_QUERY = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT at_ms, ttft_us, total_us, millitokens_per_s FROM fact WHERE at_ms >= ?", (int(sys.argv[2]),))
print(sum(1 for row in rows))
"""


def fill(home: Path, count: int, now_ms: int) -> None:
    """Fill a history with so many smoke tests of six routes, three in a hundred of them red."""
    chance = random.Random(count)
    family = EndpointFamily.RESPONSES
    routes = [FactRoute("p", "https://gw.example:443", RouteKey.of(role), "m", family) for role in Role]
    file = HistoryFile({"XDG_STATE_HOME": str(home)}, clock=lambda: now_ms, size_limit=2**40)
    for begin in range(0, count, _AT_ONCE):
        facts = []
        for number in range(begin, min(begin + _AT_ONCE, count)):
            at = now_ms - int(_DAYS * DAY_MS * (1 - (number + 1) / count))
            route = routes[number % len(routes)]
            if chance.random() < 0.03:
                end = (FactStatus.FAILED, Rung.SMOKE, Shape.TEXT, Category.TIMEOUT)
                facts.append(Fact(at, route, FactKind.SMOKE, *end))
                continue
            ttft = 200 * math.exp(chance.gauss(0, 0.3))
            end = (FactStatus.PASSED, Rung.SMOKE, Shape.TEXT, None)
            facts.append(Fact(at, route, FactKind.SMOKE, *end, 200, ttft, ttft * 2, 28, 60.0, 420))
        file.append(facts, {"p": _DAYS + 1})
    file.close()


def measure(rounds: int = 5, facts: int = FACTS) -> dict[str, Row]:
    """Fill two histories and look at each in each round; return the CPU time and the memory."""
    with tempfile.TemporaryDirectory() as name:
        homes = {"large": (Path(name) / "large", facts), "small": (Path(name) / "small", facts // 10)}
        now_ms = unix_ms()
        for home, count in homes.values():
            fill(home, count, now_ms)

        def looking(which: str) -> tuple[tuple[str, ...], dict[str, str]]:
            home = str(homes[which][0])
            command = (sys.executable, "-m", "console", "history", "--since", "7d")
            return command, {**os.environ, "XDG_STATE_HOME": home, "HOME": home, "XDG_CONFIG_HOME": home}

        place = homes["large"][0] / "gateway-console" / "history.db"
        query = (sys.executable, "-c", _QUERY, str(place), str(now_ms - 7 * DAY_MS))
        found = interleaved(
            rounds,
            {
                "ours": lambda: cost_of(*looking("large")),
                "small": lambda: cost_of(*looking("small")),
                "anchor": lambda: cost_of(query),
            },
        )
        note = f"{facts:,} facts, {place.stat().st_size / 1e6:,.0f} MB"
    ours, small, anchor = found["ours"], found["small"], found["anchor"]
    return {
        "7 days of 90": row([each.cpu_s for each in ours], [each.cpu_s for each in anchor], ANCHOR, "s CPU", note),
        "memory": row(
            [each.peak_mb for each in ours], [each.peak_mb for each in small], "a tenth of the facts", "MB", note
        ),
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    print_rows(measure(rounds_of(given), int(given[1]) if len(given) > 1 else FACTS))
