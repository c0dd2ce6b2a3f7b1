"""Measure a team's store as it grows: `python scripts/measure_scale.py [LINES …]`.

It runs a PostgreSQL server of its own in a temporary directory, fills it with copies of a run of the demo, and prints
what one append, one list of runs, one verification and so on cost at 100,000, 1 million and 10 million lines. The last
takes about 9 GB there while it runs. What fills the tables goes past the triggers; what is measured does not.
docs/scale.md has the figures of one machine: compare rows with each other, not machines.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bench.team.store import CONFIG, demo_run, measure
from support.team.store import own_server


def main() -> None:
    """Measure, and print one table a size."""
    sizes = [int(each) for each in sys.argv[1:]] or [100_000, 1_000_000, 10_000_000]
    with tempfile.TemporaryDirectory(prefix="gc-demo-") as name, own_server(CONFIG) as (directory, server):
        template, about = asyncio.run(demo_run(Path(name)))
        asyncio.run(measure(directory, server, template, about, sizes))


if __name__ == "__main__":
    main()
