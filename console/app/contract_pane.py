"""The contract pane: what the route under the cursor requires, what it is set to, and what to do."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.line import BLANK, Line, Span, cell, dim, labelled, line, wrap
from console.app.line_pane import LinePane
from console.domain.contract import Finding, RouteCheck, Verdict
from console.domain.run import RouteState, RunState, SmokePhase
from console.domain.sign import Tone, check_sign, severity_sign

_HEADLINES = {
    Verdict.OK: ("✓ ok", "the route is on a family that serves its model", Tone.OK),
    Verdict.DRIFT: ("× endpoint drift", "the route is wrong, not the model", Tone.FAIL),
    Verdict.CONDITIONAL: ("~ conditional", "text works, tools with reasoning do not", Tone.WARN),
    Verdict.UNKNOWN: ("· unknown", "no source names this family; a live call has to prove it", Tone.DIM),
    Verdict.BLOCKED: ("! blocked", "an account or route matter stops this route", Tone.WARN),
}


class ContractPane(LinePane):
    """Pane 2."""

    def lines(self, state: RunState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the contract of the route under the cursor."""
        if cursor >= len(state.routes):
            return (line(dim("no route")),)
        return tuple(contract_lines(state.routes[cursor], size.width))


def contract_lines(state: RouteState, width: int) -> Iterator[Line]:
    """Yield the contract of one route: verdict, the four facts, the fix and the findings."""
    check = state.check
    headline, meaning, tone = _HEADLINES[check.verdict]
    if check.verdict is Verdict.OK and (sign := check_sign(check)).tone is not Tone.OK:
        headline, meaning, tone = str(sign), "the family is right; see the findings", sign.tone
    if len(headline) + 3 + len(meaning) <= width:
        yield line(Span(headline, tone), Span("   "), meaning)
    else:
        yield line(Span(headline, tone))
        yield from (line(piece) for piece in wrap(meaning, width))
    yield BLANK
    yield from _facts(state, width)
    if check.verdict is Verdict.DRIFT:
        yield BLANK
        yield from labelled("effect", "refused on the first call; smoke and runs hold this route back", width)
        yield from _fix(check, width)
    yield BLANK
    result = None if state.smoke.is_live else state.smoke.result
    smoked = () if result is None else tuple(each for each in result.findings if each not in check.findings)
    yield line(dim("findings" if check.findings else "findings   none offline"))
    for finding in check.findings:
        yield from _finding(finding, width)
    if smoked:
        yield line(dim("findings of the smoke test"))
    for finding in smoked:
        yield from _finding(finding, width)


def _facts(state: RouteState, width: int) -> Iterator[Line]:
    check = state.check
    required = check.required_family
    if required is not None:
        yield _fact("required", required, f"{_source(check)} {check.fact.checked_on}", Tone.OK, width)
    else:
        yield _fact("required", f"none; known on {', '.join(check.fact.allowed)}", "", Tone.TEXT, width)
    origin = "" if check.route.config_line is None else f"config line {check.route.config_line}"
    tone = Tone.FAIL if check.verdict is Verdict.DRIFT else Tone.ACCENT
    yield _fact("configured", check.route.endpoint_family, origin, tone, width)
    yield _fact("path", check.route.endpoint_path, "", Tone.TEXT, width)
    yield _answered(state, width)


def _answered(state: RouteState, width: int) -> Line:
    result = state.smoke.result
    if state.smoke.phase is not SmokePhase.DONE or result is None or result.http_status is None:
        is_tried = result is not None and not state.smoke.is_live and state.check.verdict is not Verdict.DRIFT
        note = "drift stops the call" if state.check.verdict is Verdict.DRIFT else ""
        return _fact("answered", "no answer" if is_tried else "not asked", "" if is_tried else note, Tone.DIM, width)
    if result.classification is not None:
        return _fact("answered", str(result.http_status), result.classification.category, Tone.WARN, width)
    if result.model_reported in (result.model, None):
        note = "served as itself" if result.model_reported else "served unnamed"
        return _fact("answered", result.endpoint_family, note, Tone.OK, width)
    return _fact("answered", f"{result.endpoint_family} as {result.model_reported}", "", Tone.WARN, width)


def _fact(label: str, value: str, note: str, tone: Tone, width: int) -> Line:
    room = max(8, width - 11)
    if not note or len(value) + 3 >= room:
        return line(cell(label, 11, Tone.DIM), cell(value, room, tone))
    value_width = max(18, len(value))
    return line(
        cell(label, 11, Tone.DIM),
        cell(value, value_width, tone),
        Span(" "),
        cell(note, room - value_width - 1, Tone.DIM),
    )


def _source(check: RouteCheck) -> str:
    """Return a short name of the source; the whole URL stands with the findings and in the route's own view."""
    host, _, path = check.fact.source_url.removeprefix("https://").partition("/")
    steps = path.split("/")
    if host != "github.com" or len(steps) < 2:
        return host
    return steps[1] if len(steps) == 2 else f"{steps[1]}#{steps[-1]}"


def _fix(check: RouteCheck, width: int) -> Iterator[Line]:
    route, required = check.route, check.required_family
    if required is not None and required is not route.endpoint_family:
        yield from labelled("fix", f'endpoint_family = "{required}"', width, tone=Tone.ACCENT)
        yield from labelled("", f'endpoint_path = "{required.standard_path}"', width, tone=Tone.ACCENT)
    else:
        standard = route.endpoint_family.standard_path
        yield from labelled("fix", f'endpoint_path = "{standard}"', width, tone=Tone.ACCENT)


def _finding(finding: Finding, width: int) -> Iterator[Line]:
    sign = severity_sign(finding.severity)
    for position, piece in enumerate(wrap(finding.message, width - 13)):
        lead = [Span(f"{sign.sign} ", sign.tone), cell(finding.id, 11, Tone.DIM)] if position == 0 else [Span(" " * 13)]
        yield line(*lead, piece)
    if finding.source_url:
        yield line(Span(" " * 13), cell(f"read {finding.checked_on} at", width - 13, Tone.DIM))
        yield from (line(dim(piece)) for piece in wrap(f"  {finding.source_url}", width))
