"""The base of all expected errors: a message for the operator, and a kind that becomes the exit code."""

from enum import Enum


class ProblemKind(Enum):
    """The kind of error."""

    FAILED = "failed"
    """This machine failed: a disk is full, a file cannot be written."""
    USAGE = "usage"
    """The operator's input is not valid."""
    CONFIG = "config"
    """The config, or something it names, cannot be used."""
    TOKEN = "token"  # noqa: S105  # a kind, not a token
    """The token is absent, locked or out of reach."""
    WAITING = "waiting"
    """Someone else has to act first: the operator, a second person, or another console."""
    BLOCKED = "blocked"
    """A budget does not allow the request."""
    RECORD = "record"
    """The ledger is inconsistent."""
    UNREACHABLE = "unreachable"
    """The gateway cannot be reached, or its upstream is down."""
    REFUSED = "refused"
    """Refused for safety."""


class Problem(Exception):  # noqa: N818  # the base class; its subclasses are named errors
    """An expected error. The message says what, where and what to do next; it never contains a token or a value."""

    kind = ProblemKind.FAILED
    """The default kind of the class."""

    def __init__(self, message: str, kind: ProblemKind | None = None, *, is_unsafe: bool = False) -> None:
        """Set the message and the kind.

        Args:
            message: One line for a person.
            kind: The kind; None means the class's default.
            is_unsafe: Whether it is refused for safety, whatever the kind.

        """
        super().__init__(message)
        if kind is not None or is_unsafe:
            self.kind = kind or ProblemKind.REFUSED

    @property
    def is_unsafe(self) -> bool:
        """Whether this is a refusal for safety."""
        return self.kind is ProblemKind.REFUSED
