"""What a page about a run says, in the order in which a reader needs it: the same for Markdown and for HTML."""

from collections import Counter
from collections.abc import Iterator

from console.domain.ledger.checkpoint import moment
from console.domain.money import usd_text
from console.domain.record.record import Record, RecordedGate, WriterKind
from console.domain.routes.role import Role
from console.domain.run.needed_roles import ASKED, JUDGES, NEEDED
from console.domain.run.pinned import PinnedRoute
from console.domain.run.state import RunStatus
from console.view.record.results import gate_outcome
from console.view.record.summary import summary_of
from console.view.report.page import SIMULATED, Cell, Own, Page, Table
from console.view.sign import Sign, Tone

_ENDS = {
    RunStatus.CLOSED: "a candidate is sealed",
    RunStatus.BLOCKED: "blocked: no candidate",
    RunStatus.STOPPED: "stopped: no candidate, and no draft failed by it",
    RunStatus.ACTIVE: "not over: nothing is sealed yet",
}
_ASKED = {WriterKind.ROUTE: ASKED, WriterKind.AGENT: NEEDED, WriterKind.OUTSIDE: JUDGES}


def page_of(record: Record) -> Page:
    """Return the page about a run."""
    overrides = tuple(_overrides(record))
    return Page(
        f"Run {record.run_id}",
        _ENDS[record.status],
        SIMULATED if record.is_simulated else "",
        (
            Table("What was proven", ("", "", ""), tuple(_facts(record))),
            Table("Routes", ("role", "model asked for", "answered as", "endpoint", "proof", "calls"),
                  tuple(_routes(record)), "no route was pinned"),
            Table("Gates", ("gate", "attempt", "computed", "decided", "by", "findings"),
                  tuple(_gates(record)), "no gate was reached"),
            Table("Checks", ("check", "attempt", "result", "time"), tuple(_checks(record)), "no check ran"),
            Table("Overrides", ("gate", "decision", "by", "reason"), overrides, "none"),
            *_handed_over(record),
            Table("Findings before generation", ("id", "severity"), tuple(
                (Cell(each.id), Cell(Own(each.severity))) for each in record.preflight_findings
            )),
            Table("Sources", ("page", "result"), tuple(
                (Cell(each.url), Cell(Own(each.verdict))) for each in record.sources
            )),
            Table("Evidence", ("", ""), tuple(_evidence(record))),
        ),
    )  # fmt: skip


def _facts(record: Record) -> Iterator[tuple[Cell, ...]]:
    for fact in summary_of(record):
        yield (
            Cell(Own(fact.label)),
            Cell(Own("")) if fact.sign is None else _sign(fact.sign),
            Cell(" ".join(fact.words.split())),
        )  # columns are for a terminal


def _sign(sign: Sign) -> Cell:
    """Return a sign; its word is the ledger's where a version of the console that is not known here wrote it."""
    is_plain = sign.word.replace(" ", "").isalpha() and sign.word.isascii()
    return Cell(Own(str(sign)) if is_plain else str(sign), sign.tone)


def _routes(record: Record) -> Iterator[tuple[Cell, ...]]:
    asked = (*_ASKED[record.writer.kind], Role.FALLBACK)
    for route in record.routes:
        if route.role in asked:
            yield tuple(_route(record, route))


def _route(record: Record, route: PinnedRoute) -> Iterator[Cell]:
    calls = [each for each in record.calls if each.role is route.role]
    reported = dict.fromkeys(each.model_behind or each.model_reported for each in calls)
    names = ", ".join(each for each in reported if each is not None)
    proof = next((each for each in reversed(record.proofs) if each.role is route.role), None)
    outcomes = Counter(each.outcome for each in calls)
    yield Cell(Own(route.role))
    yield Cell(route.model)
    yield Cell(names) if names else Cell(Own("not reported" if calls else "not called"))
    yield Cell(f"{route.endpoint_family} {route.endpoint_path}")
    yield Cell(Own("no proof"), Tone.WARN) if proof is None else Cell(f"{proof.verdict}, rung {proof.rung}")
    yield Cell(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())) if calls else Cell(Own("none"))


def _gates(record: Record) -> Iterator[tuple[Cell, ...]]:
    for each in record.gates:
        total = "" if each.total is None else f", {each.total} of 100"
        failure = "" if each.failure is None else f", nothing to judge: {each.failure}"
        found = ", ".join(dict.fromkeys(finding.id for finding in each.findings))
        yield (
            Cell(Own(each.gate.words)),
            Cell(Own(str(each.attempt))),
            Cell(Own(f"{each.computed}{total}{failure}")),
            Cell(Own(_decision(record, each))),
            Cell(each.decided_by) if each.decided_by else Cell(Own("")),
            Cell(found) if found else Cell(Own("none")),
        )


def _decision(record: Record, gate: RecordedGate) -> str:
    if gate.decided is None:
        return str(gate_outcome(record, gate))
    return f"{gate.decided}{', an override' if gate.is_override else ''}{', signed' if gate.is_signed else ''}"


def _checks(record: Record) -> Iterator[tuple[Cell, ...]]:
    for gate in record.gates:
        for each in gate.commands:
            tests = ", with the repository's tests" if each.with_base_tests else ""
            result = Cell(Own("passed"), Tone.OK) if each.is_passed else Cell(Own(f"failed{_code(each.exit_code)}"),
                                                                              Tone.FAIL)  # fmt: skip
            yield Cell(f"{each.name}{tests}"), Cell(Own(str(gate.attempt))), result, Cell(Own(f"{each.duration_ms} ms"))


def _code(exit_code: int | None) -> str:
    return ", it was stopped" if exit_code is None else f", exit code {exit_code}"


def _overrides(record: Record) -> Iterator[tuple[Cell, ...]]:
    for each in record.gates:
        if each.is_override:
            words = Own(f"{each.decided} against {each.computed}")
            yield Cell(Own(each.gate.words)), Cell(words, Tone.WARN), Cell(each.decided_by or ""), Cell(each.reason)


def _handed_over(record: Record) -> Iterator[Table]:
    """Yield whom the run was left to; nothing if it was left to no one."""
    if record.handovers:
        rows = (
            (Cell(Own(each.gate.words)), Cell(each.by), Cell(each.to), Cell(each.note)) for each in record.handovers
        )
        yield Table("Hand-overs", ("gate", "by", "to", "note"), tuple(rows))


def _evidence(record: Record) -> Iterator[tuple[Cell, ...]]:
    state = record.repository_state
    commit = "" if state is None else f"{state.commit}{' with uncommitted changes' if state.is_dirty else ''}"
    exact = "" if record.is_spent_exact else " or more"
    signed = sum(each.is_signed for each in record.gates)
    verify = f"{signed} of decisions; gateway-console record verify {record.run_id} verifies them"
    for label, text in (
        ("candidate, sha256", record.candidate_sha256 or "none"),
        ("commit that it began at", commit),
        ("config, sha256", record.config_sha256 or ""),
        ("instructions, sha256", record.instructions_sha256 or ""),
        ("head of the log", f"{record.head} after {record.lines} lines"),
        ("signatures", verify if signed else "none of a decision"),
        ("began", moment(record.started_at_ms)),
        ("newest line", moment(record.updated_at_ms)),
        ("spent", f"{record.spent_tokens} tokens, {usd_text(record.spent_microusd)}{exact}"),
        ("written by", f"gateway-console {record.console_version or '?'}"),
    ):
        if text:
            yield Cell(Own(label)), Cell(text)
