"""Rotation: the steps in order, a kill before every one of them, and rebinding."""

from collections.abc import Callable

import pytest
from support.tokens.secret_service import SecretService
from support.tokens.token_store import ORIGIN, OTHER_ORIGIN, KilledError, MemoryStore, answer_of
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.rebinding import Binding, plan_rebinding, rebind
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.rotation import Rotation, RotationEnd, Verification, Verifier, confirm, go_back, rotate
from console.services.tokens.stores.secret_service import SecretServiceStore
from console.services.tokens.stores.store import Store, StoreError, prove_writable, put

OLD, NEW = Secret("old-token"), Secret("new-token")
ACME = Reference(Scheme.KEYRING, "acme", "gateway-console")


def filled(**options: int) -> MemoryStore:
    return MemoryStore({("acme", ORIGIN): b"old-token"}, **options)  # type: ignore[arg-type]


def verifier(*, accepts: bool | None = True, seen: list[tuple[Secret, str]] | None = None) -> Verifier:
    async def verify(secret: Secret, origin: str) -> Verification:
        if seen is not None:
            seen.append((secret, origin))
        return Verification(accepts, "the gateway's word")

    return verify


def not_asked() -> Secret:
    raise AssertionError("asked")


async def turn(store: Store, *, ask: Callable[[], Secret] = lambda: NEW, verify: Verifier | None = None) -> Rotation:
    return await rotate(store, ACME, ORIGIN, ask=ask, verify=verify or verifier())


async def names(store: MemoryStore) -> dict[str, str]:
    return {name: value.decode() for (name, _), value in store.kept.items()}


async def test_a_new_token_is_proven_put_in_place_and_the_one_before_is_kept() -> None:
    store, seen = filled(), []
    rotation = await turn(store, verify=verifier(seen=seen))
    assert (rotation.end, rotation.secret) == (RotationEnd.SWAPPED, NEW)
    assert seen == [(NEW, ORIGIN)]
    assert await names(store) == {"acme": "new-token", "acme.prev": "old-token"}


async def test_the_old_token_is_in_use_until_the_new_one_is_proven() -> None:
    store = filled()

    async def verify(secret: Secret, origin: str) -> Verification:
        assert await names(store) == {"acme": "old-token", "acme.next": "new-token"}
        return Verification(True, "")

    await turn(store, verify=verify)


async def test_confirming_forgets_the_one_before() -> None:
    store = filled()
    await turn(store)
    assert (await confirm(store, ACME, ORIGIN)).end is RotationEnd.CONFIRMED
    assert await names(store) == {"acme": "new-token"}
    assert (await confirm(store, ACME, ORIGIN)).end is RotationEnd.NOTHING


async def test_going_back_puts_the_one_before_in_place() -> None:
    store = filled()
    await turn(store)
    rotation = await go_back(store, ACME, ORIGIN)
    assert (rotation.end, rotation.secret) == (RotationEnd.REVERTED, OLD)
    assert await names(store) == {"acme": "old-token"}
    assert (await go_back(store, ACME, ORIGIN)).end is RotationEnd.NOTHING


async def test_a_token_that_the_gateway_does_not_take_changes_nothing() -> None:
    store = filled()
    rotation = await turn(store, verify=verifier(accepts=False))
    assert (rotation.end, rotation.words) == (RotationEnd.REJECTED, "the gateway's word")
    assert await names(store) == {"acme": "old-token"}


async def test_a_gateway_that_cannot_be_asked_leaves_the_new_token_waiting() -> None:
    store = filled()
    assert (await turn(store, verify=verifier(accepts=None))).end is RotationEnd.UNPROVEN
    assert await names(store) == {"acme": "old-token", "acme.next": "new-token"}
    rotation = await turn(store, ask=not_asked)
    assert (rotation.end, rotation.is_resumed) == (RotationEnd.SWAPPED, True)


async def test_a_waiting_token_can_be_given_up() -> None:
    store = filled()
    await turn(store, verify=verifier(accepts=None))
    assert (await go_back(store, ACME, ORIGIN)).end is RotationEnd.REVERTED
    assert await names(store) == {"acme": "old-token"}


async def test_an_unconfirmed_rotation_comes_before_another() -> None:
    store = filled()
    await turn(store)
    with pytest.raises(StoreError, match="not confirmed"):
        await turn(store, ask=not_asked)


async def test_confirming_waits_for_the_end_of_a_rotation() -> None:
    store = filled()
    await turn(store, verify=verifier(accepts=None))
    with pytest.raises(StoreError, match="first finish it"):
        await confirm(store, ACME, ORIGIN)


async def test_the_token_in_use_is_no_new_one() -> None:
    with pytest.raises(StoreError, match="already in use"):
        await turn(filled(), ask=lambda: OLD)


@pytest.mark.parametrize(
    ("store", "state"),
    [
        (MemoryStore(), TokenState.ABSENT),
        (MemoryStore({("acme", None): b"x"}), TokenState.REFUSED),
        (MemoryStore({("acme", OTHER_ORIGIN): b"x"}), TokenState.REFUSED),
    ],
)
async def test_what_is_not_bound_to_the_gateway_is_not_rotated(store: MemoryStore, state: TokenState) -> None:
    with pytest.raises(StoreError) as caught:
        await turn(store, ask=not_asked)
    assert caught.value.state is state


async def rotate_all(store: MemoryStore) -> None:
    await turn(store)
    await confirm(store, ACME, ORIGIN)


async def rotate_back(store: MemoryStore) -> None:
    await turn(store)
    await go_back(store, ACME, ORIGIN)


async def deeds_of(work: Callable[[MemoryStore], object]) -> int:
    store = filled()
    await work(store)  # type: ignore[misc]
    return len(store.deeds)


async def test_a_rotation_that_was_killed_before_any_deed_goes_on_to_its_end() -> None:
    count = await deeds_of(rotate_all)
    assert count >= 7
    for deed in range(count):
        store = filled(killed_at=deed)
        with pytest.raises(KilledError):
            await rotate_all(store)
        kept = await names(store)
        assert kept["acme"] in ("old-token", "new-token")
        store.killed_at = None
        if kept.get("acme.prev") is None or "acme.next" in kept:
            assert (await turn(store)).end is RotationEnd.SWAPPED
        await confirm(store, ACME, ORIGIN)
        left = await names(store)
        assert left == {"acme": "new-token"}


async def test_going_back_that_was_killed_before_any_deed_goes_on_to_its_end() -> None:
    swap = await deeds_of(turn)
    for deed in range(swap, await deeds_of(rotate_back)):
        store = filled(killed_at=deed)
        with pytest.raises(KilledError):
            await rotate_back(store)
        store.killed_at = None
        await go_back(store, ACME, ORIGIN)
        assert await names(store) == {"acme": "old-token"}


# --- Stores that do not do as they are told ---------------------------------------------------------------------------


async def test_a_store_that_gives_back_something_else_is_noticed() -> None:
    store = MemoryStore(altered=lambda value: value[:-1])
    with pytest.raises(StoreError, match="returns a different value"):
        await put(store, ACME, ORIGIN, OLD)
    with pytest.raises(StoreError, match="returns a different value"):
        await prove_writable(store, ACME, ORIGIN)
    assert list(store.kept) == [("acme", ORIGIN)]


async def test_a_store_that_removes_nothing_is_noticed() -> None:
    class Sticky(MemoryStore):
        async def remove(self, reference: Reference, origin: str | None) -> bool:
            return True

    with pytest.raises(StoreError, match="does not remove"):
        await prove_writable(Sticky(), ACME, ORIGIN)


# --- Rebinding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, OTHER_ORIGIN])
async def test_a_token_moves_to_another_origin(before: str | None) -> None:
    store = MemoryStore({("acme", before): b"old-token"})
    binding = await plan_rebinding(store, ACME, ORIGIN)
    assert binding == Binding(before, ORIGIN)
    assert await rebind(store, ACME, binding) == OLD
    assert store.kept == {("acme", ORIGIN): b"old-token"}


async def test_a_token_that_moves_is_never_without_a_place() -> None:
    for deed in range(2):
        store = MemoryStore({("acme", OTHER_ORIGIN): b"old-token"}, killed_at=deed)
        with pytest.raises(KilledError):
            await rebind(store, ACME, Binding(OTHER_ORIGIN, ORIGIN))
        assert b"old-token" in store.kept.values()


async def test_what_a_rotation_keeps_moves_too_and_the_rotation_goes_on() -> None:
    store = MemoryStore({("acme", OTHER_ORIGIN): b"new-token", ("acme.prev", OTHER_ORIGIN): b"old-token"})
    await rebind(store, ACME, Binding(OTHER_ORIGIN, ORIGIN))
    assert store.kept == {("acme", ORIGIN): b"new-token", ("acme.prev", ORIGIN): b"old-token"}
    assert (await go_back(store, ACME, ORIGIN)).secret == OLD


async def test_a_token_that_is_bound_already_stays() -> None:
    assert not (await plan_rebinding(filled(), ACME, ORIGIN)).is_needed


async def test_of_several_tokens_the_operator_names_the_one_that_moves() -> None:
    third = "https://third.example:443"
    store = MemoryStore({("acme", OTHER_ORIGIN): b"old-token", ("acme", third): b"new-token"})
    with pytest.raises(StoreError, match="choose which one moves"):
        await plan_rebinding(store, ACME, ORIGIN)
    with pytest.raises(StoreError, match="no token for the origin"):
        await plan_rebinding(store, ACME, ORIGIN, "https://fourth.example:443")
    assert await rebind(store, ACME, await plan_rebinding(store, ACME, ORIGIN, third)) == NEW
    assert set(store.kept) == {("acme", OTHER_ORIGIN), ("acme", ORIGIN)}


async def test_without_a_token_there_is_nothing_to_move() -> None:
    with pytest.raises(StoreError) as caught:
        await plan_rebinding(MemoryStore(), ACME, ORIGIN)
    assert caught.value.state is TokenState.ABSENT


# --- On the real Secret Service --------------------------------------------------------------------------------------


@pytest.mark.referee
async def test_a_rotation_on_the_real_secret_service(secret_service: SecretService) -> None:
    store = SecretServiceStore(HANG_S)
    await put(store, ACME, ORIGIN, OLD)
    assert (await turn(store)).end is RotationEnd.SWAPPED
    assert (await answer_of(store, ACME)).secret == NEW
    assert secret_service.usernames("gateway-console") == [f"acme.prev@{ORIGIN}", f"acme@{ORIGIN}"]
    assert (await go_back(store, ACME, ORIGIN)).secret == OLD
    assert (await turn(store)).end is RotationEnd.SWAPPED
    assert (await confirm(store, ACME, ORIGIN)).end is RotationEnd.CONFIRMED
    assert secret_service.usernames("gateway-console") == [f"acme@{ORIGIN}"]
    assert (await answer_of(store, ACME)).secret == NEW


@pytest.mark.referee
async def test_rebinding_on_the_real_secret_service(secret_service: SecretService) -> None:
    secret_service.store("gateway-console", "acme", "old-token")
    store = SecretServiceStore(HANG_S)
    assert await rebind(store, ACME, await plan_rebinding(store, ACME, ORIGIN)) == OLD
    assert secret_service.usernames("gateway-console") == [f"acme@{ORIGIN}"]
