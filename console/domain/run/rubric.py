"""The rubric: the criteria that a reviewer scores, and how our code computes a verdict from the scores.

No model decides ready, revise or block. A reviewer gives scores and quotes; a critic gives findings. Each verdict is
computed from its own judge's answer alone. The critic is asked only after the reviewer's gate was passed, so it can
only lower the outcome.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from console.domain.answers.evidence import Quotable
from console.domain.answers.role_answer import SCORE_LIMIT, Critique, FindingSeverity, JudgeFinding, Review
from console.domain.facts.load import facts_text
from console.domain.finding import Finding, Severity
from console.domain.run.gate import GateVerdict, worst

MUST_SCORE = 3
"""The minimum score for a criterion that must hold."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion for scoring a draft."""

    id: str
    words: str
    weight: int
    must: bool
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """The criteria for drafts of one kind."""

    criteria: tuple[Criterion, ...]
    threshold: int
    """The minimum total, of 100, for ready."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the criteria, in order."""
        return tuple(criterion.id for criterion in self.criteria)

    def total(self, scores: Mapping[str, int]) -> int:
        """Return the weighted total from 0 to 100, rounded down; a criterion without a score of 0 to 4 counts 0."""
        weights = sum(criterion.weight for criterion in self.criteria)
        points = sum(criterion.weight * _counted_score(scores.get(criterion.id, 0)) for criterion in self.criteria)
        return 100 * points // (SCORE_LIMIT * weights)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result that our code computed from a judge's answer."""

    verdict: GateVerdict
    findings: tuple[Finding, ...]
    """Why it is not better; contains nothing from the model."""
    total: int | None = None
    scores: tuple[tuple[str, int], ...] = ()
    severities: tuple[tuple[FindingSeverity, int], ...] = ()
    """The number of the judge's findings by severity."""
    needs_human: bool = False
    """Whether a person has to decide, however good the verdict."""


class RubricError(ValueError):
    """The rubric cannot be used; the message says why and where."""


def read_rubric(text: str, kind: str, *, threshold: int | None = None) -> Rubric:
    """Read the criteria for one kind of artifact from a rubric in TOML.

    Args:
        text: The file's text; see `facts/rubric.toml` for the format.
        kind: The kind of artifact.
        threshold: The policy's threshold, which overrides the file's own.

    Raises:
        RubricError: It is not TOML, a row is not a criterion, or no row is for this kind.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"it is not TOML: {error}") from None
    except (ValueError, RecursionError):  # a number with thousands of digits, or lists nested without end
        raise RubricError("it cannot be read as TOML: a number is too long or a nesting too deep") from None
    criteria = tuple(
        criterion
        for number, row in enumerate(_rows(table), start=1)
        if kind in (criterion := _criterion(row, number)).kinds
    )
    if not criteria:
        raise RubricError(f"no [[criterion]] is for the kind {kind}")
    if len({criterion.id for criterion in criteria}) < len(criteria):
        raise RubricError("two criteria have the same id")
    own = table.get("threshold", 75) if threshold is None else threshold
    if isinstance(own, bool) or not isinstance(own, int) or not 0 <= own <= 100:
        raise RubricError("threshold has to be an integer from 0 to 100")
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
    """Return the console's default rubric for one kind of artifact."""
    return read_rubric(facts_text("rubric"), kind, threshold=threshold)


def judge_review(review: Review, rubric: Rubric, draft: Quotable, nonce: str) -> Judgement:
    """Compute the verdict from a review.

    Block: the reviewer quoted a blocker from the draft. Ready: the total reaches the threshold, every criterion that
    must hold has at least 3, and the review is sound. Otherwise: revise. A review is sound if it repeats the nonce,
    scores every criterion once, and for each quotes words that show that the draft was read.
    """
    scores: dict[str, int] = {}
    for each in review.criteria:  # if a criterion has two scores, the lower one counts
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
        weak.append(_finding("RUB-01", f"the total is {total} of 100, below the threshold of {rubric.threshold}"))
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


def judge_critique(critique: Critique, draft: Quotable, nonce: str) -> Judgement:
    """Compute the verdict from a critique alone: the critic did not know the reviewer's, nor what was decided on it."""
    unsound = [*_check_nonce(critique.nonce, nonce, "critic")]
    unsound += _check_quotes(critique.findings, draft)
    weight, verdict = _weigh(critique.findings, draft)
    if unsound:
        verdict = worst(verdict, GateVerdict.REVISE)
    return Judgement(
        verdict,
        (*unsound, *weight),
        severities=_counted(critique.findings),
        needs_human=bool(unsound),
    )


def check_override(reviewed: GateVerdict, own: GateVerdict) -> Iterable[Finding]:
    """Yield a finding if a person passed the reviewer's gate against its verdict: that decision stands.

    Args:
        reviewed: The verdict that was computed from the review.
        own: The one that was computed from the critique.

    """
    if reviewed is not GateVerdict.READY:
        words = (
            f"the verdict computed from the review is {reviewed}, and an operator decided ready; the one computed from"
            f" the critique alone is {own}"
        )
        yield _finding("JUDGE-03", words, Severity.WARN)


def _counted_score(score: int) -> int:
    return score if 0 <= score <= SCORE_LIMIT else 0


def _check_nonce(answered: str, nonce: str, who: str) -> Iterable[Finding]:
    if answered != nonce:
        yield _finding("EVID-02", f"the {who} did not repeat the nonce: the answer may belong to another request")


def _check_scores(review: Review, rubric: Rubric) -> Iterable[Finding]:
    scored = [each.id for each in review.criteria]
    missing = [criterion for criterion in rubric.ids if criterion not in scored]
    if missing:
        yield _finding("RUB-03", f"no score for {', '.join(missing)}")
    if len(set(scored)) < len(scored) or set(scored) - set(rubric.ids):
        yield _finding("RUB-04", "a criterion was scored twice, or is not in the rubric")
    if any(_counted_score(each.score) != each.score for each in review.criteria):
        yield _finding("RUB-05", f"a score is not from 0 to {SCORE_LIMIT}; it counts 0")


def _check_evidence(quotes: Sequence[str], draft: Quotable) -> Iterable[Finding]:
    if not draft.has_enough:
        yield _finding("EVID-04", "the draft changes too little text to quote: a person has to look at it")
        return
    weak = sum(1 for quote in quotes if not draft.supports(quote))
    if weak:
        what = "a line that the patch adds or removes" if draft.is_patch else "a long enough quote from the draft"
        yield _finding("EVID-01", f"a score's evidence is not {what} ({weak} of them)")
    elif len(quotes) > 1 and len(set(quotes)) == 1 and draft.has_choice:
        yield _finding("EVID-03", "all criteria have the same quote: it shows only that one line was read")


def _check_quotes(findings: Sequence[JudgeFinding], draft: Quotable) -> Iterable[Finding]:
    strange = sum(1 for each in findings if not draft.stands_in(each.quote))
    if strange:
        yield _finding("EVID-01", f"a finding's quote is not in the draft ({strange} of them)")


def _weigh(findings: Sequence[JudgeFinding], draft: Quotable) -> tuple[tuple[Finding, ...], GateVerdict]:
    """Weigh a judge's findings; a blocker whose quote is not in the draft asks for a revision only."""
    blockers = [each for each in findings if each.severity is FindingSeverity.BLOCKER]
    quoted = sum(1 for each in blockers if draft.stands_in(each.quote))
    majors = sum(1 for each in findings if each.severity is FindingSeverity.MAJOR)
    said: list[Finding] = []
    if blockers:
        said.append(_finding("JUDGE-01", f"{len(blockers)} blocking, {quoted} of them with a quote from the draft"))
    if majors:
        said.append(_finding("JUDGE-02", f"{majors} major", Severity.WARN))
    if quoted:
        return tuple(said), GateVerdict.BLOCK
    return tuple(said), GateVerdict.REVISE if blockers or majors else GateVerdict.READY


def _counted(findings: Sequence[JudgeFinding]) -> tuple[tuple[FindingSeverity, int], ...]:
    return tuple((severity, sum(1 for each in findings if each.severity is severity)) for severity in FindingSeverity)


def _finding(finding_id: str, message: str, severity: Severity = Severity.FAIL) -> Finding:
    return Finding(finding_id, severity, message)
