"""Fingerprints: they tell two tokens apart on one machine and reveal nothing about them anywhere else."""

import secrets
from pathlib import Path

from console.domain.tokens.state import TokenState
from console.services.system.private_file import create_private, read_private, shown
from console.services.tokens.stores.store import StoreError, file_errors_told

_KEY_BYTES = 32


@file_errors_told()
def installation_key(path: Path) -> bytes:
    """Return the random key of this installation's fingerprints; create it if missing.

    Raises:
        StoreError: It cannot be read or created, or other users can read it.

    """
    if not (found := read_private(path, _KEY_BYTES)):
        create_private(path, secrets.token_bytes(_KEY_BYTES))
        found = read_private(path, _KEY_BYTES)
    if found is None or len(found) != _KEY_BYTES:
        raise StoreError(TokenState.UNAVAILABLE, f"{shown(path)} is damaged; remove it, and a new one is created")
    return found
