"""States to draw: the sample profiles, and smoke tests at every stage, folded from events as a run would."""

from dataclasses import replace
from typing import Any

from support.relay.events import begun, ended, moved, refused, whole

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.event import (
    AnswerStarted,
    Event,
    GatewayOpened,
    LoopLagMeasured,
    OutputReceived,
    RequestWritten,
    RoutesChecked,
    SmokeFinished,
    SmokeStarted,
    TokenResolved,
)
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.console_state import ConsoleState
from console.view.relay.relay_view import AgentCutOff, AgentLetIn, AgentPicked, RelayOpened

HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m[@click=app.quit]x[/][red]\u202e\u200b evil"


def offline(profile: str = "faults") -> ConsoleState:
    return fold(ConsoleState(profile), RoutesChecked(check(load_profile(name=profile).table)))


def opened(profile: str = "faults") -> ConsoleState:
    return fold(
        offline(profile),
        GatewayOpened("http://127.0.0.1:41893", is_embedded=True),
        TokenResolved(TokenState.FOUND, "sim:"),
    )


def fold(state: ConsoleState, *events: Event) -> ConsoleState:
    for event in events:
        state = state.apply(event)
    return state


def route(state: ConsoleState, role: Role) -> Route:
    return next(each.check.route for each in state.routes if each.check.route.role is role)


def streaming(text: str = "OK. Six routes", role: Role = Role.WRITER) -> ConsoleState:
    state = opened()
    return fold(
        state,
        SmokeStarted(route(state, role), 1_780_000_000.0),
        RequestWritten(RouteKey(role), 7.0),
        AnswerStarted(RouteKey(role), 200, 4.0),
        OutputReceived(RouteKey(role), text, is_reasoning=False, ttft_ms=190.4),
    )


def passed(role: Role = Role.WRITER, *, model_reported: str | None = None, **more: Any) -> ConsoleState:
    state = streaming(role=role)
    ended = replace(result(route(state, role), model_reported=model_reported), **more)
    return fold(state, SmokeFinished(ended), LoopLagMeasured(1.2))


def result(of: Route, *, model_reported: str | None = None) -> SmokeResult:
    return SmokeResult(
        key=of.key,
        model=of.model,
        endpoint_family=of.endpoint_family,
        endpoint_path=of.endpoint_path,
        status=SmokeStatus.PASSED,
        model_reported=model_reported or of.model,
        http_status=200,
        requests_sent=1,
        request_written_ms=7.0,
        first_byte_ms=4.0,
        ttft_ms=190.4,
        total_ms=540.0,
        input_tokens=3,
        output_tokens=28,
        finish="completed",
        request_id="req_000001",
        findings=(Finding("COM-H-01", Severity.WARN, "The answer names no request id to ask support with."),),
    )


def account_error(role: Role = Role.FALLBACK) -> ConsoleState:
    state = opened()
    of = route(state, role)
    failed = SmokeResult(
        key=RouteKey(role),
        model=of.model,
        endpoint_family=of.endpoint_family,
        endpoint_path=of.endpoint_path,
        status=SmokeStatus.BLOCKED,
        classification=judged(Category.ACCOUNT_PRICING, "the error says that the model is not priced (code)"),
        http_status=500,
        requests_sent=1,
        total_ms=12.0,
    )
    return fold(state, SmokeStarted(of, 1_780_000_000.0), RequestWritten(RouteKey(role), 5.0), SmokeFinished(failed))


def relaying() -> ConsoleState:
    """Return a state in which agents call: one waits, one streams, others ended in every way."""
    state = opened()
    for event in (
        RelayOpened("http://127.0.0.1:40123"),
        *map(AgentLetIn, ("codex", "claude_code", "aider", "an_agent_with_a_very_long_name")),
        *whole(1),
        begun(2, "claude_code"),
        ended(2, "claude_code", category=Category.ACCOUNT_QUOTA),
        refused(3, "", HOSTILE),
        refused(4, "codex", HOSTILE * 3),
        begun(5),
        ended(5, is_cut=True),
        begun(6, "an_agent_with_a_very_long_name"),
        begun(7),
        moved(7, 12_345),
        AgentCutOff("claude_code"),
        AgentPicked(1),
    ):
        state = state.apply(event)
    return state


ALL = {
    "offline": offline(),
    "opened": opened(),
    "demo": opened("demo"),
    "streaming": streaming(),
    "wide characters": streaming("漢字かな交じり文 " * 30),
    "hostile": streaming(HOSTILE * 3),
    "passed": passed(),
    "served as another": passed(model_reported="gpt-other"),
    "account error": account_error(),
    "agents": relaying(),
    "empty": ConsoleState("nothing"),
}
