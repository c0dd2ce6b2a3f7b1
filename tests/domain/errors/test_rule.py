"""The rules for errors: what a phrase matches, when a rule holds, and what every row of the facts must have."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.errors.corpus import classified
from support.examples import examples

from console.domain.errors.body import ErrorWord, read_error_body, squash
from console.domain.errors.category import Category, Confidence
from console.domain.errors.rule import (
    ErrorRule,
    ErrorRules,
    Phrase,
    Stage,
    by_key,
    error_rules,
    first_by_word,
    phrase_of,
)

ROWS = tomllib.loads(files("console.domain.facts").joinpath("error_patterns.toml").read_text(encoding="utf-8"))
OURS = {Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED}
_GAP = 120


def all_rules(rules: ErrorRules) -> list[ErrorRule]:
    by_word = [*rules.usual.values(), *rules.generic.values()]
    return [*rules.strong, *rules.hints, *dict.fromkeys(by_word)]


# --- Phrases ---------------------------------------------------------------------------------------------------------


_IN_PROSE = [
    (("no price",), "there is no price for it", True),
    (("no price",), "there is no  price for it", False),
    (("model", "not found"), "model not found", True),
    (("model", "not found"), "model x was not found", True),
    (("model", "not found"), "not found: model", False),
    (("model", "not found"), "model" + "x" * _GAP + "not found", True),
    (("model", "not found"), "model" + "x" * (_GAP + 1) + "not found", False),
    (("model", "not found"), "model" + "x" * 300 + "model y not found", True),
    (("a", "b", "c"), "a b c", True),
    (("a", "b", "c"), "a c b", False),
    (("a", "b", "c"), "c b a b c", True),
    (("aa", "aa"), "aaa", False),
    (("aa", "aa"), "aaaa", True),
    (("模型", "不存在"), "模型 m 不存在", True),
]
"""Parts of a phrase, a text, and whether the phrase is in it."""


def test_a_phrases_parts_follow_one_another_within_a_gap() -> None:
    assert [row for row in _IN_PROSE if Phrase(row[0]).is_in(row[1]) is not row[2]] == []


@examples(100)
@given(before=st.text(max_size=20), gap=st.text(max_size=_GAP), after=st.text(max_size=20))
def test_a_phrase_is_found_wherever_it_stands(before: str, gap: str, after: str) -> None:
    assert Phrase(("quota", "used up")).is_in(f"{before}quota{gap}used up{after}")


# --- When a rule holds -----------------------------------------------------------------------------------------------


def rule(**more: object) -> ErrorRule:
    usual: dict[str, object] = {
        "rule_id": "r", "category": Category.ACCOUNT_QUOTA, "stage": Stage.WORD, "reason": "so", "source": "",
        "words": frozenset({"nomoney"}), "by_key": by_key([phrase_of("no money")]), "unless": (),
        "statuses": frozenset(), "needs_both": False, "confidence": Confidence.CERTAIN, "other_readings": (),
        "can_pass_later": None,
    }  # fmt: skip
    return ErrorRule(**{**usual, **more})  # type: ignore[arg-type]


def test_a_rule_may_say_what_its_sentence_must_be_about() -> None:
    about = rule(words=frozenset(), by_key=by_key([phrase_of("is not set")]), about=(phrase_of("price"),))
    assert about.holds(read_error_body("The price of this model is not set"), 400) == "message"
    assert about.holds(read_error_body("Not set is: is not set. Its price"), 400) == "message"
    assert about.holds(read_error_body("The model is not set"), 400) is None


_WORD = read_error_body('{"code": "no_money"}')
_PHRASE = read_error_body('{"message": "You have no money left"}')
_BOTH = read_error_body('{"code": "NoMoney", "message": "You have no money left"}')


def test_a_rule_holds_by_a_word_or_by_a_phrase_and_says_which() -> None:
    assert [rule().holds(each, 400) for each in (_WORD, _PHRASE, _BOTH)] == ["code", "message", "code"]
    assert rule().holds(read_error_body("money"), 400) is None
    assert rule().holds(read_error_body("no_money"), None) == "code"


def test_a_rule_may_need_a_word_and_a_phrase() -> None:
    assert [rule(needs_both=True).holds(each, 400) for each in (_WORD, _PHRASE, _BOTH)] == [None, None, "message"]


def test_a_rule_does_not_hold_beside_a_phrase_that_means_something_else() -> None:
    assert rule(unless=(Phrase(("left",)),)).holds(_PHRASE, 400) is None
    assert rule(unless=(Phrase(("right",)),)).holds(_PHRASE, 400) == "message"


def test_a_rule_may_hold_for_some_statuses_only() -> None:
    held = [rule(statuses=frozenset({402, 0})).holds(_WORD, status) for status in (402, 403, 0, None)]
    assert held == ["code", None, "code", None]


def test_a_rule_may_need_an_amount_of_money() -> None:
    priced = rule(needs_amount=True, words=frozenset())
    amounts = ["$5", "5 USD", "¥5.00", "10,00 €", "5元", "5 ドル", "500 руб"]
    held = [priced.holds(read_error_body(f"no money: {amount} of it"), 429) for amount in amounts]
    assert held == ["message"] * len(amounts)
    assert [priced.holds(read_error_body(f"no money: {other}"), 429) for other in ("5", "5 tokens", "v2.1")] == [
        None
    ] * 3
    assert priced.holds(read_error_body('{"message": "no money", "limit_type": "usd_daily"}'), 429) == "message"


def test_of_several_words_the_innermost_that_has_a_rule_decides() -> None:
    words = (ErrorWord("code", "unheardof", 5), ErrorWord("type", "nomoney", 3), ErrorWord("code", "other", 0))
    rules = {"nomoney": rule(), "other": rule(rule_id="o")}
    assert first_by_word(rules, words, 400) == (rules["nomoney"], "type")
    assert first_by_word({"nomoney": rule(statuses=frozenset({500}))}, words, 400) is None
    assert first_by_word({}, words, 400) is None


# --- The facts -------------------------------------------------------------------------------------------------------


_KNOWN = {
    "id", "category", "stage", "reason", "source", "words", "says", "unless", "statuses", "needs_both", "or_else",
    "confidence", "about", "can_pass_later", "holds_apart", "blame", "action", "needs_amount", "is_wrapper",
}  # fmt: skip


def _ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_every_row_is_complete() -> None:
    rows = ROWS["rule"]
    assert {row["id"]: set(row) - _KNOWN for row in rows if set(row) - _KNOWN} == {}
    assert _ids(row for row in rows if row["category"] not in set(Category) - OURS) == []
    assert _ids(row for row in rows if row["stage"] not in set(Stage)) == []
    assert _ids(row for row in rows if not row["reason"] or row["reason"].endswith(".")) == []
    assert _ids(row for row in rows if not ROWS["sources"][row["source"]].startswith("https://")) == []
    assert _ids(row for row in rows if not (row.get("words") or row.get("says"))) == []


def test_a_rule_that_blames_another_party_says_what_to_do() -> None:
    blamed = [row for row in ROWS["rule"] if row.get("blame") and row["category"] != Category.RATE_LIMIT]
    assert blamed
    assert _ids(row for row in blamed if not row.get("action")) == []
    assert _ids(row for row in ROWS["rule"] if not str(row.get("action", "Do it.")).endswith((".", "name."))) == []


def test_where_only_words_are_looked_at_there_are_words_and_no_phrases() -> None:
    rows = [row for row in ROWS["rule"] if row["stage"] in (Stage.USUAL, Stage.GENERIC)]
    assert rows
    assert _ids(row for row in rows if not row["words"] or "says" in row or "unless" in row) == []


def test_where_both_are_needed_there_are_words_and_phrases() -> None:
    rows = [row for row in ROWS["rule"] if row.get("needs_both")]
    assert rows
    assert _ids(row for row in rows if not (row["words"] and row["says"])) == []


def _texts(row: dict[str, object], *keys: str) -> list[str]:
    return [str(text) for key in keys for text in row.get(key, [])]  # type: ignore[attr-defined]


def test_every_source_is_used_and_no_id_twice() -> None:
    assert {row["source"] for row in ROWS["rule"]} == set(ROWS["sources"])
    assert max(Counter(row["id"] for row in ROWS["rule"]).values()) == 1


def test_phrases_are_plain_text() -> None:
    phrases = [(row["id"], phrase) for row in ROWS["rule"] for phrase in _texts(row, "says", "about", "unless")]
    parts = [(name, phrase, part) for name, phrase in phrases for part in phrase.split(" ... ")]
    marks = ("\\", "[", "^", ".*", "|", "?", "+", '"', "`")
    assert [each for each in phrases if each[1] != each[1].lower()] == []
    assert [each for each in phrases if any(mark in each[1] for mark in marks)] == []
    assert [each for each in parts if not each[2] or each[2] != " ".join(each[2].split(" "))] == []
    assert [each for each in phrases if max(map(len, each[1].split(" ... "))) < 2] == []


def test_phrases_have_the_form_in_which_a_body_is_read() -> None:
    never_met = {}
    for row in ROWS["rule"]:
        for phrase in _texts(row, "says", "about", "unless"):
            text = f"x{phrase.partition(' ... ')[0]}x"
            if (read := read_error_body(text).prose) != text:
                never_met[row["id"], phrase] = read
    assert never_met == {}


def test_every_word_can_be_met_in_a_field() -> None:
    never_met = []
    for row in ROWS["rule"]:
        for word in _texts(row, "words"):
            read = read_error_body(f'{{"error": {{"code": "{word}"}}}}')
            if squash(word) not in read.mentioned or squash(word) not in {each.squashed for each in read.words}:
                never_met.append((row["id"], word))
    assert never_met == []


@pytest.mark.parametrize("stage", ["word", "usual", "generic"])
def test_no_word_belongs_to_two_rules_of_a_stage(stage: str) -> None:
    places = defaultdict(list)
    for row in ROWS["rule"]:
        if row["stage"] == stage:
            for word in {squash(word) for word in _texts(row, "words")}:
                places[word].append(row["id"])
    # ZenMux's model_not_supported is drift with a 404, and elsewhere a missing model
    intended = {"modelnotsupported": ["drift-type", "missing-type"]}
    assert {word: ids for word, ids in places.items() if len(ids) > 1 and intended.get(word) != ids} == {}


@pytest.mark.parametrize("stage", ["specific", "phrase", "hint"])
def test_no_phrase_belongs_to_two_categories_of_a_stage(stage: str) -> None:
    places = defaultdict(set)
    for row in ROWS["rule"]:
        if row["stage"] == stage and not row.get("statuses") and not row.get("about"):
            for phrase in _texts(row, "says"):
                places[phrase].add(row["category"])
    assert {phrase: found for phrase, found in places.items() if len(found) > 1} == {}


def test_no_phrase_stands_twice_in_a_rule() -> None:
    twice = {
        row["id"]: [text for text, count in Counter(_texts(row, key)).items() if count > 1]
        for row in ROWS["rule"]
        for key in ("says", "about", "unless")
    }
    assert {name: texts for name, texts in twice.items() if texts} == {}


def test_the_rules_are_those_of_the_facts() -> None:
    rules = all_rules(error_rules())
    assert {each.rule_id for each in rules} == {row["id"] for row in ROWS["rule"]}
    assert error_rules() is error_rules()
    for each in rules:
        assert each.source.startswith("https://")
        assert each.category not in each.other_readings


def test_a_reading_that_cannot_be_decided_names_the_others() -> None:
    alone = [each for each in all_rules(error_rules()) if not each.other_readings]
    assert [each.rule_id for each in alone if each.confidence is Confidence.UNDECIDABLE] == []
    decisive = [each for each in alone if each.stage in (Stage.SPECIFIC, Stage.WORD, Stage.PHRASE)]
    assert [each.rule_id for each in decisive if each.confidence is not Confidence.CERTAIN] == []


def test_a_decisive_word_decides_at_every_status() -> None:
    missed = []
    for row in ROWS["rule"]:
        if row["stage"] not in ("specific", "word") or row.get("needs_both"):
            continue
        for word in _texts(row, "words"):
            for status in (None, 200, 400, 401, 402, 403, 404, 422, 429, 500, 503, 529):
                found = classified(status, f'{{"error": {{"code": "{word}", "message": "m", "type": ""}}}}')
                if found.category != row["category"] or not found.rule:
                    missed.append((row["id"], word, status, found.category, found.rule))
    assert missed == []


def test_a_phrase_that_stands_alone_decides_for_its_category() -> None:
    others = {}
    for row in ROWS["rule"]:
        if row["stage"] not in ("specific", "phrase"):
            continue
        for phrase in _texts(row, "says"):
            statuses = row.get("statuses", [])
            status = None if not statuses else 500 if 500 in statuses else statuses[0]
            amount = "$5 " if row.get("needs_amount") else ""
            about = f"{row['about'][0].replace(' ... ', ' zz ')} zz " if "about" in row else ""
            found = classified(status, f"zz {amount}{about}{phrase.replace(' ... ', ' zz ')} zz")
            if found.category != row["category"]:
                others[row["id"], phrase] = found.rule
    assert others == {}, "an earlier rule takes these phrases for another category"
