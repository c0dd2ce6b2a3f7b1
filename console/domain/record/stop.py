"""The stop in a record: which role and route it was, under which rule, and why, in closed words.

The reason that an operator typed was checked when it was given, and is kept. What the console says of any other stop
may name a model or a file, so it is for display only: the record has the rule, the ids of the findings and a sentence
of its own instead.
"""

from console.domain.errors.category import Category
from console.domain.record.record import RecordedStop
from console.domain.routes.role import Role
from console.domain.run.call_event import CallFailed
from console.domain.run.event import RunStopped, StopCause, StopRule
from console.domain.run.state import RunState

_OF_RULE = {
    StopRule.WITHHELD_TOKENS: "a token that no role may reach is in the environment",
    StopRule.CI_BOUNDARY: "a workflow crosses the CI boundary that the policy requires",
    StopRule.REQUIRE_VERIFICATION: "the policy requires fresh verification rows, and some are not",
    StopRule.INDEPENDENCE: "a judge is less independent than the policy requires",
    StopRule.NEEDED_ROLES: "a role that the run needs has no route",
    StopRule.CONTRACT: "a route does not keep its endpoint contract",
    StopRule.REQUIRE_PRICE: "the gateway has no price for the route's model",
    StopRule.REQUIRE_LISTED_MODEL: "the gateway's list of models lacks the route's model",
    StopRule.REPOSITORY: "the repository has changed since the run began",
    StopRule.REFUSED_CALL: "the gateway refused a call for a reason that repeating does not change",
}
_OF_CAUSE = {
    StopCause.OPERATOR: "",
    StopCause.CALL: "the gateway refused a call for a reason that repeating does not change",
    StopCause.PREFLIGHT: "a check before generation found something",
    StopCause.ROUTE_CHANGED: "the role's route in the config has changed since the run began",
    StopCause.INSTRUCTION_CHANGED: "an instruction file has changed since the run pinned it",
    StopCause.BUDGET: "the next call could exceed a budget",
    StopCause.SECRET_IN_PROMPT: "the next brief seemed to contain a secret, so it was not sent",
}


def recorded_stop(state: RunState) -> RecordedStop | None:
    """Return why a run was stopped, as its record says it; None if it was not."""
    stopped = state.stopped
    if stopped is None:
        return None
    failed = _refused_call(state) if stopped.cause is StopCause.CALL else None
    role = stopped.role or _role_of(state, stopped, failed)
    route = None if role is None else state.route(role)
    is_operators = stopped.cause is StopCause.OPERATOR
    return RecordedStop(
        cause=stopped.cause,
        category=stopped.category,
        role=role,
        model=None if route is None else route.model,
        endpoint_family=None if route is None else route.endpoint_family,
        endpoint_path=None if route is None else route.endpoint_path,
        rule=stopped.rule,
        by=state.stopped_by.id if is_operators and state.stopped_by is not None else None,
        reason=_reason(stopped),
        findings=tuple(dict.fromkeys(stopped.findings)),
        verification_rows=stopped.verification_rows,
        independence=stopped.independence,
        http_status=None if failed is None else failed.http_status,
        request_id=None if failed is None else failed.request_id,
    )


def _refused_call(state: RunState) -> CallFailed | None:
    """Return the call that stopped a run: the gate's own, or one of its agent's."""
    return next((end for end in reversed(state.ends) if isinstance(end, CallFailed) and end.stops), None)


def _role_of(state: RunState, stopped: RunStopped, failed: CallFailed | None) -> Role | None:
    """Return the role of a stop that names none: the refused call's, or the one whose gate it was."""
    if failed is not None:
        return failed.role
    return None if stopped.cause is StopCause.INSTRUCTION_CHANGED else state.role


def _reason(stopped: RunStopped) -> str:
    if stopped.cause is StopCause.OPERATOR:
        return stopped.reason
    if stopped.category is Category.ENDPOINT_DRIFT:
        return "the route calls an endpoint family that does not serve its model"
    return _OF_CAUSE[stopped.cause] if stopped.rule is None else _OF_RULE[stopped.rule]
