"""The vault: what is in its file, who may open it, and what a file that was changed leads to."""

import asyncio
import base64
import errno
import json
import os
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tokens.token_store import CHEAP, ORIGIN, OTHER_ORIGIN, answer_of
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import GatewaySettings
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import open_sources, vault_passphrase
from console.services.tokens.stores.kernel_call import KernelKeys
from console.services.tokens.stores.store import StoreError, prove_writable, put
from console.services.tokens.stores.vault_file import read_vault
from console.services.tokens.stores.vault_store import VaultStore
from console.services.tokens.terminal import NoTerminalError

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
SECRET = Secret(TOKEN)
ACME = Reference(Scheme.VAULT, "acme")


def no_kernel() -> KernelKeys:
    raise OSError(errno.ENOSYS, "no")


def opened(path: Path, passphrase: bytes = b"correct horse", **options: Any) -> VaultStore:
    options = {"cost": CHEAP, "open_keys": no_kernel, "lock_timeout_s": HANG_S} | options
    return VaultStore(path, lambda _: passphrase, **options)


def not_asked(is_new: bool) -> bytes:
    raise AssertionError("asked")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "share" / "gateway-console" / "vault.json"


@pytest.fixture
async def filled(path: Path) -> Path:
    await put(opened(path), ACME, ORIGIN, SECRET)
    return path


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


async def test_a_token_that_is_put_is_found_again_by_another_process(filled: Path) -> None:
    answer = await answer_of(opened(filled), ACME)
    assert (answer.state, answer.secret, answer.origin) == (TokenState.FOUND, SECRET, ORIGIN)
    assert await opened(filled).origins(ACME) == (ORIGIN,)


async def test_a_vault_of_the_real_cost_is_made_and_read(path: Path) -> None:
    """The one test that pays for it: 128 MiB for each of two keys."""
    await put(VaultStore(path, lambda _: b"correct horse", open_keys=no_kernel), ACME, ORIGIN, SECRET)
    assert json.loads(path.read_bytes())["kdf"]["n"] == 2**17
    assert (await answer_of(VaultStore(path, lambda _: b"correct horse", open_keys=no_kernel), ACME)).secret == SECRET


async def test_neither_token_nor_passphrase_is_in_any_file(filled: Path) -> None:
    everything = b"".join(each.read_bytes() for each in filled.parent.parent.rglob("*") if each.is_file())
    for text in (TOKEN.encode(), b"correct horse"):
        assert text not in everything
        assert base64.b64encode(text)[:-4] not in everything


async def test_the_file_and_its_directory_are_this_users_alone(filled: Path) -> None:
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.parent.stat().st_mode) == 0o700
    assert sorted(each.name for each in filled.parent.iterdir()) == ["vault.json", "vault.lock"]


async def test_without_a_vault_nobody_is_asked(path: Path) -> None:
    store = VaultStore(path, not_asked, cost=CHEAP, open_keys=no_kernel)
    assert (await answer_of(store, ACME)).state is TokenState.ABSENT
    assert not await store.remove(ACME, ORIGIN)
    assert await store.origins(ACME) == ()
    assert not path.exists()


async def test_a_name_that_is_not_there_or_bound_elsewhere_is_said_without_a_passphrase(filled: Path) -> None:
    store = VaultStore(filled, not_asked, cost=CHEAP, open_keys=no_kernel)
    assert (await answer_of(store, ACME.renamed("other"))).state is TokenState.ABSENT
    assert (await answer_of(store, ACME, OTHER_ORIGIN)).state is TokenState.REFUSED


async def test_a_wrong_passphrase_leaves_it_locked_for_reading_and_for_writing(filled: Path) -> None:
    before = filled.read_bytes()
    store = opened(filled, b"wrong")
    answer = await answer_of(store, ACME)
    assert (answer.state, answer.reason) == (TokenState.LOCKED, "the vault's passphrase is wrong")
    with pytest.raises(StoreError, match="passphrase is wrong"):
        await store.write(ACME, ORIGIN, b"x")
    assert filled.read_bytes() == before


async def test_the_passphrase_is_asked_once_in_the_life_of_a_process(path: Path) -> None:
    asked: list[bool] = []

    def passphrase(is_new: bool) -> bytes:
        asked.append(is_new)
        return b"correct horse"

    store = VaultStore(path, passphrase, cost=CHEAP, open_keys=no_kernel)
    await prove_writable(store, ACME, ORIGIN)
    await put(store, ACME, ORIGIN, SECRET)
    assert (await answer_of(store, ACME)).secret == SECRET
    assert asked == [True]


async def test_a_removed_token_is_gone_from_the_file(filled: Path) -> None:
    assert not await opened(filled).remove(ACME, OTHER_ORIGIN)
    assert await opened(filled).remove(ACME, ORIGIN)
    assert json.loads(filled.read_bytes())["entries"] == {}


# --- A file that was changed -----------------------------------------------------------------------------------------


def flip(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[0] ^= 1
    return base64.b64encode(data).decode()


def other_text(document: dict[str, Any]) -> None:
    token = document["entries"]["acme"]["token"]
    token["text"] = flip(token["text"])


def other_nonce(document: dict[str, Any]) -> None:
    token = document["entries"]["acme"]["token"]
    token["nonce"] = flip(token["nonce"])


def short_nonce(document: dict[str, Any]) -> None:
    document["entries"]["acme"]["token"]["nonce"] = "AAAA"


def other_origin(document: dict[str, Any]) -> None:
    document["entries"]["acme"]["origin"] = OTHER_ORIGIN


@pytest.mark.parametrize("change", [other_text, other_nonce, short_nonce])
async def test_an_entry_that_was_tampered_with_is_refused(filled: Path, change: Callable[[Any], None]) -> None:
    changed(filled, change)
    answer = await answer_of(opened(filled), ACME)
    assert (answer.state, answer.secret) == (TokenState.REFUSED, None)
    assert "something else changed" in answer.reason


async def test_a_token_cannot_be_moved_to_another_origin_by_editing_the_file(filled: Path) -> None:
    changed(filled, other_origin)
    assert (await answer_of(opened(filled), ACME, OTHER_ORIGIN)).state is TokenState.REFUSED


async def test_a_token_cannot_be_moved_to_another_name_by_editing_the_file(filled: Path) -> None:
    changed(filled, lambda document: document["entries"].update(other=document["entries"]["acme"]))
    assert (await answer_of(opened(filled), ACME.renamed("other"))).state is TokenState.REFUSED


@pytest.mark.parametrize(
    ("key", "value"),
    [("n", 2**30), ("n", 2**18), ("n", 2**14), ("n", 3), ("n", 0), ("n", -1), ("r", 10**6), ("p", 10**6), ("r", 0),
     ("salt", ""), ("salt", "AAAA")],
)  # fmt: skip
async def test_a_key_derivation_that_the_console_never_writes_is_refused_before_it_runs(
    filled: Path, key: str, value: object
) -> None:
    """The passphrase is not even asked for."""
    changed(filled, lambda document: document["kdf"].update({key: value}))
    for store in (
        VaultStore(filled, not_asked, cost=CHEAP, open_keys=no_kernel),
        VaultStore(filled, not_asked, open_keys=no_kernel),
    ):
        answer = await answer_of(store, ACME)
        assert (answer.state, answer.secret) == (TokenState.REFUSED, None)


async def test_the_cost_of_these_tests_is_refused_by_the_store_that_the_console_opens(filled: Path) -> None:
    store = open_sources(GatewaySettings(), {"XDG_DATA_HOME": str(filled.parent.parent)}).vault
    answer = await answer_of(store, ACME)
    assert (answer.state, answer.secret) == (TokenState.REFUSED, None)
    assert "a key derivation that the console never writes" in answer.reason


async def test_a_cheaper_key_derivation_opens_nothing(path: Path) -> None:
    await put(opened(path, cost=2 * CHEAP), ACME, ORIGIN, SECRET)
    changed(path, lambda document: document["kdf"].update(n=CHEAP))
    assert (await answer_of(opened(path), ACME)).state is TokenState.LOCKED


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b'{"v":2}', b"[" * 100_000, b'{"v":1,"kdf":{}}',
        b'{"v":1,"entries":{},"extra":1}',
    ],
    ids=lambda content: repr(content[:30]),
)  # fmt: skip
async def test_a_vault_that_is_damaged_is_unavailable_and_never_overwritten(filled: Path, content: bytes) -> None:
    filled.write_bytes(content)
    answer = await answer_of(opened(filled), ACME)
    assert answer.state is TokenState.UNAVAILABLE
    assert "restore a copy" in answer.reason
    with pytest.raises(StoreError):
        await opened(filled).write(ACME, ORIGIN, b"x")
    assert filled.read_bytes() == content


@settings(deadline=None)
@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["v", "kdf", "proof", "entries", "n", "r", "p", "salt", "name"]), inner),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_bytes_at_all_are_taken_for_a_vault_or_make_reading_fail(content: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        read_vault(content)
    assert caught.value.state in (TokenState.UNAVAILABLE, TokenState.REFUSED)


async def test_a_vault_that_was_cut_anywhere_is_unavailable(filled: Path) -> None:
    whole = filled.read_bytes().rstrip()
    for size in range(0, len(whole), 37):
        filled.write_bytes(whole[:size])
        assert (await answer_of(opened(filled), ACME)).state is TokenState.UNAVAILABLE


async def test_a_vault_that_others_may_read_or_that_is_a_link_is_refused(filled: Path) -> None:
    filled.chmod(0o640)
    assert (await answer_of(opened(filled), ACME)).state is TokenState.REFUSED
    filled.chmod(0o600)
    filled.rename(filled.with_name("real.json"))
    filled.symlink_to("real.json")
    assert (await answer_of(opened(filled), ACME)).state is TokenState.REFUSED


async def test_a_vault_that_is_too_large_is_refused(filled: Path) -> None:
    filled.write_bytes(b" " * (1024 * 1024 + 1))
    assert (await answer_of(opened(filled), ACME)).state is TokenState.REFUSED


# --- Two writers -----------------------------------------------------------------------------------------------------


async def test_writers_at_once_lose_nothing_of_each_other(filled: Path) -> None:
    names = [ACME.renamed(f"n{number}") for number in range(8)]
    await asyncio.gather(*(put(opened(filled), name, ORIGIN, Secret(f"token-{name.name}")) for name in names))
    store = opened(filled)
    for name in names:
        assert (await answer_of(store, name)).secret == Secret(f"token-{name.name}")
    assert (await answer_of(store, ACME)).secret == SECRET


async def test_two_that_make_the_vault_at_once_make_one(path: Path) -> None:
    """The other one makes it between the first one's look and its writing."""
    other = ACME.renamed("other")

    def passphrase(is_new: bool) -> bytes:
        if is_new:
            write_from_elsewhere(opened(path), other)
        return b"correct horse"

    await VaultStore(path, passphrase, cost=CHEAP, open_keys=no_kernel).write(ACME, ORIGIN, TOKEN.encode())
    for name in (ACME, other):
        assert (await answer_of(opened(path), name)).secret == SECRET


def write_from_elsewhere(store: VaultStore, name: Reference) -> None:
    """Write while this thread's event loop stands still; the lock on the file knows no threads."""
    writer = threading.Thread(target=lambda: asyncio.run(store.write(name, ORIGIN, TOKEN.encode())))
    writer.start()
    writer.join()


async def test_a_writer_that_does_not_end_is_a_timeout_for_the_next_one(filled: Path) -> None:
    import fcntl

    with filled.with_suffix(".lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError) as caught:
            await opened(filled, lock_timeout_s=0.05).write(ACME, ORIGIN, b"x")
    assert caught.value.state is TokenState.TIMEOUT
    await put(opened(filled), ACME, ORIGIN, SECRET)


async def test_a_link_in_the_lock_files_place_is_refused(filled: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    filled.with_suffix(".lock").unlink()
    filled.with_suffix(".lock").symlink_to(victim)
    with pytest.raises(StoreError):
        await opened(filled).write(ACME, ORIGIN, b"x")
    assert victim.read_text() == "mine"


# --- Unlocking -------------------------------------------------------------------------------------------------------


class Keys:
    """A kernel that keeps keys in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.timeouts_s: list[int] = []

    def add(self, description: str, payload: bytes) -> int:
        self.kept[description] = payload
        return list(self.kept).index(description)

    def search(self, description: str) -> int:
        if description not in self.kept:
            raise OSError(errno.ENOKEY, "no")
        return list(self.kept).index(description)

    def read(self, key: int) -> bytes:
        return list(self.kept.values())[key]

    def set_timeout(self, key: int, seconds: int) -> None:
        self.timeouts_s.append(seconds)

    def unlink(self, key: int) -> None:
        raise AssertionError("nothing is to be unlinked")


def locked_passphrase(is_new: bool) -> bytes:
    raise StoreError(TokenState.LOCKED, "nobody to ask")


async def test_an_unlocked_vault_is_read_without_its_passphrase_for_a_while(filled: Path) -> None:
    keys = Keys()
    await opened(filled, open_keys=lambda: keys).unlock()
    assert keys.timeouts_s == [15 * 60]
    store = VaultStore(filled, locked_passphrase, cost=CHEAP, open_keys=lambda: keys)
    assert (await answer_of(store, ACME)).secret == SECRET
    keys.kept.clear()
    store = VaultStore(filled, locked_passphrase, cost=CHEAP, open_keys=lambda: keys)
    assert (await answer_of(store, ACME)).state is TokenState.LOCKED


async def test_a_wrong_passphrase_unlocks_nothing(filled: Path) -> None:
    keys = Keys()
    with pytest.raises(StoreError, match="passphrase is wrong"):
        await opened(filled, b"wrong", open_keys=lambda: keys).unlock()
    assert keys.kept == {}


async def test_another_key_in_the_kernel_opens_nothing(filled: Path) -> None:
    keys = Keys()
    await opened(filled, open_keys=lambda: keys).unlock()
    for wrong in (b"", b"x" * 32):
        keys.kept = dict.fromkeys(keys.kept, wrong)
        store = VaultStore(filled, locked_passphrase, cost=CHEAP, open_keys=lambda: keys)
        assert (await answer_of(store, ACME)).state is TokenState.LOCKED


async def test_a_vault_cannot_be_left_unlocked_where_the_kernel_keeps_no_keys(filled: Path) -> None:
    with pytest.raises(StoreError, match="keeps no keys"):
        await opened(filled).unlock()


# --- Its passphrase --------------------------------------------------------------------------------------------------


def test_a_passphrase_comes_from_a_private_file_where_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "pass"
    file.write_text("correct horse\n")
    file.chmod(0o600)
    assert vault_passphrase(Reference.parse(f"file:{file}"), None, False) == b"correct horse"
    file.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        vault_passphrase(Reference.parse(f"file:{file}"), None, False)


def test_a_passphrase_file_that_is_not_there_leaves_the_vault_locked(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        vault_passphrase(Reference.parse(f"file:{tmp_path}/none"), lambda _: "typed", False)
    assert caught.value.state is TokenState.LOCKED


def test_a_new_passphrase_is_typed_twice_and_has_a_length() -> None:
    typed = iter(["correct horse", "correct horse", "correct horse", "correct hose", "short", "short"])
    assert vault_passphrase(None, lambda _: next(typed), True) == b"correct horse"
    with pytest.raises(StoreError, match="differ"):
        vault_passphrase(None, lambda _: next(typed), True)
    with pytest.raises(StoreError, match="at least 8 characters"):
        vault_passphrase(None, lambda _: next(typed), True)


def test_without_anybody_to_ask_the_vault_stays_locked() -> None:
    def ask(question: str) -> str:
        raise NoTerminalError

    for asked in (None, ask):
        with pytest.raises(StoreError) as caught:
            vault_passphrase(None, asked, False)
        assert caught.value.state is TokenState.LOCKED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another user's place")
async def test_a_second_user_cannot_read_a_vault_nor_see_that_there_is_one() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "gateway-console" / "vault.json"
        await put(opened(path), ACME, ORIGIN, SECRET)
        for command in (["cat", str(path)], ["ls", str(path.parent)]):
            other = subprocess.run(
                ["setpriv", "--reuid=65534", "--clear-groups", *command], capture_output=True, check=False
            )
            assert (other.returncode != 0, other.stdout) == (True, b"")
