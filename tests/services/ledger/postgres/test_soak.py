"""A small soak of a ledger that several processes use; scripts/soak_team.py and two_hosts.py run the large ones."""

from pathlib import Path

import pytest
from support.postgres.databases import Postgres
from support.postgres.network import network_to
from support.team.ledger_soak import Event, Host, Soak
from support.team.store import migrated
from support.team.trouble import after, soak


@pytest.mark.long
async def test_a_host_that_is_cut_off_says_so_while_another_goes_on_and_then_it_catches_up(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = await migrated(postgres.server)
    async with network_to(postgres.server.port) as network:
        run = Soak(tmp_path, url, seed=1)

        async def cut() -> None:
            network.cut()

        async def mend() -> None:
            network.mend()

        far = Host(url.replace(f":{postgres.server.port}/", f":{network.port}/"))
        soaked = await run.run(
            runs=2,
            steppers=2,
            deciders=1,
            kill_each=1_000_000,
            call_s=0.1,
            hosts={"stepper-0": far},
            events=(
                Event("cut", after(9), cut),
                Event("mended", lambda soaked: soaked.refused_at["stepper-0"] > 0 and soaked.acknowledged > 20, mend),
            ),
        )
    assert soaked.wrong == []
    assert all(f"127.0.0.1:{network.port}/" in words for words in soaked.refused), soaked.refused
    assert soaked.refused_at["stepper-0"] > 0
    assert soaked.refused_at["stepper-1"] == 0


@pytest.mark.long
async def test_killed_steppers_a_cut_and_a_server_that_restarts_lose_nothing_and_repeat_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    soaked = await soak(tmp_path, postgres.server, runs=3, cut_s=1, seed=1)
    assert soaked.wrong == []
    assert soaked.gates == 24
    assert soaked.kills > 0
    assert [event.split(" ")[0] for event in soaked.events] == ["restarted", "cut", "restarted", "restarted"]
