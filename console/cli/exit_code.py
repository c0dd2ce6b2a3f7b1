"""Exit codes: a contract that scripts and CI depend on."""

from collections.abc import Iterable
from enum import IntEnum

from console.domain.errors.category import Category, Classification
from console.domain.finding import Severity
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.tokens.state import TokenState


class ExitCode(IntEnum):
    """What a process ends with."""

    OK = 0
    FAILED = 1
    """A check or a smoke test failed."""
    USAGE = 2
    CONFIG = 3
    """The config is invalid."""
    TOKEN = 4
    """The token is absent, locked or cannot be reached."""
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
    """The gateway cannot be reached, or what is behind it is down."""
    REFUSED = 11
    """Refused for safety."""
    INTERRUPTED = 130


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
    """Return the code that tells the operator the most; OK where there is none."""
    return min(codes, key=_MOST_ACTIONABLE_FIRST.index, default=ExitCode.OK)


def code_of_check(check: RouteCheck) -> ExitCode:
    """Return the exit code of one route's offline check."""
    if check.verdict is Verdict.DRIFT:
        return ExitCode.DRIFT
    has_failure = any(finding.severity is Severity.FAIL for finding in check.findings)
    return ExitCode.FAILED if has_failure else ExitCode.OK


_CATEGORY_CODES = {
    Category.ENDPOINT_DRIFT: ExitCode.DRIFT,
    Category.UPSTREAM_UNAVAILABLE: ExitCode.UNREACHABLE,
    Category.TIMEOUT: ExitCode.UNREACHABLE,
    Category.SECRET_IN_PROMPT: ExitCode.REFUSED,
    Category.ORIGIN_REFUSED: ExitCode.REFUSED,
}


def code_of_token(state: TokenState) -> ExitCode:
    """Return the exit code of what asking for a token led to."""
    if state is TokenState.FOUND:
        return ExitCode.OK
    return ExitCode.REFUSED if state is TokenState.REFUSED else ExitCode.TOKEN


def code_of_result(result: SmokeResult) -> ExitCode:
    """Return the exit code of one route's smoke test."""
    if result.status in (SmokeStatus.PASSED, SmokeStatus.SKIPPED):
        return ExitCode.OK
    if result.classification is None:
        return ExitCode.FAILED
    return code_of_category(result.classification)


def code_of_category(found: Classification) -> ExitCode:
    """Return the exit code of a refusal, or of what broke."""
    category = found.category
    return ExitCode.ACCOUNT if category.is_account else _CATEGORY_CODES.get(category, ExitCode.FAILED)
