"""The kernel store: tokens in Linux's session keyring, in memory only and with an expiry time."""

import errno
from collections.abc import Callable

from console.domain.tokens.state import TokenState
from console.services.system.os_reason import os_reason
from console.services.tokens.reference import Reference
from console.services.tokens.stores.kernel_call import KernelKeys, SessionKeys
from console.services.tokens.stores.store import Stored, StoreError, parsed, serving

LIFETIME_S = 12 * 3600
"""How long a token stays in the kernel by default, in seconds."""

_ABSENT = (errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED)
_REASONS = {
    errno.ENOSYS: "this platform has no kernel keyring",
    errno.EPERM: "the kernel keyring is not permitted here, as in many containers",
    errno.EACCES: "the kernel keyring is not permitted here, as in many containers",
    errno.ENOENT: "the key is in a keyring that the console did not write to; remove it with keyctl",
    errno.EDQUOT: "the kernel keyring is full",
    errno.ENOMEM: "the kernel has no memory left for a key",
}


class KernelStore:
    """Tokens as keys of type `user` under `gateway-console:NAME`; the origin is the payload's first line."""

    source = "kernel session keyring"

    def __init__(self, open_keys: Callable[[], KernelKeys] = SessionKeys, *, lifetime_s: int = LIFETIME_S) -> None:
        """Prepare the store; the kernel is not asked yet.

        Args:
            open_keys: Opens the kernel's calls.
            lifetime_s: How long a written token stays, in seconds.

        """
        self._open_keys = open_keys
        self._lifetime_s = lifetime_s

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Return the token for an origin, or None if there is none or it has expired."""
        kept = self._payload(reference)
        chosen = None if kept is None else serving({kept[0]: kept[1]}, origin)
        return None if chosen is None else Stored(parsed(chosen[1], self.source), chosen[0])

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Store a token for its lifetime."""
        description = _description(reference)
        try:
            keys = self._open_keys()
            key = keys.add(description, f"{origin}\n".encode() + value)
            try:
                keys.set_timeout(key, self._lifetime_s)
            except OSError:
                keys.unlink(key)  # a key without an expiry would outlive its promised lifetime
                raise
        except OSError as error:
            raise _refusal(error) from None

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Delete the token that is bound to exactly this origin; return whether there was one."""
        kept = self._payload(reference)
        if kept is None or kept[0] != origin:
            return False
        try:
            keys = self._open_keys()
            keys.unlink(keys.search(_description(reference)))
        except OSError as error:
            raise _refusal(error) from None
        return True

    async def origins(self, reference: Reference) -> tuple[str | None, ...]:
        """Return the origin that a name has a token for."""
        kept = self._payload(reference)
        return () if kept is None else (kept[0],)

    def _payload(self, reference: Reference) -> tuple[str | None, bytes] | None:
        try:
            keys = self._open_keys()
            payload = keys.read(keys.search(_description(reference)))
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise _refusal(error) from None
        # A key that `keyctl add user gateway-console:NAME` made is the bare token, without an origin.
        first, newline, rest = payload.partition(b"\n")
        if not newline or not rest:
            return None, payload
        return first.decode("ascii", "replace"), rest


def _description(reference: Reference) -> str:
    return f"gateway-console:{reference.name}"


def _refusal(error: OSError) -> StoreError:
    words = _REASONS.get(error.errno or 0, f"the kernel keyring cannot be used: {os_reason(error)}")
    return StoreError(TokenState.UNAVAILABLE, words)
