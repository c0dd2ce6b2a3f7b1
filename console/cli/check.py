"""`check`: contract checks up the probe ladder, each rung with its price and its proof."""

import argparse
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.classification import classification_document
from console.cli.exit_code import ExitCode, code_of_category, code_of_check, most_actionable
from console.cli.finding import finding_document, show_finding
from console.cli.profile import chosen_profile
from console.cli.routes import route_document
from console.cli.smoke import chosen_checks
from console.domain.assertion import assertions
from console.domain.contract import RouteCheck, Severity, Verdict
from console.domain.event import CatalogueRead, RoutesChecked, RungStarted, TokenState
from console.domain.explanation import reading_lines
from console.domain.ladder import Rung, RungResult, RungStatus, rung_needed
from console.domain.money import Budget, usd_text
from console.domain.role import Role
from console.domain.run import RouteState, RunState, apply
from console.domain.sign import rung_sign, verdict_sign

if TYPE_CHECKING:
    from console.services.probe.gateway import Gateway
    from console.services.settings import Profile


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser("check", help="prove each route's contract up the probe ladder", allow_abbrev=False)
    parser.add_argument(
        "--level",
        type=int,
        choices=[int(rung) for rung in Rung],
        default=int(Rung.KEY),
        metavar="0..5",
        help="how far to climb: 0 offline, 1 connection, 2 catalogue, 3 key and path (default),"
        " 4 one streamed call, 5 one call in the role's shape; 4 and 5 may cost",
    )
    parser.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        metavar="ROLE",
        help="only this role's route; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="list every assertion that is judged, and leave")
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Climb the ladder and show what each rung proved."""
    import asyncio

    from console.services.toml_text import ConfigError

    if arguments.list:
        return _list_assertions(as_json=arguments.json)
    top = Rung(arguments.level)
    if arguments.read_only and top > Rung.CATALOGUE:
        output.complain(f"--read-only: rung {int(top)} sends calls that may cost; nothing was sent. Next: --level 2")
        return ExitCode.REFUSED
    try:
        profile = chosen_profile(arguments)
        checks = chosen_checks(profile, arguments.role)
        if top is Rung.OFFLINE:
            state = apply(RunState(profile.name), RoutesChecked(checks))
            return _finish(profile, state, as_json=arguments.json, top=top)
        return asyncio.run(_check_profile(profile, checks, top, as_json=arguments.json))
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG


async def _check_profile(profile: "Profile", checks: tuple[RouteCheck, ...], top: Rung, *, as_json: bool) -> ExitCode:
    from console.services.target import TargetError, open_target
    from console.simulator.embedded import SimulatorError, embedded_gateway

    try:
        async with open_target(profile, embedded_gateway) as target:
            if target.token.state is not TokenState.FOUND or target.gateway is None:
                output.complain(target.token.advice)
                return ExitCode.TOKEN
            if not as_json:
                output.note(
                    f"checking {len(checks)} route(s) of {profile.name} at {target.opened.origin}, to rung {int(top)}"
                )
            state = await _climb(profile, checks, target.gateway, top, as_json=as_json)
    except SimulatorError as error:
        output.complain(str(error))
        return ExitCode.UNREACHABLE
    except TargetError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    return _finish(profile, state, as_json=as_json, top=top)


async def _climb(
    profile: "Profile", checks: tuple[RouteCheck, ...], gateway: "Gateway", top: Rung, *, as_json: bool
) -> RunState:
    """Fold the ladder's events, and tell prices before they are spent."""
    import asyncio

    from console.services.probe.catalogue_memory import CatalogueMemory
    from console.services.probe.ladder import Climb, climb
    from console.services.probe.purse import Purse
    from console.services.probe.smoke import SmokePlan

    state = apply(RunState(profile.name), RoutesChecked(checks))
    memory = CatalogueMemory(profile.name, os.environ, is_kept=not profile.is_built_in)
    how = Climb(
        top=top,
        plan=SmokePlan(gateway, Purse(profile.budget()), profile.gateway.smoke_max_output_tokens),
        connect_timeout_s=profile.gateway.connect_timeout_s,
        last_catalogue=memory.last(),
    )
    places = asyncio.Semaphore(profile.gateway.concurrency)
    try:
        async with aclosing(climb(checks, how, places=places)) as events:
            async for event in events:
                state = apply(state, event)
                if isinstance(event, RungStarted) and event.rung.is_paid and not as_json:
                    output.note(f"{event.role}: rung {int(event.rung)}, {event.price_before}")
                if isinstance(event, CatalogueRead):
                    memory.keep(event.catalogue)
    except asyncio.CancelledError:
        sent = [call.role.value for call in state.calls if call.is_live and call.is_sent]
        if sent:
            output.note(f"stopped: {', '.join(sent)} had been sent, may be billed, and have an unknown outcome")
        raise
    if memory.problem:
        output.note(f"what changed in the catalogue is not known: {memory.problem}")
    return state


def _finish(profile: "Profile", state: RunState, *, as_json: bool, top: Rung) -> ExitCode:
    if as_json:
        output.write_document(_document(profile, state, top))
    else:
        _show(state)
    return most_actionable(_code_of(route) for route in state.routes)


def _code_of(route: RouteState) -> ExitCode:
    codes = [code_of_check(route.check)]
    for result in route.rungs:
        if result.classification is not None:
            codes.append(code_of_category(result.classification))
        elif result.status in (RungStatus.FAILED, RungStatus.BLOCKED):
            codes.append(ExitCode.FAILED)
        if any(finding.severity is Severity.FAIL for finding in result.findings) and result.rung is not Rung.OFFLINE:
            codes.append(ExitCode.FAILED)
    return most_actionable(codes)


def _show(state: RunState) -> None:
    rows = [("role", "model", "family", "declared", "verdict", "rung")]
    rows += [
        (
            route.check.route.role.value,
            route.check.route.model,
            route.check.route.endpoint_family.value,
            _declared(state, route),
            str(verdict_sign(route.verdict)),
            f"{int(route.reached)} of {int(rung_needed(route.check.route.role))}",
        )
        for route in state.routes
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    for route in state.routes:
        output.write_line()
        _show_route(route)
    if state.catalogue is not None:
        _show_changes(state.catalogue)
    if state.budget is not None:
        output.note(_spent(state.budget))


def _show_route(route: RouteState) -> None:
    check = route.check
    source = f" ({check.fact.source_url}, read {check.fact.checked_on})" if check.fact.source_url else ""
    required = check.required_family or f"none; known on {', '.join(check.fact.allowed)}"
    output.write_line(f"{check.route.role}: requires {required}{source}")
    told: set[str] = set()
    if not route.rungs:
        for finding in check.findings:
            show_finding("   ", finding)
    for result in route.rungs:
        output.write_line(f"  {rung_sign(result)}  rung {int(result.rung)} {result.rung.title}{_cost(result)}")
        for note in result.notes:
            output.write_line(f"      {note}")
        if result.classification is not None:
            why, *further = reading_lines(result.classification)
            output.write_line(f"      {result.classification.category}: {why}")
            for words in further:
                output.write_line(f"      {words}")
        for finding in result.findings:
            if finding.severity is not Severity.INFO and finding.id + finding.evidence not in told:
                told.add(finding.id + finding.evidence)
                show_finding("     ", finding)
    for words in fix_lines(check):
        output.write_line(f"  fix: {words}")


def fix_lines(check: RouteCheck) -> tuple[str, ...]:
    """Return the config lines that put a drifting route right; none for one that does not drift."""
    if check.verdict is not Verdict.DRIFT:
        return ()
    family = check.required_family or check.route.endpoint_family
    where = "" if check.route.config_line is None else f"  # line {check.route.config_line}"
    return (f'endpoint_family = "{family}"{where}', f'endpoint_path = "{family.standard_path}"')


def _cost(result: RungResult) -> str:
    if not result.rung.is_paid or not result.requests_sent:
        return ""
    tokens = "tokens unknown" if result.tokens is None else f"{result.tokens} tokens"
    price = "price unknown" if result.price_after_usd is None else usd_text(result.price_after_usd)
    return f": {tokens}, {price} ({result.price_before})"


def _declared(state: RunState, route: RouteState) -> str:
    entry = None if state.catalogue is None else state.catalogue.catalogue.get(route.check.route.model)
    if entry is None or entry.families is None:
        return "-"
    return ", ".join(entry.families) or "other"


def _show_changes(read: CatalogueRead) -> None:
    if read.is_first:
        if read.catalogue.entries:
            output.note(f"catalogue: {len(read.catalogue.entries)} model(s); there is no earlier check to compare with")
        return
    for change in read.changes[:40]:
        was = f": was {change.was}, is {change.now}" if change.was or change.now else ""
        output.note(f"catalogue: {change.model} {change.kind}{was}")
    if len(read.changes) > 40:
        output.note(f"catalogue: {len(read.changes) - 40} more change(s)")
    if not read.changes:
        output.note("catalogue: nothing changed since the last check")


def _spent(budget: Budget) -> str:
    usd = (
        usd_text(budget.spent_usd) if budget.is_usd_exact else f"at least {usd_text(budget.spent_usd)}, prices unknown"
    )
    return f"spent in this session: {budget.spent_tokens} tokens, {usd}"


def _document(profile: "Profile", state: RunState, top: Rung) -> dict[str, object]:
    read = state.catalogue
    return {
        "schema": "gateway-console/check/v1",
        "profile": profile.name,
        "config": profile.source,
        "level": int(top),
        "routes": [_route_document(state, route) for route in state.routes],
        "catalogue": None
        if read is None
        else {
            "sources": list(read.catalogue.sources),
            "models": len(read.catalogue.entries),
            "is_first": read.is_first,
            "changes": [
                {"kind": each.kind.value, "model": each.model, "was": each.was, "now": each.now}
                for each in read.changes
            ],
        },
        "spent": None
        if state.budget is None
        else {
            "tokens": state.budget.spent_tokens,
            "usd": state.budget.spent_usd,
            "is_exact": state.budget.is_usd_exact,
        },
    }


def _route_document(state: RunState, route: RouteState) -> dict[str, object]:
    entry = None if state.catalogue is None else state.catalogue.catalogue.get(route.check.route.model)
    declared = None if entry is None or entry.families is None else [family.value for family in entry.families]
    findings = {**dict.fromkeys(route.check.findings)}
    for result in route.rungs:
        findings |= dict.fromkeys(result.findings)
    return route_document(route.check) | {
        "verdict": route.verdict.value,
        "declared_families": declared,
        "rung_reached": int(route.reached),
        "rung_needed": int(rung_needed(route.check.route.role)),
        "rungs": [_rung_document(result) for result in route.rungs],
        "findings": [finding_document(finding) for finding in findings],
        "fix": list(fix_lines(route.check)),
    }


def _rung_document(result: RungResult) -> dict[str, object]:
    return {
        "rung": int(result.rung),
        "title": result.rung.title,
        "status": result.status.value,
        "notes": list(result.notes),
        "price_before": {"tokens": result.price_before.tokens, "usd": result.price_before.usd},
        "tokens": result.tokens,
        "price_after_usd": result.price_after_usd,
        "requests_sent": result.requests_sent,
        "elapsed_ms": None if result.elapsed_ms is None else round(result.elapsed_ms, 1),
        **classification_document(result.classification),
    }


def _list_assertions(*, as_json: bool) -> ExitCode:
    rows = assertions()
    if as_json:
        listed = [
            {
                "id": row.id,
                "severity": row.severity.value,
                "level": row.level,
                "judged_by": row.judged_by.value,
                "meaning": row.meaning,
                "source": row.source,
                "checked_on": row.checked_on,
            }
            for row in rows
        ]
        output.write_document({"schema": "gateway-console/assertions/v1", "assertions": listed})
        return ExitCode.OK
    widths = output.column_widths([(row.id, row.severity.value, f"rung {row.level}") for row in rows])
    for row in rows:
        cells: Sequence[str] = (row.id, row.severity.value, f"rung {row.level}", f"{row.meaning}  [{row.source}]")
        output.write_line(output.table_line(cells, (*widths, 0)))
    return ExitCode.OK
