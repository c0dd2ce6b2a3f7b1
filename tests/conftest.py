"""Fixtures that more than one folder uses."""

import gc
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from support import examples
from support.referees.not_tested import not_tested
from support.run.billing import billed_twice_below

from console.services.system.leak_guard import LEAK_GUARD

if TYPE_CHECKING:
    from support.postgres.databases import Postgres
    from support.postgres.server import Server
    from support.tokens.secret_service import SecretService


def pytest_configure(config: pytest.Config) -> None:
    """Have hypothesis try all examples where no mark leaves tests out, as in `.ci/run`."""
    examples.set_up(0.25 if config.option.markexpr else 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that at the end no process waits for one of them."""
    heavy = {item.path for item in items for mark in _HEAVY if item.get_closest_marker(mark)}
    items.sort(key=lambda item: item.path not in heavy)


_HEAVY = ("referee", "terminal", "long")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector leave alone what stays for the whole session, and look less often.

    While thousands of tests are collected, it would look through all of them again and again and find nothing.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)


@pytest.fixture(autouse=True)
def _tokens_of_one_test() -> Iterator[None]:
    """Let each test know its own tokens alone, as a process of its own would.

    What a hundred other tests made up would be looked for in every line that a screen draws, and masked in it.
    """
    known = LEAK_GUARD._secrets.copy()
    yield
    LEAK_GUARD._secrets[:] = known


@pytest.fixture(autouse=True, scope="session")
def _no_brief_is_billed_twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look through the ledgers that all tests of this process left."""
    yield
    assert billed_twice_below(tmp_path_factory.getbasetemp()) == []


@pytest.fixture(autouse=True, scope="session")
def _signals_as_a_shell_gives_them() -> None:
    """Let children end by signals, also where the tests were started by nohup or in the background of a script."""
    for each, usual in (
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(each) is signal.SIG_IGN:
            signal.signal(each, usual)


@pytest.fixture
def secret_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["SecretService"]:
    """Run a real, unlocked Secret Service on a session bus of its own, and put this process on that bus."""
    _require_programs({"dbus-daemon": "dbus", "gnome-keyring-daemon": "gnome-keyring"})
    from support.tokens.secret_service import running_secret_service

    with running_secret_service(tmp_path / "keyring-home") as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.bus_address)
        yield service


@pytest.fixture(scope="session")
def _postgres_server() -> "Iterator[Server]":
    """Run a real PostgreSQL server, one for all tests of this process."""
    from support.postgres.server import programs, running_server

    found = programs()
    if found is None:
        not_tested("a real PostgreSQL", "initdb missing; apt-get install -y --no-install-recommends postgresql")
    # Not below pytest's own directory, which the server's user may not enter.
    with TemporaryDirectory(prefix="gc-pg-") as directory:
        Path(directory).chmod(0o755)
        with running_server(Path(directory) / "server", found) as server:
            yield server


@pytest.fixture
def postgres(_postgres_server: "Server") -> "Iterator[Postgres]":
    """Return a fresh database on a real server, with nothing in it."""
    from support.postgres.databases import Postgres

    if not _postgres_server.is_running:  # a test stopped it
        _postgres_server.start()
    name = _postgres_server.create_database()
    yield Postgres(_postgres_server, name, _postgres_server.url(name))
    if not _postgres_server.is_running:
        _postgres_server.start()
    _postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def _team_template(_postgres_server: "Server") -> str:
    """Return the name of a database that is set up as `store migrate` and `store grants --apply` do."""
    from support.postgres.databases import set_up

    if not _postgres_server.is_running:
        _postgres_server.start()
    name = _postgres_server.create_database()
    set_up(_postgres_server.url(name))
    return name


@pytest.fixture
def team_database(_postgres_server: "Server", _team_template: str) -> "Iterator[Postgres]":
    """Return a fresh database that is set up for team mode, with an id of its own."""
    from support.postgres.databases import Postgres, name_log

    if not _postgres_server.is_running:
        _postgres_server.start()
    name = _postgres_server.create_database(_team_template)
    database = Postgres(_postgres_server, name, _postgres_server.url(name))
    name_log(database.url)
    yield database
    if not _postgres_server.is_running:
        _postgres_server.start()
    _postgres_server.drop_database(name)


def _require_programs(packages: dict[str, str]) -> None:
    """Skip loudly where a program is missing; fail where the referees are required."""
    missing = {program: package for program, package in packages.items() if shutil.which(program) is None}
    if not missing:
        return
    packages_missing = " ".join(missing.values())
    how = f"apt-get install -y --no-install-recommends {packages_missing}"
    not_tested("the real Secret Service", f"{', '.join(missing)} missing; {how}")
