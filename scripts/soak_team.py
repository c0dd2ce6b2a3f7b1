"""Soak a team's ledger on a real PostgreSQL: `python scripts/soak_team.py [RUNS] [CUT_SECONDS] [SEED]`.

Four steppers and four operators work on RUNS runs of eight gates. Steppers are killed at random, every connection is
cut for CUT_SECONDS, and the server is restarted with `pg_ctl restart -m immediate`, three times. `wrong` has to be
empty: each gate has one decision, what was acknowledged is there, no call was sent twice, and every chain holds. A
small version of it is tests/services/ledger/postgres/test_soak.py.
"""

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.team.ledger_soak import shown
from support.team.store import own_server
from support.team.trouble import soak


def main() -> None:
    """Soak, and print what it showed."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    cut_s = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with own_server() as (directory, server):
        began = time.monotonic()
        soaked = asyncio.run(soak(directory, server, runs, cut_s, seed=seed))
    sys.stdout.write(shown(soaked) + f"seconds: {time.monotonic() - began:.0f}\n")
    raise SystemExit(bool(soaked.wrong))


if __name__ == "__main__":
    main()
