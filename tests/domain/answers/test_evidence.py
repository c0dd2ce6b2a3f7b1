"""Evidence: only what shows that a judge has read the draft counts as a quote of it."""

import pytest

from console.domain.answers.evidence import Quotable
from console.domain.answers.role_answer import CriterionScore, Review
from console.domain.run.rubric import default_rubric, judge_review

PATCH = """\
diff --git a/docs/index.md b/docs/index.md
index 3f2a1c0..9b8d7e6 100644
--- a/docs/index.md
+++ b/docs/index.md
@@ -1,5 +1,5 @@ # Documents about the gateway
 A line of context that stands there anyway.
-The retry loop never sleeps.
+The retry loop sleeps between two attempts,
+and gives up after five of them.
--- a list item that is removed
+++ a list item that is added
 Another line of context, also there before.
"""


@pytest.mark.parametrize(
    "quote",
    [
        "The retry loop sleeps between two attempts,",
        "+The retry loop sleeps between two attempts,",
        "retry loop sleeps between",
        "-The retry loop never sleeps.",
        "The retry loop never sleeps.",
        "+The retry loop sleeps between two attempts,\n+and gives up after five of them.",
        "sleeps between two attempts,\nand gives up",
        " A line of context that stands there anyway.\n-The retry loop never sleeps.",
        "-- a list item that is removed",
        "++ a list item that is added",
    ],
)
def test_a_line_that_a_patch_adds_or_removes_is_evidence(quote: str) -> None:
    assert Quotable(PATCH, is_patch=True).supports(quote)


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "diff --git",
        "diff --git a/docs/index.md b/docs/index.md",
        "index 3f2a1c0..9b8d7e6 100644",
        "--- a/docs/index.md",
        "+++ b/docs/index.md",
        "@@ -1,5 +1,5 @@ # Documents about the gateway",
        "Documents about the gateway",
        "A line of context that stands there anyway.",
        " A line of context that stands there anyway.\n-The",
        "The retry",
        "five of",
        "The retry loop sleeps between three attempts",
        "words that stand nowhere at all",
        PATCH * 3,
    ],
)
def test_headers_context_and_few_letters_are_none(quote: str) -> None:
    assert not Quotable(PATCH, is_patch=True).supports(quote)


def test_a_patch_that_changes_no_words_needs_a_person() -> None:
    """Nothing of it can be quoted, so no quote can show that it was read."""
    renamed = "diff --git a/one.py b/two.py\nsimilarity index 100%\nrename from one.py\nrename to two.py\n"
    tiny = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    for patch in (renamed, tiny):
        judged = judge_review(_review("rename from one.py"), RUBRIC, Quotable(patch, is_patch=True), "0f")
        assert [each.id for each in judged.findings] == ["EVID-04"]
        assert judged.needs_human


RUBRIC = default_rubric("patch")


def _review(*quotes: str) -> Review:
    criteria = tuple(CriterionScore(each, 4, quotes[number % len(quotes)]) for number, each in enumerate(RUBRIC.ids))
    return Review("0f", criteria, ())


def test_a_quote_of_every_patch_seals_nothing() -> None:
    judged = judge_review(_review("diff --git"), RUBRIC, Quotable(PATCH, is_patch=True), "0f")
    assert [each.id for each in judged.findings] == ["EVID-01"]
    assert judged.needs_human


def test_one_quote_for_all_criteria_is_not_enough_where_there_are_more() -> None:
    one = "The retry loop sleeps between two attempts,"
    patch = Quotable(PATCH, is_patch=True)
    assert [each.id for each in judge_review(_review(one), RUBRIC, patch, "0f").findings] == ["EVID-03"]
    assert judge_review(_review(one, "and gives up after five"), RUBRIC, patch, "0f").findings == ()
    single = PATCH.partition("-The retry")[0] + f"+{one}\n"
    assert judge_review(_review(one), RUBRIC, Quotable(single, is_patch=True), "0f").findings == ()


def test_an_article_is_quoted_wherever_it_stands() -> None:
    article = Quotable("# Retries\n\nThe loop sleeps between two attempts.\n", is_patch=False)
    assert article.supports("loop sleeps between two")
    assert not article.supports("# Retries")
    assert not article.supports("sleeps too")
