"""Exit codes of a route, a smoke test, a refusal and a token."""

from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.domain.errors.category import Category, Classification
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.tokens.state import TokenState

if TYPE_CHECKING:
    from console.domain.probes.agent_result import AgentResult
    from console.domain.probes.smoke import SmokeResult

_CATEGORY_CODES = {
    Category.ENDPOINT_DRIFT: ExitCode.DRIFT,
    Category.SECRET_IN_PROMPT: ExitCode.REFUSED,
    Category.ORIGIN_REFUSED: ExitCode.REFUSED,
}


def code_of_route(route: ProvenRoute) -> ExitCode:
    """Return the exit code of a route: of its trouble, or of a rung that the budget or the operator stopped.

    What was not tested is not a failure: the verdict says so.
    """
    standing = route.standing
    if standing is Standing.DRIFT:
        return ExitCode.DRIFT
    if not standing.is_trouble:
        stopped = next((result for result in route.rungs if not result.holds), None)
        if stopped is None:
            return ExitCode.OK
        return ExitCode.FAILED if stopped.classification is None else code_of_category(stopped.classification)
    if route.classification is not None:
        return code_of_category(route.classification)
    return ExitCode.OK if standing is Standing.CONDITIONAL else ExitCode.FAILED


def code_of_token(state: TokenState) -> ExitCode:
    """Return the exit code of a token's state."""
    if state is TokenState.FOUND:
        return ExitCode.OK
    return ExitCode.REFUSED if state is TokenState.REFUSED else ExitCode.TOKEN


def code_of_result(result: "SmokeResult") -> ExitCode:
    """Return the exit code of one route's smoke test."""
    from console.domain.probes.smoke import SmokeStatus  # late: a verb without a call needs no result

    if result.status in (SmokeStatus.PASSED, SmokeStatus.SKIPPED):
        return ExitCode.OK
    if result.classification is None:
        return ExitCode.FAILED
    return code_of_category(result.classification)


def code_of_agent(result: "AgentResult") -> ExitCode:
    """Return the exit code of an agent's call."""
    from console.domain.finding import Severity  # late, as above
    from console.domain.probes.ladder import RungStatus

    if result.classification is not None:
        return code_of_category(result.classification)
    is_broken = any(finding.severity is Severity.FAIL for finding in result.findings)
    return ExitCode.FAILED if is_broken or result.status is RungStatus.FAILED else ExitCode.OK


def code_of_category(found: Classification) -> ExitCode:
    """Return the exit code of a refusal or a failure."""
    return code_of(found.category)


def code_of(category: Category) -> ExitCode:
    """Return the exit code of a category of errors."""
    if category.is_account:
        return ExitCode.ACCOUNT
    return ExitCode.UNREACHABLE if category.is_outage else _CATEGORY_CODES.get(category, ExitCode.FAILED)
