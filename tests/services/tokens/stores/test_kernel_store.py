"""The kernel store, on the real session keyring where the machine has one, and against kernels that say no."""

import asyncio
import errno
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.tokens.token_store import ORIGIN, OTHER_ORIGIN, answer_of
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.kernel_call import KernelKeys, SessionKeys
from console.services.tokens.stores.kernel_store import KernelStore
from console.services.tokens.stores.store import StoreError, prove_writable, put

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
SECRET = Secret(TOKEN)


def kernel_says() -> str:
    """Return why this machine's kernel keeps no keys; empty where it does."""
    try:
        SessionKeys().search("gateway-console:none")
    except OSError as error:
        return "" if error.errno == errno.ENOKEY else f"{errno.errorcode.get(error.errno or 0)}"
    return ""


WHY_NOT = kernel_says()
real_kernel = pytest.mark.skipif(WHY_NOT != "", reason=f"NOT TESTED: this machine's kernel keeps no keys ({WHY_NOT})")


@pytest.fixture
def name() -> Iterator[Reference]:
    """Return a name that nothing else uses, and take its key away afterwards."""
    reference = Reference(Scheme.KERNEL, f"test-{secrets.token_hex(6)}")
    yield reference
    try:
        keys = SessionKeys()
        keys.unlink(keys.search(f"gateway-console:{reference.name}"))
    except OSError:
        pass


@real_kernel
async def test_a_token_that_is_put_is_found_again_bound_to_its_origin(name: Reference) -> None:
    store = KernelStore()
    assert (await answer_of(store, name)).state is TokenState.ABSENT
    await put(store, name, ORIGIN, SECRET)
    answer = await answer_of(store, name)
    assert (answer.state, answer.secret, answer.origin) == (TokenState.FOUND, SECRET, ORIGIN)
    assert await store.origins(name) == (ORIGIN,)
    assert (await answer_of(store, name, OTHER_ORIGIN)).state is TokenState.REFUSED


@real_kernel
async def test_another_process_of_the_session_finds_the_token(name: Reference) -> None:
    """A key that was added to a session keyring of the process's own would be gone with the process."""
    code = (
        "import asyncio, sys; from console.services.tokens.stores.kernel_store import KernelStore;"
        " from console.services.tokens.reference import Reference;"
        f" asyncio.run(KernelStore().write(Reference.parse(sys.argv[1]), {ORIGIN!r}, sys.stdin.buffer.read()))"
    )
    subprocess.run([sys.executable, "-c", code, str(name)], input=TOKEN.encode(), check=True, timeout=HANG_S)
    assert (await answer_of(KernelStore(), name)).secret == SECRET


@real_kernel
async def test_a_token_goes_when_its_time_has_run_out(name: Reference) -> None:
    await put(KernelStore(lifetime_s=3600), name, ORIGIN, SECRET)
    keys = SessionKeys()
    keys.set_timeout(keys.search(f"gateway-console:{name.name}"), 1)
    while (await answer_of(KernelStore(), name)).state is TokenState.FOUND:
        await asyncio.sleep(0)
    assert (await answer_of(KernelStore(), name)).state is TokenState.ABSENT


@real_kernel
async def test_a_token_is_removed_and_the_store_proves_that_it_can_write(name: Reference) -> None:
    store = KernelStore()
    await prove_writable(store, name, ORIGIN)
    await put(store, name, ORIGIN, SECRET)
    assert not await store.remove(name, OTHER_ORIGIN)
    assert await store.remove(name, ORIGIN)
    assert not await store.remove(name, ORIGIN)
    assert (await answer_of(store, name)).state is TokenState.ABSENT


@real_kernel
async def test_a_key_that_keyctl_added_is_bound_to_no_origin(name: Reference) -> None:
    SessionKeys().add(f"gateway-console:{name.name}", TOKEN.encode())
    answer = await answer_of(KernelStore(), name)
    assert (answer.state, answer.secret, answer.origin) == (TokenState.FOUND, SECRET, None)


# --- Kernels that say no ---------------------------------------------------------------------------------------------


@dataclass
class RefusingKeys:
    """A kernel that answers every call with one error, or only those after a key was added."""

    number: int
    after_add: bool = False
    unlinked: bool = False

    def add(self, description: str, payload: bytes) -> int:
        if not self.after_add:
            raise OSError(self.number, "no")
        return 7

    def search(self, description: str) -> int:
        raise OSError(self.number, "no")

    def read(self, key: int) -> bytes:
        raise OSError(self.number, "no")

    def set_timeout(self, key: int, seconds: int) -> None:
        raise OSError(self.number, "no")

    def unlink(self, key: int) -> None:
        self.unlinked = True


REFERENCE = Reference(Scheme.KERNEL, "acme")


@pytest.mark.parametrize("number", [errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED])
async def test_a_key_that_is_not_there_or_not_any_more_is_absent(number: int) -> None:
    assert (await answer_of(KernelStore(lambda: RefusingKeys(number)), REFERENCE)).state is TokenState.ABSENT


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSYS, "this platform has no kernel keyring"),
        (errno.EPERM, "not permitted here"),
        (errno.EACCES, "not permitted here"),
        (errno.EDQUOT, "is full"),
        (errno.EIO, "cannot be used: "),
    ],
)
async def test_a_kernel_that_refuses_is_unavailable_in_words_of_its_own(number: int, words: str) -> None:
    store = KernelStore(lambda: RefusingKeys(number))
    answer = await answer_of(store, REFERENCE)
    assert (answer.state, words in answer.reason) == (TokenState.UNAVAILABLE, True)
    with pytest.raises(StoreError, match=words.replace("(", r"\(").replace(")", r"\)")):
        await store.write(REFERENCE, ORIGIN, TOKEN.encode())


async def test_a_platform_without_the_calls_is_unavailable() -> None:
    def open_keys() -> KernelKeys:
        raise OSError(errno.ENOSYS, "no")

    assert (await answer_of(KernelStore(open_keys), REFERENCE)).state is TokenState.UNAVAILABLE


async def test_a_key_that_cannot_be_given_an_end_is_taken_away_again() -> None:
    keys = RefusingKeys(errno.EPERM, after_add=True)
    with pytest.raises(StoreError):
        await KernelStore(lambda: keys).write(REFERENCE, ORIGIN, TOKEN.encode())
    assert keys.unlinked
