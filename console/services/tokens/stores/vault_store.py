"""The vault: tokens in an encrypted file, for machines without a keyring."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from console.domain.tokens.state import TokenState
from console.services.system.private_file import open_to_append, read_private, write_private
from console.services.tokens.reference import Reference
from console.services.tokens.stores.kernel_call import KernelKeys, SessionKeys
from console.services.tokens.stores.store import Stored, StoreError, file_errors_told, parsed, serving
from console.services.tokens.stores.vault_file import (
    COST,
    SIZE_LIMIT,
    VaultEntry,
    VaultFile,
    derive,
    empty_vault,
    is_key_of,
    new_kdf,
    open_entry,
    read_vault,
    seal_entry,
    write_vault,
)

UNLOCKED_S = 15 * 60
"""How long an unlocked vault's key stays in the kernel, in seconds."""

LOCK_TIMEOUT_S = 5.0
"""The longest to wait while another process writes the vault, in seconds."""

Passphrase = Callable[[bool], bytes]
"""Returns the vault's passphrase; its argument says whether the vault is new. Raises `StoreError` if there is none."""


class VaultStore:
    """Tokens in one file under one passphrase. Names and origins are in clear, tokens are not."""

    source = "vault"

    def __init__(
        self,
        path: Path,
        passphrase: Passphrase,
        *,
        cost: int = COST,
        open_keys: Callable[[], KernelKeys] = SessionKeys,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        """Prepare the store; the file is not read yet.

        Args:
            path: The vault's file.
            passphrase: Returns its passphrase; called once, when a token is needed.
            cost: scrypt's cost, for new vaults and for reading.
            open_keys: Opens the kernel's calls, for the key of an unlocked vault.
            lock_timeout_s: The longest to wait for another writer, in seconds.

        """
        self._path = path
        self._passphrase = passphrase
        self._cost = cost
        self._open_keys = open_keys
        self._lock_timeout_s = lock_timeout_s
        self._keys: dict[bytes, bytes] = {}
        """The keys of this process, by salt: deriving one takes half a second."""

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Return the token for an origin, or None if there is none; the passphrase is asked for last."""
        vault = self._load()
        entry = None if vault is None else vault.entries.get(reference.name)
        if vault is None or entry is None or serving({entry.origin: entry}, origin) is None:
            return None
        value = open_entry(await self._key(vault), reference.name, entry)
        return Stored(parsed(value, self.source), entry.origin)

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Store a token under a name, bound to an origin."""
        prepared = await self._opened()  # typing the passphrase must not make another writer wait
        async with self._locked():
            vault = self._load() or prepared
            entry = seal_entry(await self._key(vault), reference.name, origin, value)
            self._save(vault, vault.entries | {reference.name: entry})

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Delete the token that is bound to exactly this origin; return whether there was one. Needs no passphrase."""
        if self._load() is None:
            return False
        async with self._locked():
            vault = self._load()
            entry = None if vault is None else vault.entries.get(reference.name)
            if vault is None or entry is None or entry.origin != origin:
                return False
            self._save(vault, {name: each for name, each in vault.entries.items() if name != reference.name})
            return True

    async def origins(self, reference: Reference) -> tuple[str | None, ...]:
        """Return the origin that a name has a token for."""
        vault = self._load()
        entry = None if vault is None else vault.entries.get(reference.name)
        return () if entry is None else (entry.origin,)

    async def unlock(self) -> None:
        """Ask for the passphrase and leave the key in the kernel for a while, in memory only.

        Raises:
            StoreError: There is no vault, the passphrase is wrong, or the kernel keeps no keys here.

        """
        vault = self._load()
        if vault is None:
            raise StoreError(TokenState.ABSENT, "there is no vault yet")
        key = await self._derived(vault)
        try:
            keys = self._open_keys()
            keys.set_timeout(keys.add(_description(vault), key), UNLOCKED_S)
        except OSError:
            raise StoreError(
                TokenState.UNAVAILABLE, "this machine's kernel keeps no keys, so a vault cannot stay unlocked"
            ) from None

    @file_errors_told()
    def _load(self) -> VaultFile | None:
        data = read_private(self._path, SIZE_LIMIT)
        return None if data is None else read_vault(data, cost=self._cost)

    @file_errors_told()
    def _save(self, vault: VaultFile, entries: dict[str, VaultEntry]) -> None:
        write_private(self._path, write_vault(msgspec.structs.replace(vault, entries=entries)))

    async def _opened(self) -> VaultFile:
        """Return the vault with its key known, or a new one that is not written yet."""
        vault = self._load()
        if vault is not None:
            await self._key(vault)
            return vault
        kdf = new_kdf(self._cost)
        key = await asyncio.to_thread(derive, kdf, self._passphrase(True))
        self._keys[kdf.salt] = key
        return empty_vault(kdf, key)

    async def _key(self, vault: VaultFile) -> bytes:
        if vault.kdf.salt in self._keys:
            key = self._keys[vault.kdf.salt]
        elif (kept := self._kept_key(vault)) is not None:
            key = kept
        else:
            key = await self._derived(vault)
        self._keys[vault.kdf.salt] = key
        return key

    async def _derived(self, vault: VaultFile) -> bytes:
        key = await asyncio.to_thread(derive, vault.kdf, self._passphrase(False))
        if not is_key_of(vault, key):
            raise StoreError(TokenState.LOCKED, "the vault's passphrase is wrong")
        return key

    def _kept_key(self, vault: VaultFile) -> bytes | None:
        """Return the key that `unlock` left in the kernel, if it is still there and fits."""
        with contextlib.suppress(OSError):
            keys = self._open_keys()
            key = keys.read(keys.search(_description(vault)))
            if len(key) == 32 and is_key_of(vault, key):
                return key
        return None

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Keep other writers out, including this process's own."""
        with file_errors_told():
            descriptor = open_to_append(self._path.with_suffix(".lock"))
        try:
            await _lock(descriptor, self._lock_timeout_s)
            yield
        finally:
            os.close(descriptor)


async def _lock(descriptor: int, timeout_s: float) -> None:
    import fcntl

    try:
        async with asyncio.timeout(timeout_s):
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise StoreError(
            TokenState.TIMEOUT, f"another process has been writing the vault for {timeout_s:g} s"
        ) from None


def _description(vault: VaultFile) -> str:
    """Return the name of the vault's key in the kernel; no kernel: reference can name it."""
    return f"gateway-console:vault-key:{hashlib.sha256(vault.kdf.salt).hexdigest()[:16]}"
