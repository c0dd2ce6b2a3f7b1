"""Let operators race for one gate after the other: `python scripts/race_deciders.py [OPERATORS] [ROUNDS]`.

It runs what tests/services/team/test_race.py asserts once, on a PostgreSQL of its own, and prints how soon the others
were told: by the refusal of what they decided, and by what their second session was told of the run.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.postgres.databases import Postgres, name_log, set_up
from support.postgres.server import programs, running_server
from support.team.racing import Race, operators_at, race
from support.team.stores import Store


async def races(store: Store, operators: int, rounds: int, place: Path) -> list[Race]:
    """Return how each of some races ended."""
    names = tuple(f"op{number}" for number in range(operators))
    async with operators_at(store, names, place, time.monotonic) as deciding:
        return [await race(deciding) for _ in range(rounds)]


def main() -> None:
    """Race, and print what it showed."""
    operators = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    found = programs()
    if found is None:
        sys.exit("PostgreSQL is missing: apt-get install -y --no-install-recommends postgresql")
    with tempfile.TemporaryDirectory(prefix="gc-race-") as directory:
        Path(directory).chmod(0o755)
        with running_server(Path(directory) / "server", found) as server:
            name = server.create_database()
            store = Store(Postgres(server, name, server.url(name)))
            set_up(store.postgres.url)
            name_log(store.postgres.url)
            ended = asyncio.run(races(store, operators, rounds, Path(directory)))
    wrong = [each for each in ended if len(each.winners) != 1 or len(each.refusals) != operators - 1]
    sys.stdout.write(f"races: {rounds}, operators: {operators}, sessions: {2 * operators}\n")
    sys.stdout.write(f"not one accepted and all others told: {len(wrong)}\n")
    for what in ("refused_ms", "told_ms", "in_all_ms"):
        values = [value for each in ended for value in getattr(each, what)]
        sys.stdout.write(
            f"{what}: median {median(values):.1f}, p95 {quantiles(values, n=20)[-1]:.1f}, max {max(values):.1f}\n"
        )


if __name__ == "__main__":
    main()
