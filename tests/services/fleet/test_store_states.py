"""States in the store: the newest wins whoever writes first, a cut store loses none, and only one function writes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from support.history.facts import WRITER, free_check, passed, red
from support.postgres.databases import OPERATOR, Postgres

from console.domain.fleet.fleet import Fleet, fleet_of
from console.domain.fleet.state import Looker, LookerKind, ProfileLook, Spending
from console.domain.history.fact import Fact
from console.domain.problem import ProblemKind
from console.services.fleet.keeper import FleetKeeper
from console.services.fleet.store_states import CHANNEL, Seen, forget_profile, keep_states, read_states, seen_of
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.grants import apply_grants
from console.services.ledger.postgres.migrations import apply_steps
from console.services.system.clock import unix_ms

OWNER = (WRITER.profile, WRITER.origin)
CONSOLE = Looker(LookerKind.CONSOLE, "host-1")
WORKER = Looker(LookerKind.WORKER, "host-2")


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    async with await Database.open(postgres.secret) as opened:
        await opened.run(apply_steps)
        yield opened


async def keep(database: Database, *facts: Fact, looker: Looker = CONSOLE) -> None:
    await database.run(lambda connection: keep_states(connection, seen_of(facts, looker)))


async def fleet(database: Database) -> Fleet:
    now_ms = unix_ms()
    states = await database.run(lambda connection: read_states(connection, now_ms))
    return fleet_of([], states, now_ms)


async def test_the_newest_wins_in_whatever_order_it_is_written_and_twice_is_once(database: Database) -> None:
    now_ms = unix_ms()
    failed, checked, paid = red(now_ms - 900), free_check(now_ms - 500), passed(now_ms - 100)
    await keep(database, checked, looker=WORKER)
    await keep(database, failed)
    (row,) = (await fleet(database)).rows
    assert (row.verdict, row.looker, row.routes[0].at_ms) == ("down", WORKER, now_ms - 900)
    seen = seen_of((paid,), CONSOLE)
    for _ in range(2):
        await database.run(lambda connection: keep_states(connection, seen))
    (row,) = (await fleet(database)).rows
    assert (row.verdict, row.looker, row.looked_ms) == ("unproven", CONSOLE, now_ms - 100)
    assert row.spending == Spending(420, 420)
    await database.run(lambda connection: forget_profile(connection, OWNER))
    assert (await fleet(database)).rows == ()


async def test_a_state_from_the_future_is_refused_because_it_would_hide_all_later_ones(database: Database) -> None:
    with pytest.raises(LedgerError, match="300 s ahead of the database"):
        await keep(database, red(unix_ms() + 300_900))
    assert (await fleet(database)).rows == ()


async def test_an_operator_writes_states_through_the_one_function_alone(database: Database) -> None:
    await keep(database, red(unix_ms()))
    await database.run(apply_grants)

    def as_operator(connection: "psycopg.Connection[Any]") -> None:
        connection.execute(f"SET LOCAL ROLE {OPERATOR}")
        keep_states(connection, seen_of((free_check(unix_ms()),), WORKER))
        assert len(read_states(connection, unix_ms()).looks) == 1
        connection.execute("DELETE FROM gateway_console.route_state")

    with pytest.raises(LedgerError, match="does not allow this user"):
        await database.run(as_operator)


async def test_states_of_another_version_and_hostile_names_are_left_out_and_counted(database: Database) -> None:
    now_ms = unix_ms()
    await keep(database, red(now_ms))

    def tamper(connection: "psycopg.Connection[Any]") -> None:
        for column, value in (("key", "writer'; DROP TABLE x"), ("status", "dazzling"), ("origin", "\x1b[31m")):
            connection.execute(
                psycopg.sql.SQL(
                    "INSERT INTO gateway_console.route_state SELECT (r).* FROM (SELECT jsonb_populate_record(s,"
                    " jsonb_build_object({}, %s::text)) AS r FROM gateway_console.route_state AS s"
                    " WHERE status = 'failed' AND key = 'writer' LIMIT 1) AS t ON CONFLICT DO NOTHING"
                ).format(psycopg.sql.Literal(column)),
                (value,),
            )
        connection.execute("UPDATE gateway_console.route_state SET status = 'dazzling' WHERE key <> 'writer'")

    await database.run(tamper)
    found = await fleet(database)
    assert ([row.verdict for row in found.rows], found.unread) == (["down"], 2)


async def test_a_keeper_writes_when_the_store_is_back_and_says_so(database: Database, postgres: Postgres) -> None:
    told: list[str] = []
    said = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(words: str) -> None:
        told.append(words)
        loop.call_soon_threadsafe(said.set)

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Database]:
        async with await Database.open(postgres.secret, deadline_s=5.0) as own:
            yield own

    now_ms = unix_ms()
    keeper = FleetKeeper({}, WORKER, tell, opened=opened, pause_s=0.0, retry_s=0.05)
    keeper.keep_for(WRITER.profile, 90)
    postgres.server.stop()
    keeper.put((red(now_ms - 9),))
    await said.wait()
    keeper.put((passed(now_ms - 2), free_check(now_ms - 1)))
    keeper.put_problem(("elsewhere", "https://x.example"), now_ms, ProblemKind.TOKEN)  # not a profile of ours
    said.clear()
    postgres.server.start()
    await said.wait()
    await asyncio.to_thread(keeper.close)
    assert ("cannot be reached" in told[0] or "refuses the connection" in told[0], len(told)) == (True, 2)
    assert told[1] == "the store is back: the fleet's newest states are kept again"
    assert keeper.words == ""
    (row,) = (await fleet(database)).rows
    assert (row.verdict, row.looked_ms, row.spending.day) == ("unproven", now_ms - 1, 420)


async def test_who_listens_is_told_that_states_were_kept(database: Database) -> None:
    told = database.listen(CHANNEL)
    assert await anext(told) == ""
    await database.run(
        lambda connection: keep_states(connection, Seen((ProfileLook(OWNER, unix_ms(), WORKER),), (), ()))
    )
    assert await anext(told) == ""
    await told.aclose()  # type: ignore[attr-defined]


async def test_a_look_without_a_problem_takes_an_older_problem_back(database: Database) -> None:
    now_ms = unix_ms()
    problem = ProfileLook(OWNER, now_ms - 50, WORKER, ProblemKind.TOKEN)
    await keep(database, free_check(now_ms - 10))
    await database.run(lambda connection: keep_states(connection, Seen((problem,), ())))
    assert [row.verdict for row in (await fleet(database)).rows] == ["unproven"]
    newer = replace(problem, at_ms=now_ms)
    await database.run(lambda connection: keep_states(connection, Seen((newer,), ())))
    assert [row.verdict for row in (await fleet(database)).rows] == ["unusable"]
