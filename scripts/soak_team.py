"""Soak a team's store on PostgreSQL: `python scripts/soak_team.py ledger|workers [RUNS] [CUT_SECONDS] [SEED]`.

ledger: four steppers and four operators work on RUNS runs of eight gates. Steppers are killed at random, every
connection is cut for CUT_SECONDS, and the server is restarted with `pg_ctl restart -m immediate`, three times. `wrong`
has to be empty: each gate has one decision, what was acknowledged is there, no call was sent twice, and every chain
holds.

workers: the same with four real workers that step gated runs of seven gates on a simulated gateway, 20 of them killed
while an answer is half sent. An operator decides, and has a lost call repeated.

Small versions are tests/services/ledger/postgres/test_soak.py and tests/services/worker/test_worker.py.
"""

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.postgres.databases import Postgres, name_log, set_up
from support.team.ledger_soak import Soaked, shown
from support.team.store import own_server
from support.team.trouble import soak
from support.team.worker_soak import Soaked as WorkersSoaked
from support.team.worker_soak import SoakPlan, soak_workers


def main() -> None:
    """Soak, and print what it showed."""
    what, *rest = sys.argv[1:] or ["ledger"]
    runs = int(rest[0]) if rest else {"ledger": 50, "workers": 58}[what]
    cut_s = float(rest[1]) if len(rest) > 1 else 60.0
    seed = int(rest[2]) if len(rest) > 2 else 1
    with own_server() as (directory, server):
        began = time.monotonic()
        if what == "ledger":
            soaked: Soaked | WorkersSoaked = asyncio.run(soak(directory, server, runs, cut_s, seed=seed))
        else:
            name = server.create_database()
            database = Postgres(server, name, server.url(name))
            set_up(database.url)
            name_log(database.url)
            plan = SoakPlan(workers=4, runs=runs, kills=20, cuts=1, cut_s=cut_s, restarts=3, seed=seed)
            soaked = asyncio.run(soak_workers(directory, database, plan))
    sys.stdout.write(shown(soaked) + f"seconds: {time.monotonic() - began:.0f}\n")
    raise SystemExit(bool(soaked.wrong))


if __name__ == "__main__":
    main()
