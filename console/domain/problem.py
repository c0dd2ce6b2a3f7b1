"""The base of all expected errors: a message for the operator, and a kind that scripts see as the exit code."""

from enum import Enum


class ProblemKind(Enum):
    """What sort of fault it is."""

    FAILED = "failed"
    """It could not be done on this machine: a disk is full, a file cannot be written."""
    USAGE = "usage"
    """What was typed or named does not fit."""
    CONFIG = "config"
    """The config, or what it names, cannot be used."""
    TOKEN = "token"  # noqa: S105  # a kind, no token
    """The token is absent, locked or out of reach."""
    WAITING = "waiting"
    """Someone else has to act first: the operator, a second person, or another console."""
    BLOCKED = "blocked"
    """A budget holds back what was asked for."""
    RECORD = "record"
    """What the ledger keeps does not hold together."""
    UNREACHABLE = "unreachable"
    """The gateway cannot be reached, or what is behind it is down."""
    REFUSED = "refused"
    """Refused for safety."""


class Problem(Exception):  # noqa: N818  # the base class; what derives from it is called an error
    """An expected fault. The message says what, where and what to do next; it never holds a token or a value."""

    kind = ProblemKind.FAILED
    """The kind of the class; an instance may have another."""

    def __init__(self, message: str, kind: ProblemKind | None = None, *, is_unsafe: bool = False) -> None:
        """State what is wrong.

        Args:
            message: One line for a person.
            kind: The kind; None means that of the class.
            is_unsafe: It is refused for safety, whatever the kind of the class.

        """
        super().__init__(message)
        if kind is not None or is_unsafe:
            self.kind = kind or ProblemKind.REFUSED

    @property
    def is_unsafe(self) -> bool:
        """Whether it is refused for safety."""
        return self.kind is ProblemKind.REFUSED
