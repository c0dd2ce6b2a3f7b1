"""What a gate's decision is about, as labelled lines; pure, and the same wherever plain lines are enough.

Text from models and files is in the lines as it is: whoever shows a line makes it safe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.domain.answers.role_answer import SCORE_LIMIT, Critique, JudgeFinding, Plan
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.artifacts.file_change import EXECUTABLE, FileChange, FileChangeKind
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.run.event import GateOpened, InstructionPinned
from console.domain.run.reach import Reach
from console.domain.run.state import RunState
from console.domain.run.subject import (
    ClaimShown,
    DraftFile,
    DraftShown,
    PreflightNotes,
    ReviewShown,
    RungNote,
    SourceShown,
    SourcesShown,
    Subject,
)
from console.domain.run.turn import AgentTurn
from console.view.run_words import agent_words, author_words, held_words, turn_words

SHORT_HASH = 12
"""How many digits of a hash tell one text from another for a person."""


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """A line and what it is about; the label is empty if it is the one of the line above."""

    label: str
    text: str


def subject_lines(subject: Subject, *, is_brief: bool = False) -> tuple[LabelledLine, ...]:
    """Return what a decision is about, without the whole text of a draft and without a preflight's findings.

    Args:
        subject: What is decided on.
        is_brief: Whether rungs that passed are only counted.

    """
    match subject:
        case InstructionPinned():
            lines = _instruction(subject)
        case PreflightNotes():
            lines = _preflight(subject, is_brief=is_brief)
        case Plan():
            lines = _plan(subject)
        case DraftShown():
            lines = _draft(subject)
        case AgentTurn():
            lines = turn_lines(subject)
        case SourcesShown():
            lines = _sources(subject)
        case ReviewShown():
            lines = _review(subject)
        case Critique():
            lines = _points(subject.findings, "the critic found nothing")
    return tuple(lines)


def opening_lines(state: RunState, opened: GateOpened) -> tuple[LabelledLine, ...]:
    """Return what our code computed at a gate beside its findings, and what was decided there."""
    return (*_verdict(opened), *_checks(opened), *_decisions(state, opened))


def how_to_take(run_id: str, kind: str) -> str:
    """Return the command that takes a sealed candidate out."""
    name = {ArtifactKind.PATCH.value: f"{run_id}.patch", ArtifactKind.ARTICLE.value: f"{run_id}.md"}
    return f"gateway-console run candidate {run_id} --output {name.get(kind, f'{run_id}.txt')}"


def change_words(change: FileChange) -> str:
    """Return the change of one file in a line: its path, what is done to it, and how many lines."""
    path = f"{change.old_path} → {change.path}" if change.old_path else change.path
    kind = "" if change.kind is FileChangeKind.EDITED else f"  {change.kind}"
    counts = "  binary" if change.is_binary else f"  +{change.added} -{change.removed}"
    mode = "  becomes executable" if change.new_mode == EXECUTABLE != change.old_mode else ""
    return f"{path}{kind}{counts}{mode}"


def draft_size(subject: DraftShown) -> str:
    """Return the size of a draft in a line: its bytes, and a patch's files and lines."""
    changes = [each.change for each in subject.files]
    counts = f", {len(changes)} file(s), +{sum(c.added for c in changes)} -{sum(c.removed for c in changes)}"
    return f"{subject.kind}, {subject.size} bytes{counts if changes else ''}"


# --- Each subject -----------------------------------------------------------------------------------------------------


def _rows(label: str, texts: Sequence[str]) -> Iterator[LabelledLine]:
    """Yield one line for each text, the first with the label."""
    for place, text in enumerate(texts):
        yield LabelledLine("" if place else label, text)


def _instruction(pinned: InstructionPinned) -> Iterator[LabelledLine]:
    effective = sum(each.effective_size for each in pinned.sources)
    yield LabelledLine("source", f"{pinned.primary or 'none'}, for {pinned.tool}, in {pinned.scope}")
    yield LabelledLine("effective", f"{effective} bytes, sha256 {pinned.effective_sha256}")
    files = [
        f"{each.path}  {each.scope}, {each.load}, {each.effective_size} of {each.size} bytes"
        f"{f', sha256 {each.sha256[:SHORT_HASH]}' if each.sha256 else ''}{', not committed' if each.is_dirty else ''}"
        for each in pinned.sources
    ]
    yield from _rows("files", files or ["none"])
    yield LabelledLine("conflicts", ", ".join(dict.fromkeys(pinned.conflicts)) or "none")


def _preflight(notes: PreflightNotes, *, is_brief: bool) -> Iterator[LabelledLine]:
    if not notes.rungs:
        yield LabelledLine("rungs", "none was tried")
    for route, of_route in groupby(notes.rungs, key=lambda each: each.route):
        rungs = list(of_route)
        passed = [each for each in rungs if is_brief and each.status == RungStatus.PASSED]
        counted = [f"rungs passed: {' '.join(str(each.rung) for each in passed)}"] if passed else []
        yield from _rows(route, [*counted, *(_rung_words(each) for each in rungs if each not in passed)])
    yield from _reach(notes.reach)


def _rung_words(note: RungNote) -> str:
    words = f": {note.words}" if note.words else ""
    return f"rung {note.rung}, {Rung(note.rung).title}: {note.status}{words}"


def _reach(reach: Reach | None) -> Iterator[LabelledLine]:
    if reach is None:
        yield LabelledLine("tokens", "which ones roles can reach is not stored")
        return
    tokens = ", ".join(f"{each.name} ({each.kind})" for each in reach.tokens)
    yield LabelledLine("tokens", f"in reach of roles: {tokens or 'none'}")
    yield LabelledLine("CI token", reach.ci_token_permissions)


def _plan(plan: Plan) -> Iterator[LabelledLine]:
    yield LabelledLine("follows", plan.instruction_source or "names no instruction source")
    yield from _rows("may touch", plan.scope or ("nothing is named",))
    yield from _rows("steps", [f"{place}. {each}" for place, each in enumerate(plan.steps, 1)] or ["none"])
    yield from _rows("stops if", plan.stop_conditions or ("no condition is named",))


def _draft(draft: DraftShown) -> Iterator[LabelledLine]:
    yield LabelledLine("candidate" if draft.is_sealed else "draft", draft_size(draft))
    yield LabelledLine("sha256", draft.sha256)
    yield from author_lines(draft)
    if draft.kind == ArtifactKind.PATCH:
        yield from _rows("files", [_file_words(each) for each in draft.files] or ["none that git would take"])
        yield LabelledLine("scope", scope_words(draft))


def scope_words(draft: DraftShown) -> str:
    """Return the paths that a patch may touch."""
    if draft.outside is not None:
        return "no plan bounds it: it came from outside"
    return ", ".join(draft.scope) or "the plan allows no path"


def author_lines(draft: DraftShown) -> Iterator[LabelledLine]:
    """Yield who made a draft, unless the model of a route did."""
    if draft.outside is not None:
        yield LabelledLine("author", f"{author_words(draft.outside.made_by)}; this tool did not make it")
    if draft.turn is not None:
        yield from turn_lines(draft.turn)


def turn_lines(turn: AgentTurn) -> Iterator[LabelledLine]:
    """Yield which agent it was, how it ended, and what held it."""
    yield LabelledLine("agent", f"{agent_words(turn.agent, turn.version)}: {turn_words(turn)}")
    yield LabelledLine("isolation", held_words(turn.isolation))


def _file_words(file: DraftFile) -> str:
    return f"{change_words(file.change)}{'' if file.is_in_scope else '  outside the scope of the plan'}"


def _sources(shown: SourcesShown) -> Iterator[LabelledLine]:
    if not shown.sources:
        yield LabelledLine("sources", "the draft names none")
    for source in shown.sources:
        yield from _rows("source", [_source_words(source), *(_claim_words(each) for each in source.claims)])


def _source_words(source: SourceShown) -> str:
    checked = source.checked
    status = "" if checked.status is None else f", status {checked.status}"
    elsewhere = f", served by {checked.final_origin}" if checked.verdict == "moved" else ""
    return f"{checked.url or 'an address that cannot be shown'}: {checked.verdict}{status}{elsewhere}"


_FOUND = {True: "found on the page", False: "NOT on the page", None: "not looked for: the page was not read"}


def _claim_words(claim: ClaimShown) -> str:
    if not claim.quote:
        return f"{claim.id}: quotes nothing"
    return f'{claim.id}: {_FOUND[claim.is_there]}: "{_one_line(claim.quote)}"'


def _review(shown: ReviewShown) -> Iterator[LabelledLine]:
    scores = [
        f"{each.score} of {SCORE_LIMIT}  {each.id}{' (must hold)' if each.id in shown.must else ''}:"
        f' "{_one_line(each.evidence)}"'
        for each in shown.review.criteria
    ]
    yield from _rows("scores", scores)
    yield from _points(shown.review.findings, "the reviewer found nothing")


def _points(found: Sequence[JudgeFinding], nothing: str) -> Iterator[LabelledLine]:
    texts: list[str] = []
    for each in found:
        area = "" if each.area is None else f", {each.area.replace('_', ' ')}"
        texts += [f"{each.severity}{area}: {_one_line(each.note)}", f'  at "{_one_line(each.quote)}"']
    yield from _rows("points", texts or [nothing])


def _verdict(opened: GateOpened) -> Iterator[LabelledLine]:
    if opened.own is not None:
        lowered = "" if opened.own is opened.verdict else f", lowered to {opened.verdict} by what our code found"
        yield LabelledLine("verdict", f"from the critic's own points: {opened.own}{lowered}")
    pairs = [f"{pair.replace('_', ' ')}: {level} of 3" for pair, level in opened.independence]
    yield from _rows("independent", pairs)


def _checks(opened: GateOpened) -> Iterator[LabelledLine]:
    told = [
        f"{each.name}: {'passed' if each.is_passed else 'failed'}"
        f"{'' if each.exit_code in (None, 0) else f', exit code {each.exit_code}'}, {each.duration_ms} ms"
        f"{', with the tests as they are in the repository' if each.with_base_tests else ''}"
        for each in opened.commands
    ]
    yield from _rows("checks", told)


def _decisions(state: RunState, opened: GateOpened) -> Iterator[LabelledLine]:
    for each in state.decisions:
        decided = each.decided
        if (decided.gate, decided.attempt) != (opened.gate, opened.attempt):
            continue
        by = "the machine's verdict" if decided.is_machine else each.actor.id
        over = ", against the computed verdict" if decided.is_override else ""
        why = f": {decided.reason}" if decided.reason else ""
        yield LabelledLine("decided", f"{decided.verdict} by {by}{over}{why}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
