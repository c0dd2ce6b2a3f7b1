"""The rubric: what our code makes of a judge's scores and quotes, and what it never takes from it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.text.hostile_text import MARKS

from console.domain.answers.evidence import Quotable, plain
from console.domain.answers.role_answer import (
    CriterionScore,
    Critique,
    CritiqueArea,
    FindingSeverity,
    JudgeFinding,
    Review,
)
from console.domain.run.gate import GateVerdict
from console.domain.run.rubric import (
    Criterion,
    Judgement,
    Rubric,
    RubricError,
    default_rubric,
    judge_critique,
    judge_review,
    read_rubric,
)

READY, REVISE, BLOCK = GateVerdict
DRAFT = "The retry loop sleeps between attempts.\n\tIt gives up   after five of them.\n"
ARTICLE = Quotable(DRAFT, is_patch=False)
QUOTE, OTHER_QUOTE = "sleeps between attempts", "It gives up after five of them."
RUBRIC = Rubric(
    (
        Criterion("right", "It is right", 30, True, ("patch",)),
        Criterion("tested", "It is tested", 50, False, ("patch",)),
        Criterion("safe", "It is safe", 20, True, ("patch",)),
    ),
    75,
)


def _review(*scores: int, findings: tuple[JudgeFinding, ...] = (), nonce: str = "0f") -> Review:
    rated = zip(RUBRIC.ids, scores, (QUOTE, OTHER_QUOTE, QUOTE), strict=False)
    criteria = tuple(CriterionScore(name, score, quote) for name, score, quote in rated)
    return Review(nonce, criteria, findings)


def _judge(review: Review, rubric: Rubric = RUBRIC) -> Judgement:
    return judge_review(review, rubric, ARTICLE, "0f")


def _ids(judgement: Judgement) -> list[str]:
    return [finding.id for finding in judgement.findings]


def _found(severity: FindingSeverity, quote: str = QUOTE) -> JudgeFinding:
    return JudgeFinding(severity, quote, "a note", CritiqueArea.UNSAFE_ASSUMPTION)


# --- Arithmetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "total"),
    [((4, 4, 4), 100), ((0, 0, 0), 0), ((3, 3, 3), 75), ((4, 2, 4), 75), ((3, 2, 4), 67), ((1, 1, 1), 25)],
)
def test_the_total_is_weighted_and_rounded_down(scores: tuple[int, ...], total: int) -> None:
    judgement = _judge(_review(*scores))
    assert judgement.total == RUBRIC.total(dict(zip(RUBRIC.ids, scores, strict=True))) == total
    assert judgement.scores == tuple(zip(RUBRIC.ids, scores, strict=True))


@pytest.mark.parametrize(("threshold", "verdict"), [(75, READY), (76, REVISE), (0, READY), (100, REVISE)])
def test_the_threshold_is_reached_at_its_edge(threshold: int, verdict: GateVerdict) -> None:
    judgement = _judge(_review(4, 2, 4), replace(RUBRIC, threshold=threshold))
    assert judgement.verdict is verdict
    assert not judgement.needs_human
    assert ("RUB-01" in _ids(judgement)) is (verdict is REVISE)


@pytest.mark.parametrize("scores", [(2, 4, 4), (4, 4, 2), (0, 4, 4)])
def test_no_total_makes_up_for_what_must_hold(scores: tuple[int, ...]) -> None:
    judgement = _judge(_review(*scores), replace(RUBRIC, threshold=0))
    assert judgement.verdict is REVISE
    assert _ids(judgement) == ["RUB-02"]


def test_what_need_not_hold_may_be_weak() -> None:
    assert _judge(_review(4, 0, 4), replace(RUBRIC, threshold=50)).verdict is READY


@examples(100)
@given(st.dictionaries(st.sampled_from([*RUBRIC.ids, "other"]), st.integers(-(10**6), 10**6)))
def test_a_score_outside_its_bounds_raises_no_total(scores: dict[str, int]) -> None:
    honest = {name: score for name, score in scores.items() if 0 <= score <= 4}
    assert 0 <= RUBRIC.total(scores) <= 100
    assert RUBRIC.total(scores) == RUBRIC.total(honest)


@pytest.mark.parametrize("score", [5, 400, -1, -400])
def test_a_score_outside_its_bounds_counts_nothing_and_wants_a_person(score: int) -> None:
    judgement = _judge(_review(score, 4, 4))
    assert judgement.total == 70
    assert dict(judgement.scores)["right"] == 0
    assert {"RUB-05", "RUB-02"} <= set(_ids(judgement))
    assert judgement.verdict is REVISE
    assert judgement.needs_human


# --- Soundness -------------------------------------------------------------------------------------------------------


def test_a_criterion_without_a_score() -> None:
    judgement = _judge(_review(4, 4))
    assert {"RUB-03", "RUB-02"} <= set(_ids(judgement))
    assert judgement.needs_human
    assert judgement.verdict is REVISE


def test_of_two_scores_the_lower_one_counts() -> None:
    review = _review(1, 4, 4)
    for criteria in (
        (*review.criteria, CriterionScore("right", 4, QUOTE)),
        (CriterionScore("right", 4, QUOTE), *review.criteria),
    ):
        judgement = _judge(replace(review, criteria=criteria))
        assert dict(judgement.scores)["right"] == 1
        assert "RUB-04" in _ids(judgement)
        assert judgement.needs_human


def test_a_criterion_that_the_rubric_has_not() -> None:
    review = _review(4, 4, 4)
    judgement = _judge(replace(review, criteria=(*review.criteria, CriterionScore("charm", 4, QUOTE))))
    assert _ids(judgement) == ["RUB-04"]
    assert judgement.total == 100
    assert judgement.verdict is REVISE
    assert "charm" not in repr(judgement)


@pytest.mark.parametrize(
    "evidence",
    [
        "",
        " " * 20,
        "sleeps",
        "words that stand nowhere",
        "the retry loop",
        "Sleeps between attempts",
        "sleeps between attempts!",
    ],
)
def test_evidence_that_is_not_in_the_draft(evidence: str) -> None:
    review = _review(4, 4, 4)
    criteria = (replace(review.criteria[0], evidence=evidence), *review.criteria[1:])
    judgement = _judge(replace(review, criteria=criteria))
    assert _ids(judgement) == ["EVID-01"]
    assert (judgement.verdict, judgement.needs_human) == (REVISE, True)


@pytest.mark.parametrize(
    "evidence",
    [
        "attempts. It gives up after",
        "  attempts.\n\n It\tgives  up ",
        "\uff53leeps between attempts",
        "sleeps\u00a0between\u2003attempts",
    ],
)
def test_evidence_is_found_whatever_its_spaces_and_forms(evidence: str) -> None:
    review = _review(4, 4, 4)
    criteria = (replace(review.criteria[0], evidence=evidence), *review.criteria[1:])
    assert _ids(_judge(replace(review, criteria=criteria))) == []


@pytest.mark.parametrize("nonce", ["", "0F", "0f ", "1e"])
def test_another_nonce(nonce: str) -> None:
    judgement = _judge(_review(4, 4, 4, nonce=nonce))
    assert _ids(judgement) == ["EVID-02"]
    assert (judgement.verdict, judgement.needs_human) == (REVISE, True)


def test_a_long_row_of_marks_is_cut_before_it_is_sorted() -> None:
    """Sorting takes the square of a row's length."""
    assert plain(MARKS.of(3_000)) == "a" + "\u0316" * 15 + "\u0315" * 15


# --- Findings --------------------------------------------------------------------------------------------------------


def test_a_blocker_with_the_drafts_words_blocks_whatever_the_scores() -> None:
    judgement = _judge(_review(4, 4, 4, findings=(_found(FindingSeverity.BLOCKER),)))
    assert judgement.verdict is BLOCK
    assert _ids(judgement) == ["JUDGE-01"]


def test_a_blocker_without_a_true_quote_asks_for_a_person() -> None:
    judgement = _judge(_review(4, 4, 4, findings=(_found(FindingSeverity.BLOCKER, "made up words here"),)))
    assert (judgement.verdict, judgement.needs_human) == (REVISE, True)
    assert "EVID-01" in _ids(judgement)


@pytest.mark.parametrize(("severity", "verdict"), [(FindingSeverity.MINOR, READY), (FindingSeverity.MAJOR, REVISE)])
def test_lesser_findings(severity: FindingSeverity, verdict: GateVerdict) -> None:
    judgement = _judge(_review(4, 4, 4, findings=(_found(severity), _found(severity))))
    assert judgement.verdict is verdict
    assert dict(judgement.severities)[severity] == 2


@pytest.mark.parametrize(
    ("findings", "own"),
    [
        ((), READY),
        ((_found(FindingSeverity.MINOR),), READY),
        ((_found(FindingSeverity.MAJOR),), REVISE),
        ((_found(FindingSeverity.BLOCKER, "made up words here"),), REVISE),
        ((_found(FindingSeverity.BLOCKER),), BLOCK),
    ],
)
def test_a_critic_is_judged_by_its_own_points(findings: tuple[JudgeFinding, ...], own: GateVerdict) -> None:
    judgement = judge_critique(Critique("0f", findings), ARTICLE, "0f")
    assert judgement.verdict is own
    assert judgement.total is None


def test_a_critique_with_another_nonce_passes_nothing() -> None:
    judgement = judge_critique(Critique("1e", ()), ARTICLE, "0f")
    assert (judgement.verdict, judgement.needs_human) == (REVISE, True)


def test_nothing_of_a_judges_words_is_in_the_judgement() -> None:
    canary = "canary words of a judge"
    finding = JudgeFinding(FindingSeverity.BLOCKER, canary, canary)
    review = Review(canary, (CriterionScore(canary, 9, canary),), (finding,))
    assert "canary" not in repr(judge_review(review, RUBRIC, ARTICLE, "0f"))
    assert "canary" not in repr(judge_critique(Critique(canary, (finding,)), ARTICLE, "0f"))


# --- Rubrics in files ------------------------------------------------------------------------------------------------

_ROW = '[[criterion]]\nid = "right"\nwords = "It is right"\nweight = 3\nmust = true\nkinds = ["patch"]\n'


@pytest.mark.parametrize("kind", ["patch", "article", "plan"])
def test_the_rubric_that_ships(kind: str) -> None:
    rubric = default_rubric(kind)
    assert rubric.threshold == 75
    must = {"correctness", "safety", "promotion"} if kind == "article" else {"correctness", "safety"}
    assert {criterion.id for criterion in rubric.criteria if criterion.must} == must
    assert ("seo" in rubric.ids) is (kind == "article")
    assert ("tests" in rubric.ids) is (kind != "article")
    assert default_rubric(kind, 90).threshold == 90


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[criterion", "TOML"),
        ("x = " + "[" * 20_000, "TOML"),
        ("threshold = " + "9" * 5000, "TOML"),
        ("", "is for the kind patch"),
        ("criterion = 3", "is for the kind patch"),
        ("criterion = [3]", "number 1 is not a table"),
        (_ROW.replace("patch", "article"), "is for the kind patch"),
        (_ROW + _ROW, "same id"),
        ("threshold = 101\n" + _ROW, "threshold"),
        ("threshold = true\n" + _ROW, "threshold"),
        ("threshold = 75.0\n" + _ROW, "threshold"),
        (_ROW.replace('"right"', '""'), "number 1 needs an id"),
        (_ROW.replace('"right"', '"not right"'), "needs an id"),
        (_ROW.replace('"right"', '"cafe\u0301"'), "needs an id"),
        (_ROW.replace('"right"', '"' + "x" * 41 + '"'), "needs an id"),
        (_ROW.replace('"right"', "3"), "needs an id"),
        (_ROW.replace('"It is right"', '""'), "needs words"),
        (_ROW.replace("It is right", "x" * 201), "needs words"),
        (_ROW + _ROW.replace("right", "safe", 1).replace("3", "0"), "number 2 needs a weight"),
        (_ROW.replace("3", "1001"), "needs a weight"),
        (_ROW.replace("3", "1.5"), "needs a weight"),
        (_ROW.replace("3", "true"), "needs a weight"),
        (_ROW.replace("must = true", "must = 1"), "needs must"),
        (_ROW.replace("must = true\n", ""), "needs must"),
        (_ROW.replace('["patch"]', '"patch"'), "needs kinds"),
        (_ROW.replace('["patch"]', "[3]"), "needs kinds"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(RubricError, match=words.replace("[", "\\[")):
        read_rubric(text, "patch")


def test_the_policys_threshold_goes_before_the_files_own() -> None:
    assert read_rubric("threshold = 60\n" + _ROW, "patch").threshold == 60
    assert read_rubric("threshold = 60\n" + _ROW, "patch", threshold=90).threshold == 90
    assert read_rubric(_ROW, "patch").threshold == 75
