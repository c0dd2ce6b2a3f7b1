"""Kill -9 at every point of a run with one revision: `python scripts/kill_runs.py`.

tests/services/run/test_crash.py kills at each kind of point alone. It prints what was not as it has to be, and how many
points there were.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.run.desks import Office
from support.run.kill_points import faults_at, points_of, walked_whole
from support.trust_store import empty_trust_store

from console.simulator.server import serve


async def kill_everywhere(directory: Path) -> tuple[list[str], int]:
    """Return the faults, and how often a walker was killed."""
    async with serve(pace=0) as listening:
        office = Office(directory, listening.base_url, listening.token)
        office.furnish(reviewer="gpt-review-revise-placeholder")
        whole = await walked_whole(office, listening)
        points = points_of(whole)
        return await faults_at(points, whole, office, listening), len(points)


def main() -> None:
    """Kill, and print what it showed."""
    with tempfile.TemporaryDirectory() as name, empty_trust_store(Path(name)):
        faults, count = asyncio.run(kill_everywhere(Path(name)))
    sys.stdout.write("".join(f"{each}\n" for each in faults) + f"points: {count}, faults: {len(faults)}\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
