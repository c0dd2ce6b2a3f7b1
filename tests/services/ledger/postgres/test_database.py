"""The connection to a team's database: real PostgreSQL, cut and stopped as networks and machines do."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from support.postgres.databases import Postgres

from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.address import parameters_of
from console.services.ledger.postgres.database import Database
from console.services.system.clock import unix_ms


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    async with await Database.open(postgres.secret) as opened:
        yield opened


def one(connection: psycopg.Connection) -> object:
    row = connection.execute("SELECT 1").fetchone()
    return None if row is None else row[0]


def pid(connection: psycopg.Connection) -> int:
    return connection.info.backend_pid


async def test_work_is_one_transaction_and_an_error_takes_all_of_it_back(database: Database) -> None:
    await database.run(lambda connection: connection.execute("CREATE TABLE public.kept (x int)"))

    def fails(connection: psycopg.Connection) -> None:
        connection.execute("INSERT INTO public.kept VALUES (1)")
        connection.execute("SELECT 1 / 0")

    with pytest.raises(LedgerError, match=r"does not accept this \(22012\)"):
        await database.run(fails)
    assert await database.run(lambda connection: connection.execute("SELECT count(*) FROM public.kept").fetchone()) == (
        0,
    )


async def test_a_connection_that_was_cut_is_opened_again_and_nothing_is_done_twice(
    database: Database, postgres: Postgres
) -> None:
    await database.run(lambda connection: connection.execute("CREATE TABLE public.kept (x int)"))
    tries = []

    def store(connection: psycopg.Connection) -> None:
        connection.execute("INSERT INTO public.kept VALUES (1)")
        tries.append(pid(connection))
        if len(tries) == 1:
            with psycopg.connect(postgres.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [tries[0]])
            connection.execute("SELECT 1")

    await database.run(store)
    assert len(set(tries)) == 2
    assert await database.run(lambda connection: connection.execute("SELECT count(*) FROM public.kept").fetchone()) == (
        1,
    )


async def test_an_operation_waits_for_a_server_that_starts_again(database: Database, postgres: Postgres) -> None:
    assert await database.run(one) == 1
    postgres.server.restart_immediately()
    assert await database.run(one) == 1


async def test_a_server_that_is_gone_is_told_with_where_it_was_and_without_the_password(postgres: Postgres) -> None:
    database = await Database.open(postgres.secret, wait=lambda _: None)
    postgres.server.stop()
    with pytest.raises(LedgerError) as told:
        await database.run(one)
    assert told.value.kind is ProblemKind.UNREACHABLE
    assert f"postgresql://127.0.0.1:{postgres.server.port}/{postgres.name}" in str(told.value)
    assert postgres.server.password not in str(told.value)
    await database.close()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda url: url.replace("/test_", "/none_"), ProblemKind.CONFIG, "create"),
        (lambda url: url.replace("@", "x@"), ProblemKind.TOKEN, "refuses the password"),
        (lambda url: url.replace("127.0.0.1", "127.0.0.9"), ProblemKind.UNREACHABLE, "refuses the connection"),
    ],
)
async def test_what_is_wrong_with_a_url_is_told(
    postgres: Postgres, change: object, kind: ProblemKind, words: str
) -> None:
    assert callable(change)
    with pytest.raises(LedgerError, match=words) as told:
        await Database.open(Secret(change(postgres.url)))
    assert told.value.kind is kind
    assert postgres.server.password not in str(told.value)


@pytest.mark.parametrize("skew_ms", [-300_000, 300_000])
async def test_a_clock_that_is_five_minutes_off_is_refused(postgres: Postgres, skew_ms: int) -> None:
    with pytest.raises(LedgerError, match="clock"):
        await Database.open(postgres.secret, clock=lambda: unix_ms() + skew_ms)


async def test_what_is_told_on_a_channel_arrives_and_a_cut_is_told_too(postgres: Postgres, database: Database) -> None:
    heard = database.listen("gateway_console_run")
    assert await anext(heard) == ""
    await database.run(lambda connection: connection.execute("SELECT pg_notify('gateway_console_run', 'R')"))
    assert await anext(heard) == "R"
    with psycopg.connect(postgres.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    assert await anext(heard) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:pa55word-long@db.example.org/x?sslmode=require", "verify-full"),
        ("postgresql://u:pa55word-long@db.example.org/", "no host or no database"),
        ("postgresql:///x", "no host or no database"),
        ("mysql://u:pa55word-long@db.example.org/x", "postgresql://"),
        ("postgresql://u:pa55%word-long@db/x", "percent-encode"),
        ("postgresql://u:1/pa55word-long@db.example.org/x", "percent-encode"),
        ("postgresql://u:x/pa55word-long@127.0.0.1/x", "percent-encode"),
        ("postgresql://u:x/pa55word-long", "percent-encode"),
        ("postgresql://u:x@pa55word-long@db.example.org/x", "percent-encode"),
        ("postgresql://127.0.0.1,db.example.org/x?sslmode=prefer", "verify-full"),
        ("postgresql://localhost/x?hostaddr=192.0.2.1&sslmode=disable", "verify-full"),
        ("postgresql://localhost/x?service=other", "service"),
    ],
)
def test_a_url_that_would_lead_elsewhere_or_show_the_password_is_refused(url: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words) as told:
        parameters_of(url)
    assert "pa55" not in str(told.value)


async def test_a_variable_of_libpq_leads_the_password_nowhere_else(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.9")
    async with await Database.open(postgres.secret) as opened:
        assert await opened.run(lambda each: each.info.hostaddr) == "127.0.0.1"
        assert await anext(opened.listen("gateway_console_run")) == ""


def test_off_loopback_the_certificate_is_verified_with_its_name() -> None:
    found = parameters_of("postgresql://u:p@db.example.org/x")
    assert found["sslmode"] == "verify-full"
    assert found["sslrootcert"]
