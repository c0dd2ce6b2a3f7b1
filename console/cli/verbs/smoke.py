"""`smoke`: live smoke tests of the routes."""

import argparse
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_result, code_of_token, most_actionable
from console.cli.profile import chosen_profile
from console.cli.reports.classification import classification_document
from console.cli.reports.finding import finding_document, show_finding
from console.domain.finding import Severity
from console.domain.probes.event import RoutesChecked, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.routes.shape import Shape
from console.domain.tokens.state import TokenState
from console.view.call_sign import result_sign
from console.view.console_state import ConsoleState
from console.view.explanation import reading_lines

if TYPE_CHECKING:
    from console.services.config.settings import Profile
    from console.services.gateway.client import Gateway


SCHEMA = "gateway-console/smoke/v1"


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser("smoke", help="make one live, streamed call through each route", allow_abbrev=False)
    parser.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        metavar="ROLE",
        help="only this role's route; may be repeated",
    )
    parser.add_argument(
        "--shape",
        choices=[shape.value for shape in Shape],
        default=Shape.TEXT.value,
        metavar="S",
        help="what is sent: text (default), role (its schema or tool), agent (as Codex or Claude Code send it)",
    )
    parser.add_argument(
        "--repeat", type=_count, default=1, metavar="N", help="smoke each route N times, one after another"
    )
    parser.add_argument("--concurrency", type=_count, metavar="N", help="the most calls in flight at once")
    parser.set_defaults(run=run)
    return parser


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 500:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number from 1 to 500")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Smoke the profile's routes and show the results."""
    import asyncio

    from console.services.config.toml_text import ConfigError

    if arguments.read_only:
        output.complain("--read-only: a smoke test makes calls that may cost; nothing was sent. Next: routes")
        return ExitCode.REFUSED
    try:
        profile = chosen_profile(arguments)
        checks = chosen_checks(profile, arguments.role)
        how = SmokeOrder(Shape(arguments.shape), arguments.repeat, arguments.concurrency, as_json=arguments.json)
        return asyncio.run(smoke_profile(profile, checks, how))
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG


@dataclass(frozen=True, slots=True)
class SmokeOrder:
    """What was asked for on the command line."""

    shape: Shape = Shape.TEXT
    repeat: int = 1
    concurrency: int | None = None
    """The most calls in flight; None means the profile's own."""
    as_json: bool = False


def chosen_checks(profile: "Profile", roles: Sequence[str] | None) -> tuple[RouteCheck, ...]:
    """Return the offline checks of the routes that were asked for.

    Raises:
        ConfigError: The profile has none of them.

    """
    from console.services.config.toml_text import ConfigError, Fault

    checks = tuple(each for each in profile.check() if roles is None or each.route.role in roles)
    if not checks:
        known = ", ".join(route.role for route in profile.table)
        raise ConfigError(Fault(f"profile {profile.name} has no route for this role; it has {known}", profile.source))
    return checks


async def smoke_profile(profile: "Profile", checks: tuple[RouteCheck, ...], how: SmokeOrder) -> ExitCode:
    """Open the profile's gateway, smoke the routes and write the results."""
    smoked = await smoke_gateway(profile, checks, how)
    if isinstance(smoked, ExitCode):
        return smoked
    if how.as_json:
        output.write_document({"schema": SCHEMA, **smoked.document(profile)})
    return smoked.code


@dataclass(frozen=True, slots=True)
class Smoked:
    """What smoking a profile's routes came to."""

    origin: str
    results: tuple[SmokeResult, ...]
    loop_lag_p99_ms: float

    @property
    def code(self) -> ExitCode:
        """The exit code of all results."""
        return most_actionable(code_of_result(result) for result in self.results)

    def document(self, profile: "Profile") -> dict[str, object]:
        """Return the results as the JSON documents name them."""
        return {
            "profile": profile.name,
            "config": profile.source,
            "origin": self.origin,
            "results": [result_document(result) for result in self.results],
            "console": {"loop_lag_p99_ms": round(self.loop_lag_p99_ms, 2)},
        }


async def smoke_gateway(profile: "Profile", checks: tuple[RouteCheck, ...], how: SmokeOrder) -> Smoked | ExitCode:
    """Open the profile's gateway and smoke the routes; what keeps that from being done is said, with its exit code."""
    from console.services.open_gateway import TargetError, open_target
    from console.services.tokens.terminal import ask_on_terminal
    from console.simulator.embedded import SimulatorError

    try:
        context = current()
        async with open_target(
            profile, context.embedded_gateway, environment=context.environment, ask=ask_on_terminal
        ) as target:
            if target.token.state is not TokenState.FOUND or target.gateway is None:
                output.complain(target.token.advice)
                return code_of_token(target.token.state)
            if target.token.advice:
                output.note(target.token.advice)
            if not how.as_json:
                what = f"{len(checks)} route(s) of profile {profile.name} at {target.opened.origin}"
                output.note(f"smoking {what}, shape {how.shape}")
            state, results = await _smoke_routes(profile, checks, target.gateway, how)
    except SimulatorError as error:
        output.complain(str(error))
        return ExitCode.UNREACHABLE
    except TargetError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    smoked = Smoked(target.opened.origin, tuple(results), state.loop_lag_p99_ms or 0.0)
    if not how.as_json:
        passed = sum(result.status is SmokeStatus.PASSED for result in results)
        output.note(
            f"{passed} of {len(results)} passed; this console's own loop lag p99 {smoked.loop_lag_p99_ms:.1f} ms"
        )
    return smoked


async def _smoke_routes(
    profile: "Profile", checks: tuple[RouteCheck, ...], gateway: "Gateway", how: SmokeOrder
) -> tuple[ConsoleState, list[SmokeResult]]:
    """Fold a smoke test's events, and write each result as it comes."""
    import asyncio

    from console.services.gateway.reservations import Reservations
    from console.services.probes.smoke import SmokePlan, smoke

    state = ConsoleState(profile.name).apply(RoutesChecked(checks))
    results: list[SmokeResult] = []
    widths = _widths(checks)
    plan = SmokePlan(gateway, Reservations(profile.budget()), profile.gateway.smoke_max_output_tokens)
    places = asyncio.Semaphore(how.concurrency or profile.gateway.concurrency)
    try:
        for _ in range(how.repeat):
            async with aclosing(smoke(checks, plan, places=places, shape=how.shape)) as events:
                async for event in events:
                    state = state.apply(event)
                    if not isinstance(event, SmokeFinished):
                        continue
                    results.append(event.result)
                    if not how.as_json:
                        show_result(event.result, widths)
                        if said := state.smoke(event.result.role).said:
                            output.note(f'    the gateway said, not stored: "{said}"')
            checks = tuple(each for each in checks if not _stops(state, each))
            if not checks:
                break
    except asyncio.CancelledError:
        for words, is_sent in (("had been sent", True), ("may have been sent", False)):
            live = [call.role.value for call in state.requests.calls if call.is_live and call.is_sent is is_sent]
            if live:
                output.note(f"stopped: {', '.join(live)} {words}, may be billed, and have an unknown outcome")
        raise
    return state, _in_order(results)


def _in_order(results: list[SmokeResult]) -> list[SmokeResult]:
    order = list(Role)
    return sorted(results, key=lambda result: order.index(result.role))


def _stops(state: ConsoleState, check: RouteCheck) -> bool:
    """Return whether a route's newest test ended in something that no repetition mends."""
    result = state.smoke(check.route.role).result
    return result is not None and result.classification is not None and result.classification.stops


def _widths(checks: Sequence[RouteCheck]) -> list[int]:
    blank = [("! account", each.route.role, each.route.model, each.route.endpoint_family) for each in checks]
    return output.column_widths(blank)


def show_result(result: SmokeResult, widths: Sequence[int]) -> None:
    """Write one smoke test's end for a person."""
    cells = (str(result_sign(result)), result.role, result.model, result.endpoint_family)
    output.write_line(output.table_line((*cells, _figures(result)), (*widths, 0)))
    if result.classification is not None:
        if result.requests_sent:
            status = "no reply" if result.http_status is None else result.http_status
            request = f" · {result.request_id}" if result.request_id else ""
            output.write_line(f"    POST {result.endpoint_path} → {status}{request}")
        why, *further = reading_lines(result.classification)
        output.write_line(f"    {result.classification.category}: {why}")
        for words in further:
            output.write_line(f"    {words}")
    for finding in result.findings:
        is_told = result.classification is not None and result.classification.evidence.startswith(finding.id)
        if finding.severity is not Severity.INFO and not is_told:
            show_finding("   ", finding)


def _figures(result: SmokeResult) -> str:
    if result.total_ms is None:
        return ""
    ttft = "ttft      -   " if result.ttft_ms is None else f"ttft {result.ttft_ms:6.0f} ms"
    parts = [ttft, f"total {result.total_ms:6.0f} ms"]
    if result.output_tokens is not None:
        parts.append(f"{'?' if result.input_tokens is None else result.input_tokens} in {result.output_tokens} out")
    if result.finish is not None:
        parts.append(result.finish)
    return "  ".join(parts)


def result_document(result: SmokeResult) -> dict[str, object]:
    """Return a smoke result as the JSON documents name it; times in milliseconds."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 1)

    classification = result.classification
    return {
        "role": result.role.value,
        "model": result.model,
        "model_reported": result.model_reported,
        "served_as": result.service.served_as.value if result.service else None,
        "shape": result.shape.value,
        "endpoint_family": result.endpoint_family,
        "endpoint_path": result.endpoint_path,
        "status": result.status.value,
        **classification_document(classification),
        "http_status": result.http_status,
        "requests_sent": result.requests_sent,
        "request_written_ms": rounded(result.request_written_ms),
        "first_byte_ms": rounded(result.first_byte_ms),
        "ttft_ms": rounded(result.ttft_ms),
        "total_ms": rounded(result.total_ms),
        "input_tokens": result.input_tokens,
        "output_tokens": result.output_tokens,
        "finish": result.finish,
        "request_id": result.request_id,
        "findings": [finding_document(finding) for finding in result.findings],
    }
