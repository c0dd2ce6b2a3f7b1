"""The rubric: what a reviewer scores, and how our code computes a verdict from the scores.

No model says ready, revise or block. A reviewer gives scores and quotes; a critic gives findings and can only lower.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import facts_text
from console.domain.finding import Finding, Severity
from console.domain.run.evidence import Quotable
from console.domain.run.gate import GateVerdict, worst
from console.domain.run.role_answer import SCORE_LIMIT, Critique, FindingSeverity, JudgeFinding, Review

MUST_SCORE = 3
"""The least score with which a criterion that must hold holds."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a draft is scored on."""

    id: str
    words: str
    weight: int
    must: bool
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a draft of one kind is scored on."""

    criteria: tuple[Criterion, ...]
    threshold: int
    """The least total, of 100, with which a draft is ready."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the criteria's ids, in their order."""
        return tuple(criterion.id for criterion in self.criteria)

    def total(self, scores: Mapping[str, int]) -> int:
        """Return the weighted total of 0 to 100, rounded down; a criterion without a score of 0 to 4 counts 0."""
        weights = sum(criterion.weight for criterion in self.criteria)
        points = sum(criterion.weight * _counted_score(scores.get(criterion.id, 0)) for criterion in self.criteria)
        return 100 * points // (SCORE_LIMIT * weights)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What our code computed from a judge's answer."""

    verdict: GateVerdict
    findings: tuple[Finding, ...]
    """Why it is not better; in our words, nothing of the model's."""
    total: int | None = None
    scores: tuple[tuple[str, int], ...] = ()
    severities: tuple[tuple[FindingSeverity, int], ...] = ()
    """How many findings of each weight the judge had."""
    needs_human: bool = False
    """The machine's verdict is not enough, however good it is."""


class RubricError(ValueError):
    """A rubric that cannot be used; the message says why and where."""


def read_rubric(text: str, kind: str, *, threshold: int | None = None) -> Rubric:
    """Read the criteria of a rubric in TOML that concern one kind of artifact.

    Args:
        text: The file's text; see `facts/rubric.toml` for its form.
        kind: The kind of artifact.
        threshold: The threshold of the policy, which goes before the file's own.

    Raises:
        RubricError: It is not TOML, or a row of it is not a criterion, or none concerns the kind.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"it is not TOML: {error}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists in lists in lists
        raise RubricError("it is not TOML that anybody would write: a number or a nesting has no end") from None
    criteria = tuple(
        criterion
        for number, row in enumerate(_rows(table), start=1)
        if kind in (criterion := _criterion(row, number)).kinds
    )
    if not criteria:
        raise RubricError(f"no [[criterion]] names the kind {kind}")
    if len({criterion.id for criterion in criteria}) < len(criteria):
        raise RubricError("two criteria have the same id")
    own = table.get("threshold", 75) if threshold is None else threshold
    if isinstance(own, bool) or not isinstance(own, int) or not 0 <= own <= 100:
        raise RubricError("threshold has to be a whole number from 0 to 100")
    return Rubric(criteria, own)


def _rows(table: Mapping[str, object]) -> Sequence[object]:
    rows = table.get("criterion")
    return rows if isinstance(rows, list) else []


_CRITERION_ID = re.compile(r"[A-Za-z0-9_]{1,40}")


def _criterion(row: object, number: int) -> Criterion:
    place = f"[[criterion]] number {number}"
    if not isinstance(row, dict):
        raise RubricError(f"{place} is not a table")
    criterion_id, words, weight, must, kinds = (row.get(key) for key in ("id", "words", "weight", "must", "kinds"))
    if not isinstance(criterion_id, str) or _CRITERION_ID.fullmatch(criterion_id) is None:
        raise RubricError(f"{place} needs an id of 1 to 40 letters, digits and _")
    if not isinstance(words, str) or not words or len(words) > 200:
        raise RubricError(f"{place} needs words of 1 to 200 characters")
    if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= 1000:
        raise RubricError(f"{place} needs a weight from 1 to 1000")
    if not isinstance(must, bool):
        raise RubricError(f"{place} needs must = true or false")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise RubricError(f'{place} needs kinds, such as ["patch"]')
    return Criterion(criterion_id, words, weight, must, tuple(kinds))


@cache
def default_rubric(kind: str, threshold: int | None = None) -> Rubric:
    """Return the rubric that ships with the console, for one kind of artifact."""
    return read_rubric(facts_text("rubric"), kind, threshold=threshold)


def judge_review(review: Review, rubric: Rubric, draft: Quotable, nonce: str) -> Judgement:
    """Compute the verdict from a review.

    Block: the reviewer quoted a blocker from the draft. Ready: the total reaches the threshold, every criterion that
    must hold has at least 3, and the review is sound. Anything else is revise. A review is sound when it repeats the
    nonce, scores every criterion once, and quotes for each what shows that the draft was read.
    """
    scores: dict[str, int] = {}
    for each in review.criteria:  # of two scores of one criterion, the lower one counts
        score = _counted_score(each.score)
        scores[each.id] = min(score, scores.get(each.id, score))
    total = rubric.total(scores)
    unsound = [*_check_nonce(review.nonce, nonce, "reviewer"), *_check_scores(review, rubric)]
    unsound += _check_evidence([each.evidence for each in review.criteria], draft)
    unsound += _check_quotes(review.findings, draft)
    weak = [
        _finding("RUB-02", f"{each.id} must hold and has {scores.get(each.id, 0)} of {SCORE_LIMIT}")
        for each in rubric.criteria
        if each.must and scores.get(each.id, 0) < MUST_SCORE
    ]
    if total < rubric.threshold:
        weak.append(_finding("RUB-01", f"the total is {total} of 100, under the threshold of {rubric.threshold}"))
    weight, verdict = _weigh(review.findings, draft)
    if weak or unsound:
        verdict = worst(verdict, GateVerdict.REVISE)
    return Judgement(
        verdict,
        (*unsound, *weak, *weight),
        total,
        tuple((criterion, scores.get(criterion, 0)) for criterion in rubric.ids),
        _counted(review.findings),
        needs_human=bool(unsound),
    )


def judge_critique(critique: Critique, draft: Quotable, nonce: str, *, reviewed: GateVerdict) -> Judgement:
    """Compute the verdict from a critique, which can only lower the reviewer's.

    The critic was not told the reviewer's verdict; it comes in here, after its answer.
    """
    unsound = [*_check_nonce(critique.nonce, nonce, "critic")]
    unsound += _check_quotes(critique.findings, draft)
    weight, verdict = _weigh(critique.findings, draft)
    if unsound:
        verdict = worst(verdict, GateVerdict.REVISE)
    return Judgement(
        worst(verdict, reviewed),
        (*unsound, *weight),
        severities=_counted(critique.findings),
        needs_human=bool(unsound),
    )


def _counted_score(score: int) -> int:
    return score if 0 <= score <= SCORE_LIMIT else 0


def _check_nonce(answered: str, nonce: str, who: str) -> Iterable[Finding]:
    if answered != nonce:
        yield _finding("EVID-02", f"the {who} did not repeat the nonce: the answer may not be one to this request")


def _check_scores(review: Review, rubric: Rubric) -> Iterable[Finding]:
    scored = [each.id for each in review.criteria]
    missing = [criterion for criterion in rubric.ids if criterion not in scored]
    if missing:
        yield _finding("RUB-03", f"no score for {', '.join(missing)}")
    if len(set(scored)) < len(scored) or set(scored) - set(rubric.ids):
        yield _finding("RUB-04", "a criterion was scored twice, or one that the rubric has not")
    if any(_counted_score(each.score) != each.score for each in review.criteria):
        yield _finding("RUB-05", f"a score is not one of 0 to {SCORE_LIMIT}; it counts 0")


def _check_evidence(quotes: Sequence[str], draft: Quotable) -> Iterable[Finding]:
    if not draft.has_enough:
        yield _finding("EVID-04", "the draft changes too little text to be quoted: a person has to look at it")
        return
    weak = sum(1 for quote in quotes if not draft.supports(quote))
    if weak:
        what = "a line that the patch adds or removes" if draft.is_patch else "words of the draft, and enough of them"
        yield _finding("EVID-01", f"a score's evidence is not {what} ({weak} of them)")
    elif len(quotes) > 1 and len(set(quotes)) == 1 and draft.has_choice:
        yield _finding("EVID-03", "one quote is the evidence for all criteria: it shows that one line was read")


def _check_quotes(findings: Sequence[JudgeFinding], draft: Quotable) -> Iterable[Finding]:
    strange = sum(1 for each in findings if not draft.stands_in(each.quote))
    if strange:
        yield _finding("EVID-01", f"a finding's quote does not stand in the draft ({strange} of them)")


def _weigh(findings: Sequence[JudgeFinding], draft: Quotable) -> tuple[tuple[Finding, ...], GateVerdict]:
    """Weigh a judge's findings; a blocker whose quote is not in the draft asks for a revision only."""
    blockers = [each for each in findings if each.severity is FindingSeverity.BLOCKER]
    quoted = sum(1 for each in blockers if draft.stands_in(each.quote))
    majors = sum(1 for each in findings if each.severity is FindingSeverity.MAJOR)
    said: list[Finding] = []
    if blockers:
        said.append(_finding("JUDGE-01", f"{len(blockers)} blocking, {quoted} of them with words of the draft"))
    if majors:
        said.append(_finding("JUDGE-02", f"{majors} major", Severity.WARN))
    if quoted:
        return tuple(said), GateVerdict.BLOCK
    return tuple(said), GateVerdict.REVISE if blockers or majors else GateVerdict.READY


def _counted(findings: Sequence[JudgeFinding]) -> tuple[tuple[FindingSeverity, int], ...]:
    return tuple((severity, sum(1 for each in findings if each.severity is severity)) for severity in FindingSeverity)


def _finding(finding_id: str, message: str, severity: Severity = Severity.FAIL) -> Finding:
    return Finding(finding_id, severity, message)
