"""The results of climbing the probe ladder, for a person."""

from console.cli import output
from console.cli.reports.call import cost_text, show_refusal
from console.cli.reports.finding import show_finding
from console.cli.reports.routes import show_sums
from console.cli.reports.streak import show_streak
from console.cli.reports.untested import show_untested
from console.domain.finding import Severity
from console.domain.money import Spent, usd_text
from console.domain.probes.event import CatalogueRead
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import fix_lines
from console.view.console_state import ConsoleState
from console.view.route_sign import marks_text, standing_sign
from console.view.rung_sign import rung_sign

_SHARED = (Rung.CONNECTION, Rung.CATALOGUE)
"""The rungs that are proven once for all routes."""


def show_check(state: ConsoleState, options: str | None) -> None:
    """Write the results for a person: a table, the gateway, then each route.

    Args:
        state: What is known after the climb.
        options: The options that select the same profile again, for the next command; None if none is told.

    """
    rows = [("route", "model", "family", "declared", "price", "verdict", "rung", "note")]
    rows += [
        (
            route.key,
            route.check.route.model,
            route.check.route.endpoint_family.value,
            _declared(state, route),
            _price(state, route),
            str(standing_sign(route.standing)),
            f"{int(route.reached)}, needs {int(route.needed)}",
            marks_text(route),
        )
        for route in state.proven
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    show_sums(state.proven)
    _show_gateway(state)
    for route in state.proven:
        output.write_line()
        _show_route(route)
        show_streak(state, route)
    show_untested(state.proven, options)
    if state.catalogue is not None:
        _show_changes(state.catalogue)
    if state.budget is not None:
        output.note(_spent(state.budget.spent))


def _show_gateway(state: ConsoleState) -> None:
    """Write once the rungs that all routes share."""
    shared = {result.rung: result for route in state.proven for result in route.rungs if result.rung in _SHARED}
    if shared:
        output.write_line()
        output.write_line("gateway")
    for rung in sorted(shared):
        result = shared[rung]
        output.write_line(f"  {rung_sign(result)}  rung {int(rung)} {rung.title}")
        for note in result.notes:
            output.write_line(f"      {note}")
        if result.classification is not None:
            show_refusal(result.classification)


def _show_route(route: ProvenRoute) -> None:
    check = route.check
    source = f" ({check.fact.source_url}, read {check.fact.checked_on})" if check.fact.source_url else ""
    required = check.required_family or f"one of {', '.join(check.fact.allowed)}"
    output.write_line(f"{check.route.key}: requires {required}{source}")
    told: set[str] = set()
    if not route.rungs:
        for finding in check.findings:
            show_finding(f"    {check.route.key}", finding)
    for result in route.rungs:
        told_above = "" if result.classification is None else result.classification.evidence
        news = [
            each
            for each in result.findings
            if each.severity is not Severity.INFO
            and each.id + each.evidence not in told
            and not told_above.startswith(each.id)
        ]
        is_shared = result.rung in _SHARED  # told once, above; here only what it says about this route
        if news or not is_shared:
            cost = cost_text(result) if result.rung.is_paid and result.requests_sent else ""
            output.write_line(f"  {rung_sign(result)}  rung {int(result.rung)} {result.rung.title}{cost}")
        for note in () if is_shared else result.notes:
            output.write_line(f"      {note}")
        if result.classification is not None and not is_shared:
            show_refusal(result.classification)
        for finding in news:
            told.add(finding.id + finding.evidence)
            show_finding(f"      {check.route.key}", finding)
    for words in fix_lines(check):
        output.write_line(f"  fix: {words}")


def _declared(state: ConsoleState, route: ProvenRoute) -> str:
    entry = None if state.catalogue is None else state.catalogue.catalogue.get(route.check.route.model)
    if entry is None or entry.families is None:
        return "-"
    return ", ".join(entry.families) or "other"


def _price(state: ConsoleState, route: ProvenRoute) -> str:
    entry = None if state.catalogue is None else state.catalogue.catalogue.get(route.check.route.model)
    return "-" if entry is None or entry.price is None else str(entry.price)


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
    if not read.catalogue.is_complete:
        output.note("catalogue: not compared with the last check, because a list could not be read to its end")
    elif not read.changes:
        output.note("catalogue: nothing changed since the last check")


def _spent(spent: Spent) -> str:
    known = "" if spent.is_exact else ", not all prices and token counts known"
    return f"spent in this session: {spent.tokens} tokens, {usd_text(spent.microusd)}{known}"
