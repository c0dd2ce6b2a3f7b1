"""The result of a token lookup."""

from enum import StrEnum


class TokenState(StrEnum):
    """The result of looking up a token reference. Only an absent token moves on to the next reference."""

    UNASKED = "unasked"
    FOUND = "found"
    ABSENT = "absent"
    LOCKED = "locked"
    UNAVAILABLE = "unavailable"
    """The store cannot be reached, or its content cannot be used."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """For safety: the token is bound to another origin, or other users can read or change its store."""
