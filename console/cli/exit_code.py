"""Exit codes. Scripts and CI depend on them."""

from collections.abc import Iterable
from enum import IntEnum

from console.domain.problem import Problem, ProblemKind


class ExitCode(IntEnum):
    """The exit code of a command; `MEANINGS` says what each means."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    TOKEN = 4
    ACCOUNT = 5
    DRIFT = 6
    WAITING = 7
    BLOCKED = 8
    RECORD = 9
    UNREACHABLE = 10
    REFUSED = 11
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "all well",
    ExitCode.FAILED: "a check or a smoke test failed",
    ExitCode.USAGE: "usage",
    ExitCode.CONFIG: "config invalid",
    ExitCode.TOKEN: "token absent, locked or unreachable",
    ExitCode.ACCOUNT: "account blocker",
    ExitCode.DRIFT: "endpoint drift",
    ExitCode.WAITING: "a gate waits for the operator",
    ExitCode.BLOCKED: "the run was blocked or stopped, does not have this yet, or its repository is not as pinned",
    ExitCode.RECORD: "a record does not verify",
    ExitCode.UNREACHABLE: "gateway unreachable, or its upstream is down",
    ExitCode.REFUSED: "refused for safety",
    ExitCode.INTERRUPTED: "interrupted",
}
"""For `--help`, the man page and the documents."""
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


MOST_ACTIONABLE_FIRST = (
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
    return min(codes, key=MOST_ACTIONABLE_FIRST.index, default=ExitCode.OK)
