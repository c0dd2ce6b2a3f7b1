"""What asking for a token led to."""

from enum import StrEnum


class TokenState(StrEnum):
    """What asking a token's reference led to. Only an absent token moves on to the next reference."""

    UNASKED = "unasked"
    FOUND = "found"
    ABSENT = "absent"
    LOCKED = "locked"
    UNAVAILABLE = "unavailable"
    """The store cannot be reached, or what it holds cannot be used."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """For safety: the token is bound to another origin, or others may read or change where it is kept."""
