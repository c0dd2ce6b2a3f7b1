"""The OS keyring as a store, against the real Secret Service and against everything that can stand in its place."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from jeepney import new_method_return
from jeepney.low_level import Parser
from support.tokens.secret_service import SecretService
from support.tokens.token_store import ORIGIN, OTHER_ORIGIN, answer_of
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import TokenAnswer
from console.services.tokens.stores import bus
from console.services.tokens.stores.platform_keyring import ChildKeyring, open_keyring
from console.services.tokens.stores.secret_service import SecretServiceStore
from console.services.tokens.stores.store import Store, StoreError, prove_writable, put

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
BACKEND = "keyring.backends.SecretService:Keyring"
SECRET = Secret(TOKEN)
ACME = Reference(Scheme.KEYRING, "acme", "gateway-console")
OTHER = ACME.renamed("other")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's keyring")


async def read_keyring(
    reference: Reference = ACME, timeout_s: float = HANG_S, *, platform: str = sys.platform, origin: str | None = ORIGIN
) -> TokenAnswer:
    return await answer_of(open_keyring(os.environ, timeout_s=timeout_s, platform=platform), reference, origin)


def child(backend: str = BACKEND, timeout_s: float = HANG_S) -> ChildKeyring:
    return ChildKeyring("keyring", backend, os.environ, timeout_s)


def impatient_store() -> SecretServiceStore:
    """Return a store that only the deadline of its calls on the bus can end, and no last bound."""
    return SecretServiceStore(0.1, time_limit=lambda _: asyncio.timeout(None))


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split())


async def begun(before: set[str]) -> None:
    """Wait until there is a child that was not there before."""
    while children() <= before:
        await asyncio.sleep(0)


# --- The real Secret Service -----------------------------------------------------------------------------------------


@pytest.mark.referee
async def test_a_token_that_keyring_stored_is_found(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    answer = await read_keyring()
    assert (answer.state, answer.secret) == (TokenState.FOUND, Secret(TOKEN))
    assert TOKEN not in repr(answer)


@pytest.mark.referee
@pytest.mark.parametrize(
    "reference", [OTHER, Reference(Scheme.KEYRING, "acme", "other"), ACME.renamed("acm"), ACME.renamed("acme@https")]
)
async def test_a_token_of_another_service_or_name_is_not_found(
    secret_service: SecretService, reference: Reference
) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.store("gateway-console", f"acme@{ORIGIN}", TOKEN)
    assert (await read_keyring(reference)).state is TokenState.ABSENT


@pytest.mark.referee
@pytest.mark.parametrize("stored", ["two words", "ünicode", "line\nline", "€"])
async def test_a_stored_value_that_cannot_be_a_token_is_unavailable_and_not_repeated(
    secret_service: SecretService, stored: str
) -> None:
    secret_service.store("gateway-console", "acme", stored)
    answer = await read_keyring()
    assert (answer.state, answer.secret) == (TokenState.UNAVAILABLE, None)
    assert stored not in answer.reason


@pytest.mark.referee
async def test_a_locked_keyring_is_locked_and_stays_so(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.lock()
    for _ in range(2):
        answer = await read_keyring()
        assert answer.state is TokenState.LOCKED


@pytest.mark.referee
async def test_a_locked_keyring_is_locked_whether_it_has_the_entry_or_not(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.lock()
    assert (await read_keyring(OTHER)).state is TokenState.LOCKED


@pytest.mark.referee
async def test_a_frozen_daemon_is_a_timeout(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.freeze()
    answer = await answer_of(impatient_store(), ACME)
    assert (answer.state, answer.reason) == (TokenState.TIMEOUT, "the keyring did not answer within 0.1 s")


@pytest.mark.referee
async def test_one_process_is_one_client_whatever_it_asks(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, SECRET)
    clients = secret_service.clients()
    assert {connection.unique_name for _, connection in bus._idle} & clients
    assert (await read_keyring()).secret == SECRET
    assert (await read_keyring(OTHER)).state is TokenState.ABSENT
    secret_service.lock()
    assert (await read_keyring()).state is TokenState.LOCKED
    assert (await read_keyring()).state is TokenState.LOCKED
    assert secret_service.clients() == clients


@pytest.mark.referee
async def test_a_client_whose_connection_went_away_comes_back_as_another(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, SECRET)
    for _, connection in bus._idle:
        connection.sock.shutdown(socket.SHUT_RDWR)
    assert (await read_keyring()).secret == SECRET


@pytest.mark.referee
async def test_a_killed_daemon_is_an_answer_without_a_token(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.kill()
    answer = await read_keyring()
    assert answer.state in (TokenState.LOCKED, TokenState.ABSENT, TokenState.UNAVAILABLE)


@pytest.mark.referee
async def test_the_loop_runs_on_while_a_frozen_daemon_is_asked(secret_service: SecretService) -> None:
    """It is the loop that lets the daemon go on: one that stood still would get no answer."""
    secret_service.freeze()
    reading = asyncio.create_task(read_keyring())
    await asyncio.sleep(0)
    secret_service.thaw()
    assert (await reading).state is TokenState.ABSENT


@pytest.mark.referee
async def test_many_readings_at_once_all_find_the_token(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    answers = await asyncio.gather(*(read_keyring() for _ in range(12)))
    assert {answer.state for answer in answers} == {TokenState.FOUND}


# --- Storing ---------------------------------------------------------------------------------------------------------


@pytest.mark.referee
async def test_a_token_that_is_put_is_found_again_bound_to_its_origin(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, SECRET)
    answer = await read_keyring()
    assert (answer.state, answer.secret, answer.origin) == (TokenState.FOUND, SECRET, ORIGIN)
    assert secret_service.stored("gateway-console", f"acme@{ORIGIN}") == TOKEN


@pytest.mark.referee
async def test_a_token_that_another_tool_stored_is_bound_to_no_origin(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    assert (await read_keyring()).origin is None


@pytest.mark.referee
async def test_a_bound_token_comes_before_one_that_another_tool_stored(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", "plain-token")
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, SECRET)
    assert (await read_keyring()).secret == SECRET
    assert set(await SecretServiceStore(HANG_S).origins(ACME)) == {None, ORIGIN}


@pytest.mark.referee
async def test_a_token_that_is_bound_elsewhere_is_refused_even_where_a_plain_one_lies(
    secret_service: SecretService,
) -> None:
    secret_service.store("gateway-console", "acme", "plain-token")
    await put(SecretServiceStore(HANG_S), ACME, OTHER_ORIGIN, SECRET)
    answer = await read_keyring()
    assert (answer.state, answer.secret) == (TokenState.REFUSED, None)
    assert OTHER_ORIGIN in answer.reason


@pytest.mark.referee
async def test_a_name_keeps_a_token_for_each_of_several_origins(secret_service: SecretService) -> None:
    store = SecretServiceStore(HANG_S)
    await put(store, ACME, ORIGIN, SECRET)
    await put(store, ACME, OTHER_ORIGIN, Secret("other-token"))
    assert (await read_keyring()).secret == SECRET
    assert (await read_keyring(origin=OTHER_ORIGIN)).secret == Secret("other-token")


@pytest.mark.referee
async def test_storing_again_replaces_and_removing_leaves_nothing(secret_service: SecretService) -> None:
    store = SecretServiceStore(HANG_S)
    for value in ("first-token", "second-token"):
        await put(store, ACME, ORIGIN, Secret(value))
    assert (await read_keyring()).secret == Secret("second-token")
    assert await store.remove(ACME, ORIGIN)
    assert not await store.remove(ACME, ORIGIN)
    assert (await read_keyring()).state is TokenState.ABSENT


@pytest.mark.referee
async def test_proving_that_a_store_can_write_leaves_nothing_behind(secret_service: SecretService) -> None:
    await prove_writable(SecretServiceStore(HANG_S), ACME, ORIGIN)
    assert secret_service.usernames("gateway-console") == []


@pytest.mark.referee
@pytest.mark.parametrize("deed", ["write", "remove", "origins"])
async def test_a_locked_keyring_is_locked_for_every_deed(secret_service: SecretService, deed: str) -> None:
    secret_service.lock()
    with pytest.raises(StoreError) as caught:
        await do(SecretServiceStore(HANG_S), deed)
    assert caught.value.state is TokenState.LOCKED


@pytest.mark.referee
@pytest.mark.parametrize("deed", ["write", "remove", "origins"])
async def test_a_frozen_daemon_is_a_timeout_for_every_deed(secret_service: SecretService, deed: str) -> None:
    secret_service.freeze()
    with pytest.raises(StoreError) as caught:
        await do(impatient_store(), deed)
    assert caught.value.state is TokenState.TIMEOUT


async def do(store: Store, deed: str) -> object:
    match deed:
        case "write":
            return await store.write(ACME, ORIGIN, TOKEN.encode())
        case "remove":
            return await store.remove(ACME, ORIGIN)
        case _:
            return await store.origins(ACME)


@pytest.mark.referee
async def test_the_tokens_bytes_are_in_no_file_of_the_keyrings_home(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, SECRET)
    await prove_writable(SecretServiceStore(HANG_S), ACME, ORIGIN)
    files = [path for path in secret_service.home.rglob("*") if path.is_file()]
    assert [path for path in files if path.name.endswith(".keyring")] != []
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


# --- Through a backend in a child process ----------------------------------------------------------------------------


@pytest.mark.referee
async def test_a_child_finds_the_token_through_keyrings_own_backend(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    answer = await answer_of(child(), ACME)
    assert (answer.state, answer.secret) == (TokenState.FOUND, Secret(TOKEN))


@pytest.mark.referee
async def test_a_child_says_that_there_is_no_such_entry(secret_service: SecretService) -> None:
    assert (await answer_of(child(), ACME)).state is TokenState.ABSENT


@pytest.mark.referee
async def test_a_child_stores_finds_and_removes(secret_service: SecretService) -> None:
    store = child()
    await put(store, ACME, ORIGIN, SECRET)
    assert (await answer_of(SecretServiceStore(HANG_S), ACME)).secret == SECRET
    answer = await answer_of(store, ACME)
    assert (answer.state, answer.secret, answer.origin) == (TokenState.FOUND, SECRET, ORIGIN)
    assert (await answer_of(store, ACME, OTHER_ORIGIN)).state is TokenState.ABSENT
    assert await store.origins(ACME) is None
    assert await store.remove(ACME, ORIGIN)
    assert not await store.remove(ACME, ORIGIN)


@pytest.mark.referee
async def test_a_child_says_that_the_keyring_is_locked(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    secret_service.lock()
    assert (await answer_of(child(), ACME)).state is TokenState.LOCKED


@pytest.mark.referee
async def test_neither_a_variable_nor_a_file_chooses_the_childs_backend(
    secret_service: SecretService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`keyring` itself would load what these name, and run it."""
    (tmp_path / "evil.py").write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    settings = tmp_path / "config" / "python_keyring"
    settings.mkdir(parents=True)
    (settings / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring=evil.Keyring\nkeyring-path={tmp_path}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "evil.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    secret_service.store("gateway-console", "acme", TOKEN)
    assert (await answer_of(child(), ACME)).secret == SECRET
    assert (await read_keyring()).secret == SECRET
    assert not (tmp_path / "ran").exists()


def test_each_platform_has_its_own_keyring_and_kwallet_is_asked_for_by_name() -> None:
    sources = {platform: open_keyring({}, platform=platform).source for platform in ("linux", "darwin", "win32", "x")}
    assert sources == {
        "linux": "Secret Service",
        "darwin": "macOS keychain",
        "win32": "Windows credential store",
        "x": "keyring",
    }
    assert open_keyring({}, "kwallet", platform="linux").source == "KWallet"


async def test_kwallet_without_its_daemon_is_unavailable() -> None:
    answer = await answer_of(open_keyring({}, "kwallet", timeout_s=HANG_S), ACME)
    assert (answer.state, answer.reason) == (TokenState.UNAVAILABLE, "the KWallet cannot be used here")


@pytest.mark.referee
async def test_a_backend_that_hangs_is_a_timeout_and_its_child_is_gone(secret_service: SecretService) -> None:
    secret_service.freeze()
    before = children()
    reading = asyncio.create_task(answer_of(child(timeout_s=0.5), ACME))
    await begun(before)
    assert (await reading).state is TokenState.TIMEOUT
    assert children() == before


@pytest.mark.referee
async def test_cancelling_the_reading_ends_its_child(secret_service: SecretService) -> None:
    secret_service.freeze()
    before = children()
    reading = asyncio.create_task(answer_of(child(), ACME))
    await begun(before)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children() == before


@pytest.mark.parametrize("backend", ["no.such.module:Keyring", "keyring.backends.SecretService:NoSuch", "json", ""])
async def test_an_unknown_backend_is_unavailable(backend: str) -> None:
    answer = await answer_of(child(backend), ACME)
    assert (answer.state, answer.secret) == (TokenState.UNAVAILABLE, None)


async def test_another_platforms_backend_cannot_be_used_here() -> None:
    answer = await read_keyring(platform="darwin")
    assert (answer.state, answer.secret) == (TokenState.UNAVAILABLE, None)


async def test_a_platform_without_a_keyring_is_unavailable() -> None:
    answer = await read_keyring(platform="plan9")
    assert answer == TokenAnswer(TokenState.UNAVAILABLE, reason="the console knows no keyring for this platform")


# --- No bus, or something else in its place --------------------------------------------------------------------------


@pytest.fixture
def socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a path that this process takes for its session bus."""
    path = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
    return path


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen(8)
        yield listener


async def test_without_a_bus_address_there_is_no_session_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    answer = await read_keyring()
    assert answer.state is TokenState.UNAVAILABLE
    assert "DBUS_SESSION_BUS_ADDRESS is not set" in answer.reason


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "unix:",
        "unix:tmpdir=/tmp",
        "autolaunch:",
        "disabled:",
        "tcp:host=127.0.0.1,port=1",
        "unixexec:path=x",
    ],
)
async def test_a_bus_address_that_cannot_be_used_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    answer = await read_keyring()
    assert answer.state is TokenState.UNAVAILABLE
    assert capfd.readouterr() == ("", "")


async def test_a_missing_socket_is_unavailable(socket_path: Path) -> None:
    answer = await read_keyring()
    assert answer.state is TokenState.UNAVAILABLE


async def test_a_stale_socket_is_unavailable(socket_path: Path) -> None:
    with listening(socket_path):
        pass
    answer = await read_keyring()
    assert answer.state is TokenState.UNAVAILABLE


async def test_a_socket_that_accepts_and_never_answers_is_a_timeout(socket_path: Path) -> None:
    with listening(socket_path):
        answer = await read_keyring(timeout_s=0.1)
    assert answer.state is TokenState.TIMEOUT


async def test_a_bus_that_lets_one_in_and_then_is_silent_is_a_timeout(socket_path: Path) -> None:
    """Its welcome comes when the asker has given up; what jeepney waits for there has no deadline of its own."""
    is_greeted, has_given_up = threading.Event(), threading.Event()
    bound = asyncio.timeout(None)

    def greet_late() -> None:
        peer, _ = listener.accept()
        with closing(peer), peer.makefile("rb") as incoming:
            incoming.readline()
            peer.sendall(b"OK 1234deadbeef\r\n")
            incoming.readline()
            parser = Parser()
            hello = None
            while hello is None:
                parser.add_data(incoming.read1(4096))
                hello = parser.get_next_message()
            is_greeted.set()
            has_given_up.wait()
            peer.sendall(new_method_return(hello, "s", (":1.1",)).serialise(serial=1))

    with listening(socket_path) as listener:
        greeting = threading.Thread(target=greet_late, daemon=True)
        greeting.start()
        reading = asyncio.create_task(answer_of(SecretServiceStore(HANG_S, time_limit=lambda _: bound), ACME))
        await asyncio.to_thread(is_greeted.wait)
        bound.reschedule(0)
        answer = await reading
        has_given_up.set()
        greeting.join()
    assert answer.state is TokenState.TIMEOUT


@pytest.mark.parametrize(
    "replies",
    [
        [b"ERROR\r\n"],
        [b"REJECTED ANONYMOUS\r\n"],
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [b"\xff" * 64],
    ],
    ids=["error", "rejected", "http", "noise"],
)
async def test_a_bus_that_speaks_rubbish_is_an_answer_without_a_token(socket_path: Path, replies: list[bytes]) -> None:
    with listening(socket_path) as listener:

        def speak() -> None:
            peer, _ = listener.accept()
            with closing(peer):
                for reply in replies:
                    if not peer.recv(4096).strip(b"\0"):
                        peer.recv(4096)
                    peer.sendall(reply)

        speaking = threading.Thread(target=speak, daemon=True)
        speaking.start()
        answer = await read_keyring()
        speaking.join()
    assert answer.state is TokenState.UNAVAILABLE
    assert "DBUS_SESSION_BUS_ADDRESS" not in answer.reason


def test_the_tests_do_not_run_on_the_users_own_bus(socket_path: Path) -> None:
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == f"unix:path={socket_path}"
