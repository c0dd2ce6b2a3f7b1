"""What a soak of a team's ledger goes through: kills, a network that is cut, and a server that restarts at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from support.postgres.network import Network, network_to
from support.postgres.server import Server
from support.team.ledger_soak import Event, Host, Soak, Soaked
from support.team.store import migrated


async def soak(state: Path, server: Server, runs: int, cut_s: float, *, seed: int) -> Soaked:
    """Soak a fresh database of a server, all of whose clients are on a network that is cut."""
    url = await migrated(server)
    async with network_to(server.port) as network:
        far = url.replace(f":{server.port}/", f":{network.port}/")
        names = [f"{kind}-{number}" for kind in ("stepper", "operator") for number in range(4)]
        share = 24 * runs  # the lines of all gates

        async def restart() -> None:
            server.restart_immediately()  # in this thread: the server ends with the one that started it

        return await Soak(state, url, seed=seed).run(
            runs=runs,
            steppers=4,
            deciders=4,
            kill_each=max(share // 40, 8),
            call_s=0.3,
            hosts=dict.fromkeys(names, Host(far)),
            events=(
                Event("restarted", after(share // 6), restart),
                Event("cut", after(share // 3), lambda: cut(network, cut_s)),
                Event("restarted", after(share // 2), restart),
                Event("restarted", after(share * 3 // 4), restart),
            ),
        )


def after(lines: int) -> Callable[[Soaked], bool]:
    """Return the moment after so many acknowledged lines."""
    return lambda soaked: soaked.acknowledged >= lines


async def cut(network: Network, seconds: float) -> None:
    """Cut a network, and mend it later."""
    network.cut()
    await asyncio.sleep(seconds)
    network.mend()
