"""Tokens in environment variables: each is read once and removed from this process's environment.

No child process gets it after that, and no dump of the environment shows it. The value read is used for the life of
the process, so it is kept next to the environment, once per process.
"""

import os
from collections.abc import Mapping

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.stores.store import StoreError

_TAKEN: dict[str, Secret | str] = {}
"""What was read, by variable name: a token, or why the value cannot be one."""


def take_token(name: str, environment: Mapping[str, str]) -> Secret | None:
    """Return the token in a variable; None if it is not set. A variable that is set again is read again.

    Args:
        name: The variable.
        environment: Where to look; changed only if it is this process's own.

    Raises:
        StoreError: The value cannot be a token.

    """
    if environment is not os.environ:
        value = environment.get(name, "")
        found = _parsed(value) if value else None
    else:
        if value := os.environ.pop(name, ""):
            _TAKEN[name] = _parsed(value)
        found = _TAKEN.get(name)
    if isinstance(found, str):
        raise StoreError(TokenState.UNAVAILABLE, f"the value of {name} cannot be a token: {found}")
    return found


def is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Return whether a variable holds a value, or held one that this process has taken."""
    return bool(environment.get(name)) or (environment is os.environ and name in _TAKEN)


def _parsed(value: str) -> Secret | str:
    try:
        return Secret.parse(value)
    except ValueError as error:
        return str(error)
