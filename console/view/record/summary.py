"""The summary of a record: what was proven, what was in reach, who judged and decided, and why it stopped.

One screenful, the same in both faces. What was not tried or not checked is a fact with a sign of its own.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from console.domain.errors.category import guidance
from console.domain.money import usd_text
from console.domain.probes.standing import Standing
from console.domain.record.record import Record, RecordedGate, RecordedStop, WriterKind
from console.domain.routes.role import Role
from console.domain.run.agent_event import FileGuard, NetworkGuard
from console.domain.run.event import StopCause, StopRule
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.needed_roles import ASKED, JUDGES, NEEDED
from console.domain.run.pinned import PinnedRoute
from console.domain.run.state import RunStatus
from console.domain.run.turn import AgentTurn, TurnOutcome, could_ask_elsewhere
from console.domain.sources.cited_page import SourceVerdict
from console.domain.workflows.permissions import CiPermissions
from console.domain.workflows.token_kind import TokenKind
from console.view.route_sign import standing_sign
from console.view.run_sign import gate_sign, status_sign
from console.view.run_words import agent_words, author_words, held_words, turn_words
from console.view.sign import OK, Sign, Tone

_NO_PROOF = Sign("~", "no proof", Tone.WARN)
_NOT_CHECKED = Sign("~", "not checked", Tone.WARN)
_UNKNOWN = Sign("~", "unknown", Tone.WARN)
_NOTE = Sign("~", "note", Tone.WARN)
_NONE = Sign("·", "none", Tone.DIM)
_CLOSE = Sign("×", "too close", Tone.FAIL)
_UNPROVEN = Sign("~", "unproven", Tone.WARN)
_STOPPED = Sign("!", "stopped", Tone.WARN)
_OUTSIDE = Sign("~", "outside", Tone.WARN)
_NOT_BEGUN = Sign("·", "due", Tone.DIM)
_NOT_ASKED = Sign("·", "not asked", Tone.DIM)
_TURNS = {
    TurnOutcome.OPEN: Sign("~", "open", Tone.WARN),
    TurnOutcome.FAILED: Sign("!", "no draft", Tone.WARN),
    TurnOutcome.LOST: Sign("!", "lost", Tone.WARN),
}
_ASKED = {WriterKind.ROUTE: ASKED, WriterKind.AGENT: NEEDED, WriterKind.OUTSIDE: JUDGES}
"""The roles that a run may ask, by who makes its drafts."""
_SHOWN_HASH = 12
WIDTH = 80
"""The columns of the summary's lines, which also fit 24 lines unless many people decided."""
_LABEL = 12
_WORD = 8
_NAMED_ROWS = 3
"""The most verification rows that are named; more of them are counted."""
_LEVELS = ("the same call", "the same model", "another model", "another vendor")
"""What each level of independence means, in a few words."""

_NEXT = {
    StopRule.WITHHELD_TOKENS: "Start the console without them (env -u NAME); begin another run.",
    StopRule.CI_BOUNDARY: "Fix the workflows; gateway-console boundary names the lines.",
    StopRule.REQUIRE_VERIFICATION: "Read what gateway-console verify lists, then: verify mark ROW.",
    StopRule.INDEPENDENCE: "Give the judge another model in the config, then begin another run.",
    StopRule.NEEDED_ROLES: "Add a route for the role to the config, then begin another run.",
    StopRule.CONTRACT: "gateway-console check shows which rung fails, and why.",
    StopRule.REPOSITORY: "Begin another run at the repository's commit.",
}
"""What to do about a stop that has no category; a category has its own advice."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the summary."""

    label: str
    sign: Sign | None
    words: str
    """May hold names and reasons that people typed; a face makes it safe."""


def summary_of(record: Record) -> tuple[Fact, ...]:
    """Return the facts of a record that decide whether to rely on it."""
    return (
        *_run(record),
        *_stop(record),
        *_drafts(record),
        *_endpoints(record),
        *_boundary(record),
        *_sources(record),
        *_review(record),
        *_decisions(record),
        _cost(record),
        _candidate(record),
        Fact("ledger", None, f"{record.lines} lines, head {record.head[:_SHOWN_HASH]}"),
    )


def summary_lines(record: Record) -> Iterator[str]:
    """Yield the lines of a record's summary, for a terminal of `WIDTH` columns."""
    for fact in summary_of(record):
        sign = "" if fact.sign is None else f"{fact.sign.sign} {fact.sign.word:<{_WORD}}  "
        pieces = wrap(sign + fact.words, WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False)
        for label, piece in zip_longest([fact.label], pieces, fillvalue=""):
            yield f"{label:<{_LABEL}}{piece}".rstrip()


def _run(record: Record) -> Iterator[Fact]:
    where = "" if record.status is RunStatus.CLOSED else f" at {record.gate.words}, attempt {record.attempt}"
    yield Fact("run", status_sign(record.status), f"{record.run_id}{where}")
    repository = record.repository_state
    commit = "" if repository is None else f" @ {repository.commit[:_SHOWN_HASH]}"
    dirty = ", with uncommitted changes" if repository is not None and repository.is_dirty else ""
    source = record.instruction_source or "no instruction source"
    yield Fact("task", None, f"{record.kind or '?'} for {record.repository}{commit}{dirty}, by {source}")
    if record.is_simulated:
        yield Fact("gateway", _UNPROVEN, "simulated: no evidence of a real gateway")
    else:
        yield Fact("gateway", None, f"{record.gateway_origin or '?'}, profile {record.profile or '?'}")


def _drafts(record: Record) -> Iterator[Fact]:
    """Yield who made the drafts, unless it was the writer's route, which has a line below."""
    writer = record.writer
    for draft in writer.drafts:
        words = f"attempt {draft.attempt}: {draft.size} bytes, sha256 {draft.sha256[:_SHOWN_HASH]}"
        yield Fact("draft", _OUTSIDE, f"{words}, {author_words(draft.made_by)}; this tool did not make it")
    if writer.kind is WriterKind.AGENT and not writer.turns:
        yield Fact("agent", _NOT_BEGUN, f"{agent_words(writer.agent or '')} has not begun")
    for turn in writer.turns:
        words = f"{agent_words(turn.agent, turn.version)}, attempt {turn.attempt}: {held_words(turn.isolation)}"
        yield Fact("agent", _turn_sign(turn), f"{words}; {turn_words(turn)}")


def _turn_sign(turn: AgentTurn) -> Sign:
    """Return how a turn is shown: green only if it made a draft, and something held the agent."""
    if turn.outcome is not TurnOutcome.DRAFTED:
        return _TURNS[turn.outcome]
    is_held = turn.isolation.files is not FileGuard.NONE and turn.isolation.network is not NetworkGuard.NONE
    return Sign("✓", "held", Tone.OK) if is_held else Sign("~", "not held", Tone.WARN)


# --- Endpoints -------------------------------------------------------------------------------------------------------


def _endpoints(record: Record) -> Iterator[Fact]:
    roles = (*_ASKED[record.writer.kind], Role.FALLBACK)
    asked = [route for route in record.routes if route.role in roles]
    width = max((len(_address(route)) for route in asked), default=0)
    for route in asked:
        sign, proof = _proof(record, route)
        columns = f"{_address(route):<{width}}  {proof}"
        yield Fact(route.role, sign, columns.rstrip())
    others = [route.role for route in record.routes if route not in asked]
    if others:
        yield Fact("roles", _NOT_ASKED, ", ".join(others))


def _address(route: PinnedRoute) -> str:
    return f"{route.endpoint_family} {route.endpoint_path}"


def _proof(record: Record, route: PinnedRoute) -> tuple[Sign, str]:
    """Return how far a route was proven, by the preflight and by the run's own calls."""
    outcomes = Counter(call.outcome for call in record.calls if call.role is route.role)
    made = outcomes.total()
    calls = [f"{made} call{'s' if made > 1 else ''}"] if made else []
    calls += [f"{count} {outcome}" for outcome, count in outcomes.items() if outcome != "answered"]
    stop = record.stop
    if stop is not None and stop.role is route.role and stop.cause is not StopCause.OPERATOR:
        why = stop.category or stop.rule or stop.cause
        return Sign("×", "stopped", Tone.FAIL), ", ".join([str(why), *calls])
    proof = next((each for each in reversed(record.proofs) if each.role is route.role), None)
    if proof is None:
        return _NO_PROOF, ", ".join(calls)
    known = next((each for each in Standing if each == proof.verdict), None)
    sign = Sign("·", proof.verdict, Tone.DIM) if known is None else standing_sign(known)
    return sign, ", ".join([f"rung {proof.rung}", *calls])


# --- The boundary ----------------------------------------------------------------------------------------------------


def _boundary(record: Record) -> Iterator[Fact]:
    withheld = {
        TokenKind.PUBLISHER: record.publisher_token_available,
        TokenKind.CLOUD: record.cloud_token_available,
    }
    exposed = [kind for kind, is_there in withheld.items() if is_there]
    names = {kind: [each.name for each in record.tokens_in_reach or () if each.kind is kind] for kind in TokenKind}
    others = [f"{name} ({kind})" for kind, found in names.items() if kind not in exposed for name in found]
    also = f"; also {', '.join(others)}" if others else ""
    if exposed:
        named = [", ".join((f"{kind} token", *names[kind])) for kind in exposed]
        yield Fact("tokens", Sign("×", "in reach", Tone.FAIL), f"{'; '.join(named)}{also}")
    elif None in withheld.values():
        yield Fact("tokens", _UNKNOWN, "the record does not say which tokens were in reach")
    else:
        yield Fact("tokens", OK, f"no publisher or cloud token in reach{also}")
    if record.secrets_in_prompt:
        yield Fact("secrets", Sign("×", "found", Tone.FAIL), "a brief seemed to contain a secret; it was not sent")
    if record.ci_token_permissions is not None:
        is_least = record.ci_token_permissions == CiPermissions.LEAST_PRIVILEGE
        yield Fact("ci token", OK if is_least else _NOTE, record.ci_token_permissions)


# --- Sources and review ----------------------------------------------------------------------------------------------

_BAD_SOURCES = {SourceVerdict.UNSUPPORTED, SourceVerdict.UNREACHABLE, SourceVerdict.MOVED}


def _sources(record: Record) -> Iterator[Fact]:
    counts = Counter(source.verdict for source in record.sources)
    if counts:
        words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        is_good = not _BAD_SOURCES & counts.keys()
        yield Fact("sources", OK if is_good else _NOTE, f"cited pages: {words}")
    elif any(gate.gate is Gate.SOURCE_CHECK for gate in record.gates):
        yield Fact("sources", _NONE, "the draft cites no page")
    else:
        yield Fact("sources", _NOT_CHECKED, "no draft's sources were checked")
    stale = () if record.stop is None else record.stop.verification_rows
    if stale:
        named = f": {', '.join(stale)}" if len(stale) <= _NAMED_ROWS else ""
        yield Fact("verified", Sign("×", "stale", Tone.FAIL), f"{len(stale)} required row(s) not fresh{named}")
    elif record.verified_rows:
        yield Fact("verified", OK, f"{len(record.verified_rows)} required row(s) were fresh")
    elif record.gate not in (Gate.INSTRUCTION, Gate.PREFLIGHT):
        yield Fact("verified", _NONE, "no verification row was required")


def _review(record: Record) -> Iterator[Fact]:
    if not any(each.gate in (Gate.REVIEWER, Gate.CRITIC) for each in record.gates):
        yield Fact("review", _NOT_CHECKED, "no judge has answered")
    else:
        yield from _judges(record)
    yield from _independence(record)


def _judges(record: Record) -> Iterator[Fact]:
    for gate, label in ((Gate.REVIEWER, "review"), (Gate.CRITIC, "critique")):
        judged = next((each for each in reversed(record.gates) if each.gate is gate), None)
        if judged is None:
            yield Fact(label, _NOT_CHECKED, f"no {gate.words} has judged")
            continue
        score = "" if judged.total is None else f"{judged.total} of 100, threshold {judged.threshold}; "
        yield Fact(label, gate_sign(judged.computed), f"{score}{_computed_words(judged)}")


def _independence(record: Record) -> Iterator[Fact]:
    pairs = dict(record.independence) | dict(() if record.stop is None else record.stop.independence)
    if record.writer.kind is WriterKind.OUTSIDE:
        yield Fact("independent", _UNKNOWN, "who made the draft is not proven, so no judge is compared with its author")
    elif not pairs:
        yield Fact("independent", _NOT_CHECKED, "no judge was compared with the writer")
    is_free = could_ask_elsewhere(record.writer.turns)
    least = 0 if record.policy is None else record.policy.min_independence
    for pair, level in pairs.items():
        is_alias = pair in record.unproven_independence
        is_unseen = is_free and pair.startswith(f"{Role.WRITER}_")
        sign = _CLOSE if level < least else _UNPROVEN if is_alias or is_unseen else OK
        why = "names may be aliases" if is_alias else "the agent could ask other models"
        more = {_CLOSE: f"; {least} required", _UNPROVEN: f"; {why}"}.get(sign, "")
        yield Fact("independent", sign, f"{pair.replace('_', ' ')}: {level} of 3, {_LEVELS[level]}{more}")


def _computed_words(judged: RecordedGate) -> str:
    if not judged.parts:
        return f"computed {judged.computed}"
    own, *others = judged.parts
    rest = "".join(
        f"; the review: computed {each.computed}, decided {each.decided or 'not yet'}{_by(each.decided_by)}"
        for each in others
    )
    return f"computed {judged.computed}, its own {own.computed}{rest}"


def _by(name: str | None) -> str:
    return "" if name is None else f" by {name}"


def _decisions(record: Record) -> Iterator[Fact]:
    decided = [each for each in record.gates if each.decided is not None]
    by = Counter(each.decided_by or "?" for each in decided)
    who = ", ".join(f"{count} by {name}" for name, count in by.items())
    eyes = "; two operators passed the candidate" if record.four_eyes else ""
    yield Fact("decisions", None, f"{who or 'none'}{eyes}")
    for each in decided:
        if each.is_override:
            words = f"{each.gate.words}: {each.decided} against {each.computed} by {each.decided_by}: {each.reason}"
            yield Fact("override", Sign("~", "override", Tone.WARN), words)


# --- The end ---------------------------------------------------------------------------------------------------------


def _stop(record: Record) -> Iterator[Fact]:
    stop = record.stop
    if stop is not None:
        parts = (stop.cause, stop.rule, stop.category, stop.role)
        named = " / ".join(dict.fromkeys(str(each) for each in parts if each is not None))
        yield Fact("stop", _STOPPED, f"{named}{_by(stop.by)}{': ' if stop.reason else ''}{stop.reason}")
        if details := _details(stop):
            yield Fact("", None, details)
        if advice := advice_on(stop):
            yield Fact("next", None, advice)
    elif record.status is RunStatus.BLOCKED and record.gates:
        last = record.gates[-1]
        found = ", ".join(dict.fromkeys(each.id for each in last.findings)) or "none"
        words = f"at {last.gate.words}, computed {last.computed}, findings {found}"
        yield Fact("block", gate_sign(GateVerdict.BLOCK), f"{words}{': ' if last.reason else ''}{last.reason}")


def _details(stop: RecordedStop) -> str:
    """Return what a stop names: the model, the ids of the findings, the refusal's status."""
    findings = ", ".join(dict.fromkeys(each.id for each in stop.findings))
    details = (
        ("model", stop.model),
        ("findings", findings),
        ("HTTP", stop.http_status),
        ("request", stop.request_id),
    )
    return "; ".join(f"{label} {value}" for label, value in details if value)


def advice_on(stop: RecordedStop) -> str:
    """Return what to do about a stop; empty if nothing is known."""
    if stop.category is not None:
        return guidance()[stop.category].action
    return "" if stop.rule is None else _NEXT.get(stop.rule, "")


def _cost(record: Record) -> Fact:
    exact = "" if record.is_spent_exact else " or more"
    words = f"{record.spent_tokens} tokens, {usd_text(record.spent_microusd)}{exact}, {len(record.calls)} call(s)"
    return Fact("cost", None, words)


def _candidate(record: Record) -> Fact:
    if record.candidate_sha256 is None:
        return Fact("candidate", _NONE, "no candidate was sealed")
    return Fact("candidate", gate_sign(GateVerdict.READY), f"sha256 {record.candidate_sha256[:_SHOWN_HASH]}")
