"""Quoted words: what stands in a text, what does not, and what would fool a reader of bytes."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.text.hostile_text import QUOTED, Hostile

from console.domain.text.normal_form import MARKS_LIMIT
from console.domain.text.quote import QUOTE_LIMIT, QUOTE_WEIGHT, fold, is_enough, stands_in

TEXT = "A request may hold at most 100 messages. Tokens are counted “as sent” — before caching. It is non-refundable."


def is_supported(quote: str, text: str) -> bool:
    """Return whether a text supports a quote, as it is looked up: both folded."""
    return stands_in(fold(quote), fold(text))


@pytest.mark.parametrize(
    "quote",
    [
        "A request may hold at most 100 messages",
        "may  hold\n\tat most\u00a0100 messages.",
        'counted "as sent" - before',
        "counted 'as sent' — before".replace("'", "”"),
        "“as sent”—before caching",
        "as sent” – before caching",
        "It is non\u2011refundable",
        "It is non\u00ad-refundable",
        "ｍａｙ ｈｏｌｄ ａｔ ｍｏｓｔ 100",
        TEXT,
    ],
)
def test_words_stand_there_whatever_their_spaces_quotation_marks_and_dashes(quote: str) -> None:
    assert is_supported(quote, TEXT)


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " ",
        "\u200b",
        "—",
        "the",
        "A",
        "100 message",
        "messages",
        "...................",
        "may hold at most 10",
        "a request may hold at most",
        "A request may hold ... 100 messages",
        "A request may hold at most 1000 messages",
        "hold at most 100 messages. Tokens are not counted",
        "refundable refundable",
    ],
)
def test_other_words_too_few_words_and_no_words_support_nothing(quote: str) -> None:
    assert not is_supported(quote, TEXT)
    assert not is_supported(quote, "")


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("able to refund orders", "We are unable to refund orders"),
        ("refundable for 30 days", "It is non-refundable for 30 days"),
        ("refundable for 30 days", "It is non‑refundable for 30 days"),
        ("The service is risk", "The service is risk-free"),
        ("The service is at risk and we can", "The service is at risk and we can't"),
        ("The service is at risk and we can", "The service is at risk and we can’t"),
        ("The limit is set to 10", "The limit is set to 10.5"),
        ("The limit is set to 10", "The limit is set to 10,000"),
        ("The limit is set to 10", "The limit is set to 10–20"),
        ("The limit is set to 10", "The limit is set to 100"),
        ("000 requests a minute", "10,000 requests a minute"),
        ("5 degrees at the least", "From −5 degrees at the least"),
        ("output_tokens is required", "max_output_tokens is required"),
        ("The menu offers a caf", "The menu offers a café"),
        ("The menu offers a cafe", "The menu offers a cafe\u0301"),
    ],
)
def test_a_part_of_a_word_or_of_a_number_is_no_quote(quote: str, text: str) -> None:
    assert not is_supported(quote, text)
    assert is_supported(text, text)
    assert is_supported(quote, f"{text} {quote}.")


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("refundable for 30 days", "Yes—refundable for 30 days"),
        ("refundable for 30 days", "'refundable for 30 days'"),
        ("refundable for 30 days", "(refundable for 30 days)…"),
        ("refundable for 30 days", "_refundable for 30 days_"),
        ("refundable in 30", "is refundable in 30, 60 or 90 days"),
        ("refundable in 30", "is refundable in 30."),
        ("max_output_tokens", "Set `max_output_tokens`."),
        ("POST /v1/responses", "Use POST /v1/responses."),
        ("最大上下文长度", "该模型的最大上下文长度为二十万"),
        ("สูงสุดหนึ่งร้อยข้อความ", "คำขอมีได้สูงสุดหนึ่งร้อยข้อความเท่านั้น"),
    ],
)
def test_whole_words_stand_between_any_signs_and_in_scripts_without_spaces(quote: str, text: str) -> None:
    assert is_supported(quote, text)


def test_a_quote_weighs_as_much_as_it_has_letters() -> None:
    assert is_supported("a" * QUOTE_WEIGHT, "a" * QUOTE_WEIGHT)
    assert not is_supported("a" * (QUOTE_WEIGHT - 1) + "...", "a" * (QUOTE_WEIGHT - 1) + "...")
    assert is_supported("中" * (QUOTE_WEIGHT // 2), "中" * QUOTE_WEIGHT)
    assert is_supported("a" * QUOTE_LIMIT, "a" * QUOTE_LIMIT)
    assert not is_supported("a" * (QUOTE_LIMIT + 1), "a" * (QUOTE_LIMIT + 1))


@given(quote=st.text(), text=st.text())
@example(quote="\ud800" * 20, text="\ud800" * 20)
@example(quote="\0", text="\0")
def test_no_text_makes_it_raise(quote: str, text: str) -> None:
    assert is_supported(quote, text) in (True, False)


_WORDS = st.text(st.characters(codec="utf-8") | st.sampled_from("e\u0301“”—–- \u200b.,'10ﬁ½´\u0345"), max_size=8)


@examples(500)
@given(words=st.lists(_WORDS, min_size=1, max_size=30), data=st.data())
def test_a_text_contains_each_of_its_own_sufficiently_long_slices(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    quote, text = " \t".join(words[first:last]), "\n".join(words)
    assert is_supported(quote, text) is is_enough(fold(quote))


@given(st.text(st.characters() | st.sampled_from("e\u0301“”—–- \u200b.,'´ﬁ\uff9e\u0f73")))
@example("a" + "\u0f73" * 31)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("hostile", QUOTED, ids=str)
def test_in_a_hostile_text_stands_what_has_words_enough_and_ends_with_one(hostile: Hostile) -> None:
    text = hostile.of(20_000)
    assert not is_supported("a" * QUOTE_LIMIT, text)
    assert not is_supported("aab " * 400 + "a", text)
    assert is_supported(hostile.piece * 20, text) is (hostile.piece in ("aab ", "中"))


def test_every_mark_of_unicode_is_known_to_the_fold() -> None:
    """A run of any character that normalising would sort is cut."""
    marks = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0])
    ]
    assert len(marks) > 800
    longest = max(len(unicodedata.normalize("NFKD", mark)) for mark in marks)
    assert all(
        len(unicodedata.normalize("NFKD", fold(f"a{mark * 100}"))) <= 1 + longest * MARKS_LIMIT for mark in marks
    )
