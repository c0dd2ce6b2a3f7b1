"""The contract pane: what the route under the cursor requires, how it is configured, and what to do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.geometry import Size

from console.app.panes.history.streak_line import streak_lines
from console.app.widgets.line import BLANK, Line, Span, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.finding import Finding
from console.domain.probes.event import CatalogueRead
from console.domain.probes.ladder import Rung
from console.domain.probes.mark import Mark, marks_of
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.served_as import ServedAs
from console.domain.routes.contract import RouteCheck, Verdict, fix_lines
from console.domain.routes.retirement import RouteRetirement
from console.view.console_state import ConsoleState, RouteView
from console.view.finding_sign import severity_sign
from console.view.live_call import CallPhase
from console.view.route_sign import (
    marks_text,
    reason_of,
    route_sign,
    route_words,
    standing_sign,
)
from console.view.rung_sign import rung_sign
from console.view.sign import Sign, Tone

if TYPE_CHECKING:
    from console.domain.history.streak import Streak


class ContractPane(LinePane):
    """Pane 2."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the contract of the route under the cursor."""
        if cursor >= len(state.routes):
            return (line(dim("no route")),)
        route = state.routes[cursor]
        return tuple(contract_lines(route, size.width, state.catalogue, state.streak(route.proven.key)))


def contract_lines(
    state: RouteView, width: int, read: CatalogueRead | None = None, streak: "Streak | None" = None
) -> Iterator[Line]:
    """Yield the contract of one route: verdict, since when, the four facts, the ladder, the fix and the findings."""
    check = state.check
    sign = route_sign(state.proven)
    headline, tone = str(sign), sign.tone
    meaning = route_words(state.proven)
    if len(headline) + 3 + len(meaning) <= width:
        yield line(Span(headline, tone), Span("   "), meaning)
    else:
        yield line(Span(headline, tone))
        yield from (line(piece) for piece in wrap(meaning, width))
    yield from streak_lines(streak, width)
    yield BLANK
    yield from _facts(state, width, read)
    yield from _ladder(state, width)
    yield from _standing(state.proven, width)
    if check.verdict is Verdict.DRIFT:
        yield BLANK
        yield from labelled("effect", "refused on the first call; smoke and runs hold this route back", width)
    elif fix_lines(check):
        yield BLANK
    yield from _fix(check, width)
    yield BLANK
    result = None if state.smoke.is_live else state.smoke.result
    smoked = () if result is None else tuple(each for each in result.findings if each not in check.findings)
    climbed = _climbed(state, smoked)
    if check.findings or not (climbed or smoked):
        yield line(dim("findings of the config" if check.findings else "findings   none"))
    for finding in check.findings:
        yield from _finding(finding, width)
    if climbed:
        yield line(dim("findings of the ladder"))
    for finding in climbed:
        yield from _finding(finding, width)
    if smoked:
        yield line(dim("findings of the smoke test"))
    for finding in smoked:
        yield from _finding(finding, width)


def _standing(proven: ProvenRoute, width: int) -> Iterator[Line]:
    """Yield what speaks against the route, what no table may hide, and what was not tested."""
    if reason := reason_of(proven):
        yield from labelled("because", reason, width, tone=standing_sign(proven.standing).tone)
    if any(mark is not Mark.WARNING for mark in marks_of(proven)):  # a warning is with the findings below
        yield from labelled("note", marks_text(proven), width, tone=Tone.WARN)
    rung = proven.proving_rung
    if rung is not None:
        key = "s" if rung is Rung.SMOKE else "t"
        yield from labelled("untested", f"rung {int(rung)}, {rung.title}: {key} tests it and may cost", width)


def _climbed(state: RouteView, smoked: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the ladder's findings that are not shown elsewhere."""
    found = dict.fromkeys(finding for result in state.proven.rungs for finding in result.findings)
    return tuple(each for each in found if each not in state.check.findings and each not in smoked)


def _facts(state: RouteView, width: int, read: CatalogueRead | None) -> Iterator[Line]:
    check = state.check
    required = check.required_family
    if required is not None:
        yield from _fact("required", required, f"{_source(check)} {check.fact.checked_on}", Tone.OK, width)
    else:
        yield from _fact("required", f"one of {', '.join(check.fact.allowed)}", "", Tone.TEXT, width)
    origin = "" if check.route.config_line is None else f"config line {check.route.config_line}"
    tone = Tone.FAIL if check.verdict is Verdict.DRIFT else Tone.ACCENT
    yield from _fact("configured", check.route.endpoint_family, origin, tone, width)
    yield from _fact("path", check.route.endpoint_path, "", Tone.TEXT, width)
    if check.retirement is not None:
        yield from _retires(check.retirement, width)
    yield from _declared(state, width, read)
    yield from _answered(state, width)


def _retires(retirement: RouteRetirement, width: int) -> Iterator[Line]:
    row = retirement.row
    tone = (Tone.FAIL if retirement.is_over else Tone.WARN) if retirement.is_binding else Tone.DIM
    note = row.replacement and f"then {row.replacement}"
    return _fact(
        "retired" if retirement.is_over else "retires", f"{row.retires_on} at {row.provider}", note, tone, width
    )


def _declared(state: RouteView, width: int, read: CatalogueRead | None) -> Iterator[Line]:
    """Yield what the gateway declares: a hint, never an oracle."""
    if read is None:
        yield from _fact("declared", "not asked", "c checks it", Tone.DIM, width)
        return
    entry = read.catalogue.get(state.check.route.model)
    if entry is None:
        yield from _fact(
            "declared", "not listed", "a hint, no proof", Tone.WARN if read.catalogue.entries else Tone.DIM, width
        )
        return
    if entry.families is None:
        yield from _fact("declared", "listed, no families", "a hint, no proof", Tone.DIM, width)
    else:
        is_there = state.check.route.endpoint_family in entry.families
        names = ", ".join(entry.families) or "none supported here"
        yield from _fact("declared", names, "a hint, no proof", Tone.TEXT if is_there else Tone.WARN, width)
    if entry.price is not None:
        yield from _fact("price", str(entry.price), "of the catalogue", Tone.TEXT, width)


def _ladder(state: RouteView, width: int) -> Iterator[Line]:
    """Yield the rungs of the probe ladder, the result of each, and how far the role needs it."""
    proven = state.proven
    if not proven.rungs and state.climbing is None:
        return
    results = {result.rung: result for result in proven.rungs}
    parts: list[Span | str] = []
    for rung in Rung:
        sign = Sign("·", "not climbed", Tone.DIM)
        if state.climbing is not None and state.climbing.rung is rung:
            sign = Sign("›", "live", Tone.LIVE)
        elif trouble := next((each for each in proven.troubles if each.rung is rung and rung not in results), None):
            sign = standing_sign(trouble.standing)
        elif rung in proven.calls:
            sign = Sign("✓", "ok", Tone.OK)
        elif rung in results:
            sign = rung_sign(results[rung])
        parts += [Span(f"{sign.sign}{int(rung)} ", sign.tone)]
    needed = proven.needed
    is_enough = proven.reached >= needed
    told = f"up to rung {int(proven.reached)}; the {proven.role} role needs {int(needed)}"
    tone = Tone.OK if is_enough else Tone.TEXT
    if 11 + sum(cell_len(part if isinstance(part, str) else part.text) for part in parts) + 1 + len(told) <= width:
        yield line(cell("ladder", 11, Tone.DIM), *parts, Span(f" {told}", tone))
    else:
        yield line(cell("ladder", 11, Tone.DIM), *parts)
        yield from labelled("", told, width, tone=tone)
    last = proven.rungs[-1] if proven.rungs else None
    if last is not None and not last.holds and last.classification is not None:
        said = f"rung {int(last.rung)} {last.rung.title}: {last.classification.category}"
        yield from labelled("", said, width, tone=Tone.WARN)


def _answered(state: RouteView, width: int) -> Iterator[Line]:
    result = state.smoke.result
    if state.smoke.phase is not CallPhase.DONE or result is None or result.http_status is None:
        is_tried = result is not None and not state.smoke.is_live and state.check.verdict is not Verdict.DRIFT
        note = "drift stops the call" if state.check.verdict is Verdict.DRIFT else ""
        return _fact("answered", "no answer" if is_tried else "not asked", "" if is_tried else note, Tone.DIM, width)
    if result.classification is not None:
        return _fact("answered", str(result.http_status), result.classification.category, Tone.WARN, width)
    if result.service is not None and result.service.told_by:
        named = result.service.model or "another model"
        return _fact("answered", f"{result.endpoint_family} as {named}", result.service.told_by, Tone.WARN, width)
    if result.service is not None and result.service.served_as is ServedAs.ALIAS and result.service.behind:
        return _fact("answered", result.endpoint_family, f"alias of {result.service.behind}", Tone.OK, width)
    if result.model_reported in (result.model, None):
        note = "served as itself" if result.model_reported else "served unnamed"
        return _fact("answered", result.endpoint_family, note, Tone.OK, width)
    return _fact("answered", f"{result.endpoint_family} as {result.model_reported}", "", Tone.WARN, width)


def _fact(label: str, value: str, note: str, tone: Tone, width: int) -> Iterator[Line]:
    """Yield a fact and its note, on one line if they fit; neither is cut."""
    value_width = max(18, cell_len(value))
    if note and 11 + value_width + 1 + cell_len(note) <= width:
        yield line(cell(label, 11, Tone.DIM), cell(value, value_width, tone), Span(" "), dim(note))
        return
    yield from labelled(label, value, width, tone=tone)
    if note:
        yield from labelled("", note, width, tone=Tone.DIM)


def _source(check: RouteCheck) -> str:
    """Return a short name of the source; the whole URL is with the findings and in the route's own view."""
    host, _, path = check.fact.source_url.removeprefix("https://").partition("/")
    steps = path.split("/")
    if host != "github.com" or len(steps) < 2:
        return host
    return steps[1] if len(steps) == 2 else f"{steps[1]}#{steps[-1]}"


def _fix(check: RouteCheck, width: int) -> Iterator[Line]:
    lines = fix_lines(check)
    for position, words in enumerate(lines):
        yield from labelled("fix" if position == 0 else "", words, width, tone=Tone.ACCENT)
    if lines:
        yield from labelled("", "F writes it into the config, y copies it", width, tone=Tone.DIM)


def _finding(finding: Finding, width: int) -> Iterator[Line]:
    sign = severity_sign(finding.severity)
    told = f"{finding.message} [{finding.evidence}]" if finding.evidence else finding.message
    id_width = max(11, len(finding.id) + 1)
    indent = 2 + id_width
    for position, piece in enumerate(wrap(told, width - indent)):
        lead = [Span(f"{sign.sign} ", sign.tone), cell(finding.id, id_width, Tone.DIM)]
        yield line(*(lead if position == 0 else [Span(" " * indent)]), piece)
    if finding.source_url:
        yield line(Span(" " * indent), cell(f"read {finding.checked_on} at", width - indent, Tone.DIM))
        yield from (line(dim(piece)) for piece in wrap(f"  {finding.source_url}", width))
