"""Unlocking the real Secret Service without a display, and what a machine is found to have."""

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from support.tokens.prompting_service import prompting_service
from support.tokens.secret_service import SecretService, running_bus, running_secret_service
from support.tokens.token_store import ORIGIN, MemoryStore, answer_of
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.diagnosis import Diagnosis, diagnose
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import Prompt, Sources
from console.services.tokens.stores.machine import KeyringState
from console.services.tokens.stores.secret_service import SecretServiceStore
from console.services.tokens.stores.store import Store, StoreError, put
from console.services.tokens.stores.unlock import is_made, unlock_on_desktop, unlock_with_password

ACME = Reference(Scheme.KEYRING, "acme", "gateway-console")


@pytest.mark.referee
async def test_the_right_password_unlocks_and_the_wrong_one_does_not(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, Secret("a-token"))
    secret_service.lock()
    for wrong in (b"wrong", b"", b"test-pass\n"):
        with pytest.raises(StoreError) as caught:
            await unlock_with_password(wrong, HANG_S)
        assert (caught.value.state, caught.value.reason) == (TokenState.LOCKED, "the password is wrong")
        assert secret_service.is_locked()
    await unlock_with_password(b"test-pass", HANG_S)
    assert (await answer_of(SecretServiceStore(HANG_S), ACME)).state is TokenState.FOUND


@pytest.mark.referee
async def test_a_frozen_daemon_is_not_unlocked_and_that_is_a_timeout(secret_service: SecretService) -> None:
    secret_service.freeze()
    for unlocking in (unlock_with_password(b"test-pass", 0.1), unlock_on_desktop(0.1), is_made(0.1)):
        with pytest.raises(StoreError) as caught:
            await unlocking
        assert (caught.value.state, caught.value.reason) == (
            TokenState.TIMEOUT,
            "the keyring did not answer within 0.1 s",
        )


@pytest.mark.referee
async def test_without_a_display_the_desktops_prompt_ends_by_itself(secret_service: SecretService) -> None:
    """What waited for somebody would be a timeout."""
    secret_service.lock()
    with pytest.raises(StoreError) as caught:
        await unlock_on_desktop(HANG_S, bus_timeout_s=HANG_S)
    assert caught.value.state is TokenState.LOCKED


@pytest.fixture
def bus_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret_service: SecretService) -> Iterator[str]:
    """Run a real session bus without a keyring; `secret_service` sees to it that the programs are there."""
    with running_bus(tmp_path / "bus-home", can_start=False) as (address, _):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.mark.referee
async def test_a_prompt_that_a_person_answers_unlocks(bus_address: str) -> None:
    with prompting_service(bus_address, answers=True) as service:
        await unlock_on_desktop(HANG_S, bus_timeout_s=HANG_S)
    assert not service.is_locked
    assert "Dismiss" not in service.calls


@pytest.mark.referee
async def test_a_prompt_without_an_answer_is_taken_away_at_the_deadline(bus_address: str) -> None:
    """The deadline comes once the prompt is shown."""
    with prompting_service(bus_address) as service:
        with pytest.raises(StoreError) as caught:
            await unlock_on_desktop(
                HANG_S, bus_timeout_s=HANG_S, clock=lambda: HANG_S if service.was_prompted.is_set() else 0.0
            )
        assert service.was_dismissed.wait(HANG_S)
    assert (caught.value.state, caught.value.reason) == (
        TokenState.TIMEOUT,
        "the desktop's prompt was not answered in time",
    )


@pytest.mark.referee
async def test_leaving_takes_the_prompt_away(bus_address: str) -> None:
    with prompting_service(bus_address) as service:
        waiting = asyncio.create_task(unlock_on_desktop(HANG_S, bus_timeout_s=HANG_S))
        assert await asyncio.to_thread(service.was_prompted.wait, HANG_S)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(service.was_dismissed.wait, HANG_S)


@pytest.mark.referee
async def test_nothing_but_an_explicit_unlock_raises_a_prompt(bus_address: str) -> None:
    with prompting_service(bus_address) as service:
        store = SecretServiceStore(HANG_S)
        assert (await answer_of(store, ACME)).state is TokenState.LOCKED
        for deed in (store.write(ACME, ORIGIN, b"a-token"), store.remove(ACME, ORIGIN), store.origins(ACME)):
            with pytest.raises(StoreError) as caught:
                await deed
            assert caught.value.state is TokenState.LOCKED
        assert (await look(store)).machine.keyring is KeyringState.LOCKED
    assert not {"Unlock", "Prompt"} & set(service.calls)


@pytest.mark.referee
async def test_a_keyring_that_takes_its_password_in_its_own_prompt_only_says_so(bus_address: str) -> None:
    with prompting_service(bus_address), pytest.raises(StoreError, match="token unlock --desktop"):
        await unlock_with_password(b"test-pass", HANG_S)


@pytest.mark.referee
async def test_a_servers_first_keyring_is_made_under_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret_service: SecretService
) -> None:
    """The fixture sees to it that the programs are there; this one runs a daemon that has no keyring at all."""
    with running_secret_service(tmp_path / "first", is_unlocked=False) as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.bus_address)
        assert not await is_made(HANG_S)
        assert (await answer_of(SecretServiceStore(HANG_S), ACME)).state is TokenState.ABSENT
        with pytest.raises(StoreError, match="no keyring yet"):
            await put(SecretServiceStore(HANG_S), ACME, ORIGIN, Secret("a-token"))
        assert (await look(SecretServiceStore(HANG_S))).machine.keyring is KeyringState.NO_KEYRING
        await unlock_with_password(b"first password", HANG_S)
        assert await is_made(HANG_S)
        await put(SecretServiceStore(HANG_S), ACME, ORIGIN, Secret("a-token"))
        service.lock()
        await unlock_with_password(b"first password", HANG_S)
        assert (await answer_of(SecretServiceStore(HANG_S), ACME)).secret == Secret("a-token")


# --- What the doctor says --------------------------------------------------------------------------------------------


async def look(
    keyring: Store,
    *references: str,
    environment: Mapping[str, str] | None = None,
    kernel: MemoryStore | None = None,
    platform: str = "linux",
    clock: Callable[[], float] = time.monotonic,
) -> Diagnosis:
    known = dict(os.environ) if environment is None else dict(environment)
    sources = Sources(known, keyring, kernel or MemoryStore(), MemoryStore(), Prompt(None))
    parsed = [Reference.parse(text) for text in references or ("keyring://gateway-console/acme",)]
    return await diagnose(parsed, sources, ORIGIN, known, platform=platform, timeout_s=HANG_S, clock=clock)


def slow_clock(looks: int) -> Callable[[], float]:
    """Return a clock on which a tenth of a second is left of `HANG_S` at its last look.

    A doctor looks once before each question: three are the bus's, which answers, and the next is the daemon's.
    """
    step_s = (HANG_S - 0.1) / looks
    return itertools.count(0.0, step_s).__next__


@pytest.mark.referee
async def test_an_open_keyring_without_the_token_is_answered_with_how_to_store_it(
    secret_service: SecretService,
) -> None:
    diagnosis = await look(SecretServiceStore(HANG_S))
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.ABSENT, KeyringState.UNLOCKED)
    assert diagnosis.next_commands == ("gateway-console token set keyring://gateway-console/acme",)


async def test_a_doctor_that_may_change_nothing_leaves_the_kernel_alone() -> None:
    kernel = MemoryStore()
    sources = Sources({}, MemoryStore(), kernel, MemoryStore(), Prompt(None))
    diagnosis = await diagnose([ACME], sources, ORIGIN, {"HOME": "/nonexistent"}, platform="x", is_read_only=True)
    assert (kernel.log, diagnosis.machine.kernel_words) == ([], "not tried, because nothing may be changed")


@pytest.mark.referee
async def test_a_stored_token_needs_nothing_more(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, Secret("a-token"))
    diagnosis = await look(SecretServiceStore(HANG_S))
    assert (diagnosis.state, diagnosis.next_commands) == (TokenState.FOUND, ())


@pytest.mark.referee
async def test_a_locked_keyring_is_answered_with_how_to_unlock_it(secret_service: SecretService) -> None:
    secret_service.lock()
    diagnosis = await look(SecretServiceStore(HANG_S))
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.LOCKED, KeyringState.LOCKED)
    assert diagnosis.next_commands == ("gateway-console token unlock",)


@pytest.mark.referee
async def test_a_frozen_daemon_is_answered_with_how_to_end_it_and_that_helps(secret_service: SecretService) -> None:
    await put(SecretServiceStore(HANG_S), ACME, ORIGIN, Secret("a-token"))
    secret_service.freeze()
    diagnosis = await look(SecretServiceStore(0.1), clock=slow_clock(looks=4))
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.TIMEOUT, KeyringState.TIMEOUT)
    assert diagnosis.next_commands == (f"kill -KILL {secret_service.daemon.pid}", "gateway-console token unlock")
    secret_service.kill()
    assert (await look(SecretServiceStore(HANG_S))).machine.keyring is KeyringState.LOCKED
    await unlock_with_password(b"test-pass", HANG_S)
    assert (await answer_of(SecretServiceStore(HANG_S), ACME)).secret == Secret("a-token")


@pytest.mark.parametrize(
    ("kernel", "instead"),
    [
        (MemoryStore(), "kernel:acme"),
        (MemoryStore(error=StoreError(TokenState.UNAVAILABLE, "this platform has no kernel keyring")), "vault:acme"),
    ],
)
async def test_without_a_bus_the_doctor_names_one_and_a_way_without(
    kernel: MemoryStore, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    diagnosis = await look(SecretServiceStore(HANG_S), environment={"HOME": "/nonexistent"}, kernel=kernel)
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.UNAVAILABLE, KeyringState.NO_BUS)
    assert diagnosis.next_commands == (
        "dbus-run-session -- sh",
        "gateway-console token unlock",
        f"gateway-console token set {instead}",
    )
    assert f'add "{instead}" to token_ref' in diagnosis.words
    assert kernel.kept == {}


async def test_a_stale_bus_is_unreachable_and_answered_with_a_way_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    diagnosis = await look(SecretServiceStore(HANG_S))
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.UNAVAILABLE, KeyringState.UNREACHABLE)
    assert diagnosis.next_commands == ("gateway-console token set kernel:acme",)


@pytest.mark.referee
async def test_a_bus_without_a_daemon_is_answered_with_what_to_install(bus_address: str) -> None:
    diagnosis = await look(SecretServiceStore(HANG_S))
    assert (diagnosis.state, diagnosis.machine.keyring) == (TokenState.UNAVAILABLE, KeyringState.NO_DAEMON)
    assert diagnosis.next_commands[0] == "apt-get install --no-install-recommends dbus gnome-keyring"


async def test_another_platforms_keyring_is_not_looked_into() -> None:
    diagnosis = await look(MemoryStore(), environment={"HOME": "/nonexistent"}, platform="darwin")
    assert diagnosis.machine.keyring is KeyringState.OTHER
    assert diagnosis.next_commands == ("gateway-console token set keyring://gateway-console/acme",)


@pytest.mark.parametrize(
    ("references", "environment", "state", "commands"),
    [
        (("env:GW",), {"GW": "a-token"}, TokenState.FOUND, ()),
        (("env:GW",), {}, TokenState.ABSENT, ()),
        (("env:GW", "vault:acme"), {}, TokenState.ABSENT, ("gateway-console token set vault:acme",)),
        (("sim:",), {}, TokenState.FOUND, ()),
        (("prompt:",), {}, TokenState.UNAVAILABLE, ()),
    ],
)
async def test_other_references_have_next_steps_of_their_own(
    references: tuple[str, ...], environment: dict[str, str], state: TokenState, commands: tuple[str, ...]
) -> None:
    diagnosis = await look(MemoryStore(), *references, environment={"HOME": "/nonexistent", **environment})
    assert (diagnosis.state, diagnosis.next_commands) == (state, commands)
    assert diagnosis.words


async def test_a_token_that_is_bound_elsewhere_is_answered_with_how_to_rebind_it() -> None:
    keyring = MemoryStore({("acme", "https://other.example:443"): b"a-token"})
    diagnosis = await look(keyring, environment={"HOME": "/nonexistent"})
    assert diagnosis.state is TokenState.REFUSED
    assert diagnosis.next_commands == ("gateway-console token rebind keyring://gateway-console/acme",)
