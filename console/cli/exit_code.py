"""Exit codes. Scripts and CI depend on them."""

from collections.abc import Iterable
from enum import IntEnum

from console.domain.problem import Problem, ProblemKind


class ExitCode(IntEnum):
    """The exit code of a command."""

    OK = 0
    FAILED = 1
    """A check or a smoke test failed."""
    USAGE = 2
    CONFIG = 3
    """The config is invalid."""
    TOKEN = 4
    """The token is absent, locked or unreachable."""
    ACCOUNT = 5
    """An account blocker."""
    DRIFT = 6
    """Endpoint drift."""
    WAITING = 7
    """A gate waits for the operator."""
    BLOCKED = 8
    """The run was blocked or stopped."""
    RECORD = 9
    """A record does not verify."""
    UNREACHABLE = 10
    """The gateway is unreachable, or its upstream is down."""
    REFUSED = 11
    """Refused for safety."""
    INTERRUPTED = 130


_CODES = {
    ProblemKind.FAILED: ExitCode.FAILED,
    ProblemKind.USAGE: ExitCode.USAGE,
    ProblemKind.CONFIG: ExitCode.CONFIG,
    ProblemKind.TOKEN: ExitCode.TOKEN,
    ProblemKind.WAITING: ExitCode.WAITING,
    ProblemKind.BLOCKED: ExitCode.BLOCKED,
    ProblemKind.RECORD: ExitCode.RECORD,
    ProblemKind.UNREACHABLE: ExitCode.UNREACHABLE,
    ProblemKind.REFUSED: ExitCode.REFUSED,
}


def code_of_problem(problem: Problem) -> ExitCode:
    """Return the exit code of a problem. It is the same in every verb."""
    return code_of_kind(problem.kind)


def code_of_kind(kind: ProblemKind) -> ExitCode:
    """Return the exit code of a kind of problem."""
    return _CODES[kind]


_MOST_ACTIONABLE_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.REFUSED,
    ExitCode.CONFIG,
    ExitCode.TOKEN,
    ExitCode.ACCOUNT,
    ExitCode.DRIFT,
    ExitCode.UNREACHABLE,
    ExitCode.RECORD,
    ExitCode.BLOCKED,
    ExitCode.WAITING,
    ExitCode.FAILED,
    ExitCode.OK,
)


def most_actionable(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that helps the operator most; OK if there are no codes."""
    return min(codes, key=_MOST_ACTIONABLE_FIRST.index, default=ExitCode.OK)
