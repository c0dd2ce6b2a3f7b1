"""The vault's file: its format, and the cryptography of one entry."""

import secrets
from typing import Literal

import msgspec
from msgspec import Struct

from console.domain.tokens.state import TokenState
from console.services.tokens.stores.store import StoreError

SIZE_LIMIT = 1024 * 1024
"""The maximum size of a vault, in bytes."""

COST = 2**17
"""scrypt's cost of a new vault: 128 MiB and half a second for one guess (OWASP's first choice)."""

_COSTS = (2**15, 2**16, 2**17)
_BLOCK_SIZE, _PARALLEL = 8, 1
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES = 32, 16, 12


class Kdf(Struct, frozen=True, forbid_unknown_fields=True):
    """How the passphrase becomes the key."""

    name: Literal["scrypt"]
    n: int
    r: int
    p: int
    salt: bytes


class Sealed(Struct, frozen=True, forbid_unknown_fields=True):
    """The output of AES-256-GCM."""

    nonce: bytes
    text: bytes


class VaultEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One token. Its origin is in clear and bound to the ciphertext, so that neither can be swapped."""

    origin: str
    token: Sealed


class VaultFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole vault."""

    v: Literal[1]
    kdf: Kdf
    proof: Sealed
    """Nothing, sealed: distinguishes a wrong passphrase from a tampered entry."""
    entries: dict[str, VaultEntry]


def read_vault(data: bytes, *, cost: int = COST) -> VaultFile:
    """Parse a vault's bytes.

    Args:
        data: The bytes.
        cost: A cost to accept besides those that the console has ever written.

    Raises:
        StoreError: They are not a whole vault, or ask for more memory and time than the console would ever write.

    """
    try:
        vault = msgspec.json.decode(data, type=VaultFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise StoreError(
            TokenState.UNAVAILABLE,
            "the vault is damaged or of another version; restore a copy, or move it away and store the tokens again",
        ) from None
    kdf = vault.kdf
    if kdf.n not in (*_COSTS, cost) or (kdf.r, kdf.p, len(kdf.salt)) != (_BLOCK_SIZE, _PARALLEL, _SALT_BYTES):
        raise StoreError(
            TokenState.REFUSED, "the vault asks for a key derivation that the console never writes; it was changed"
        )
    return vault


def write_vault(vault: VaultFile) -> bytes:
    """Return a vault's bytes."""
    return msgspec.json.format(msgspec.json.encode(vault), indent=1) + b"\n"


def new_kdf(cost: int) -> Kdf:
    """Return how a new vault's passphrase becomes its key."""
    return Kdf("scrypt", cost, _BLOCK_SIZE, _PARALLEL, secrets.token_bytes(_SALT_BYTES))


def derive(kdf: Kdf, passphrase: bytes) -> bytes:
    """Return the key of a passphrase. Takes up to half a second on one core."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=kdf.salt, length=_KEY_BYTES, n=kdf.n, r=kdf.r, p=kdf.p).derive(passphrase)


def empty_vault(kdf: Kdf, key: bytes) -> VaultFile:
    """Return a vault without tokens."""
    return VaultFile(1, kdf, _seal(key, b"", _proof_words(kdf)), {})


def is_key_of(vault: VaultFile, key: bytes) -> bool:
    """Return whether a key opens a vault."""
    return _open(key, vault.proof, _proof_words(vault.kdf)) == b""


def seal_entry(key: bytes, name: str, origin: str, value: bytes) -> VaultEntry:
    """Encrypt a token, bound to its name and origin."""
    return VaultEntry(origin, _seal(key, value, _entry_words(name, origin)))


def open_entry(key: bytes, name: str, entry: VaultEntry) -> bytes:
    """Decrypt a token.

    Raises:
        StoreError: The entry, its name or its origin was changed.

    """
    value = _open(key, entry.token, _entry_words(name, entry.origin))
    if value is None:
        raise StoreError(
            TokenState.REFUSED, "something else changed the vault's entry; remove it and store the token again"
        )
    return value


def _entry_words(name: str, origin: str) -> bytes:
    return f"v1|{name}|{origin}".encode()


def _proof_words(kdf: Kdf) -> bytes:
    return f"v1||{kdf.n}".encode()


def _seal(key: bytes, value: bytes, words: bytes) -> Sealed:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Sealed(nonce, AESGCM(key).encrypt(nonce, value, words))


def _open(key: bytes, sealed: Sealed, words: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed.nonce) != _NONCE_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.text, words)
    except InvalidTag:
        return None
