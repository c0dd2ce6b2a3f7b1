"""Two hosts and a database, one host cut off: `python scripts/two_hosts.py [CUT_SECONDS]`.

It wants root, on Linux with iproute2. Each host is a network namespace of its own with a stepper and an operator, on a
bridge with PostgreSQL, which they reach by TLS. The cable of host a is pulled for CUT_SECONDS: nothing answers, and
nothing tells it. It has to say so, host b goes on, and after the cable is back a catches up. `wrong` has to be empty. A
small version, with a network that breaks connections in place of a cable, is
tests/services/ledger/postgres/test_soak.py.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.team.hosts import cables, offer_tls, soak
from support.team.ledger_soak import shown
from support.team.store import own_server


def main() -> None:
    """Cut one host off, and print what it showed."""
    cut_s = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    if os.getuid() != 0:
        raise SystemExit("only root can make network namespaces with cables between them")
    with cables(), own_server() as (directory, server):
        authority = offer_tls(server)
        began = time.monotonic()
        soaked = asyncio.run(soak(directory, server, authority, cut_s))
    sys.stdout.write(shown(soaked) + f"seconds: {time.monotonic() - began:.0f}\n")
    raise SystemExit(bool(soaked.wrong))


if __name__ == "__main__":
    main()
