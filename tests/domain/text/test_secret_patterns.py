"""The forms of secrets, as data: what is found, where, and what must never be."""

import importlib
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.text.secret_corpus import HARMLESS, SECRETS

from console.domain.text.secret_scan import (
    SecretHit,
    SecretPattern,
    find_secrets,
    looks_like_secret,
    scrub,
    secret_patterns,
)

_FEW = examples(80)
_PATTERNS = {pattern.pattern_id: pattern for pattern in secret_patterns()}
_VALUES = list(SECRETS.values())
_EACH_ROW = pytest.mark.parametrize("pattern_id", _PATTERNS)


def _of(pattern_id: str) -> dict[str, str]:
    """Return the secrets of the corpus that a row has to find, by name."""
    return {name: value for name, (row, value) in SECRETS.items() if row == pattern_id}


def _hits(text: str, pattern_id: str) -> list[SecretHit]:
    return [hit for hit in find_secrets(text) if hit.pattern_id == pattern_id]


def test_the_corpus_has_every_row_of_the_table_and_loses_none_of_its_texts() -> None:
    assert {pattern_id for pattern_id, _ in SECRETS.values()} == set(_PATTERNS)
    assert len(_PATTERNS) >= 17
    assert len(set(SECRETS.values())) >= 108
    assert len(set(HARMLESS.values())) >= 73


@_EACH_ROW
def test_a_secret_is_found_with_its_row_line_and_column(pattern_id: str) -> None:
    before = "first line\nsecond — line\n  say: "
    places = {}
    for name, value in _of(pattern_id).items():
        alone = _hits(value, pattern_id)
        shift = (
            alone[0].column - 1 if alone else 0
        )  # a header or a name before the secret may not be a part of the match
        hits = _hits(f"{before}{value} and more\nlast", pattern_id)
        places[name] = [(hit.line, hit.column - shift) for hit in hits]
    assert {name: found for name, found in places.items() if found != [(3, len("  say: ") + 1)]} == {}


_SURROUNDINGS = (
    "{}", "x = {}\n", "({})", "key={};", "[{}]", "text: {}, and more", "\t{}\r\n", "«{}»", "`{}`",
    '{{"role": "user", "content": "use {} for it"}}', "https://host/?key={}&x=1", "{}\n{}",
)  # fmt: skip


@_EACH_ROW
def test_a_secret_is_found_in_any_surroundings(pattern_id: str) -> None:
    around = [
        (name, form, form.format(value, value)) for name, value in _of(pattern_id).items() for form in _SURROUNDINGS
    ]
    assert [(name, form) for name, form, text in around if not _hits(text, pattern_id)] == []


@_EACH_ROW
def test_a_secret_at_the_beginning_of_a_line_is_found_in_a_json_body(pattern_id: str) -> None:
    bodies = [
        (name, escape, json.dumps({"content": f"line{escape}{value}{escape}line"}))
        for name, value in _of(pattern_id).items()
        for escape in ("\n", "\r\n", "\t")
    ]
    assert [(name, escape) for name, escape, body in bodies if not _hits(body, pattern_id)] == []


_WRITERS: dict[str, Callable[[str], str]] = {
    "JSON": json.dumps,
    "Go": lambda text: json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    "PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    ".NET": lambda text: json.dumps(text).replace('\\"', "\\u0022").replace("+", "\\u002B").replace("'", "\\u0027"),
    "JSON in JSON": lambda text: json.dumps({"arguments": json.dumps({"command": f"export\n{text}"})}),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "URL": lambda text: "https://host/?key=" + quote(text, safe=""),
    "URL, small digits": lambda text: "key=" + re.sub("%..", lambda match: match[0].lower(), quote(text, safe="")),
}


@_EACH_ROW
def test_a_secret_is_found_where_it_is_written_and_masked_in_every_way_it_is_written(pattern_id: str) -> None:
    ways = [(name, way, write(value)) for name, value in _of(pattern_id).items() for way, write in _WRITERS.items()]
    assert [(name, way) for name, way, written in ways if not _is_found_and_masked(pattern_id, written)] == []


def _is_found_and_masked(pattern_id: str, written: str) -> bool:
    body = f'{{"a": "b\\n\\u003c",\n "c": {written}}}'
    hits = _hits(body, pattern_id)
    if [hit.line for hit in hits] != [2]:
        return False
    return body.split("\n")[1][hits[0].column - 1 :] in written + "}" and written not in scrub(body)


def test_a_secret_in_escapes_is_masked_where_it_stands() -> None:
    body = json.dumps({"before": "é\n", "say": "line\nAuthorization: Bear" + "er aB3/dE5+gH7=jK9mN1pQ", "after": "\t<"})
    written = body.replace("/", "\\/").replace("+", "\\u002b")
    assert scrub(written) == ('{"before": "\\u00e9\\n", "say": "line\\nAuthorization: •••", "after": "\\t<"}')


@_EACH_ROW
def test_a_hit_never_holds_the_text(pattern_id: str) -> None:
    for name, value in _of(pattern_id).items():
        for hit in find_secrets(f"here: {value}"):
            shown = repr(hit)
            assert value not in shown, name
            parts = [part for part in re.findall(r"[A-Za-z0-9]{8,}", value) if part not in hit.words]
            assert [part for part in parts if part in shown] == [], name
        assert looks_like_secret(value) is not None, name
        assert value not in str(looks_like_secret(value)), name
        assert value not in scrub(f"here: {value}."), name


def test_harmless_text_has_no_hit() -> None:
    hits = {name: [(hit.pattern_id, hit.line, hit.column) for hit in find_secrets(HARMLESS[name])] for name in HARMLESS}
    assert {name: found for name, found in hits.items() if found} == {}


def test_harmless_text_has_no_hit_as_one_document_nor_as_json() -> None:
    assert find_secrets("\n".join(HARMLESS.values())) == ()
    quoted = json.dumps(list(HARMLESS.values()), ensure_ascii=False)
    assert [(hit.pattern_id, quoted[hit.column - 1 :][:60]) for hit in find_secrets(quoted)] == []


def test_no_more_hits_than_the_limit_are_returned() -> None:
    text = "\n".join(value for _, value in _VALUES)
    assert len(find_secrets(text, limit=7)) == 7
    assert len(find_secrets(text)) == 20
    assert len(find_secrets(text, limit=1000)) >= len(_VALUES)


@_FEW
@given(before=st.text("ab \n—.", max_size=30), after=st.text("ab \n—.", max_size=30), secret=st.sampled_from(_VALUES))
def test_line_and_column_point_at_the_secret(before: str, after: str, secret: tuple[str, str]) -> None:
    pattern_id, value = secret
    text = f"{before} {value} {after}"
    hits = [hit for hit in find_secrets(text) if hit.pattern_id == pattern_id]
    assert hits
    for hit in hits:
        assert text.split("\n")[hit.line - 1][hit.column - 1 :]
        assert _PATTERNS[pattern_id].expression.match(text, _offset(text, hit.line, hit.column))


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1


@pytest.mark.parametrize("before", ["x-", "a'b", "token", "access_token_", "https://host/eyJ/", "."])
def test_a_web_token_is_found_and_masked_whole_also_behind_letters(before: str) -> None:
    value = SECRETS["JSON web token"][1]
    assert [hit.pattern_id for hit in find_secrets(before + value)] == ["json-web-token"]
    assert not [part for part in value.split(".") if part in scrub(f"{before}{value} rest")]


@_FEW
@given(text=st.text(max_size=300))
def test_no_text_makes_the_guard_fail(text: str) -> None:
    assert len(find_secrets(text)) <= 20


# --- No text makes a row slow ----------------------------------------------------------------------------------------
#
# A row's work for one beginning is bounded by a number that the text's length is no part of: no repeat is without an
# end, so that the whole is linear. How large the constant is, `tests/bench/guarding.py` measures.

_PARSER = importlib.import_module("re._parser")
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def _repeats(parsed: Any, depth: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield the least and most times of each repeat, and how many repeats without a fixed count are around it."""
    for operator, argument in parsed:
        name, inner = str(operator), depth
        if name in _REPEATS:
            least, most, _ = argument
            yield least, most, depth
            inner += least != most
        for part in _parts(argument):
            yield from _repeats(part, inner)


def _parts(argument: Any) -> Iterator[Any]:
    """Yield the parsed expressions within an operator's argument, however deep they stand."""
    if isinstance(argument, _PARSER.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for each in argument:
            yield from _parts(each)


@pytest.mark.parametrize("pattern", _PATTERNS.values(), ids=_PATTERNS)
def test_no_repeat_of_a_row_is_without_an_end(pattern: SecretPattern) -> None:
    repeats = list(_repeats(_PARSER.parse(pattern.expression.pattern)))
    assert all(most <= 4096 for _, most, _ in repeats)
    nested = [(least, most) for least, most, depth in repeats if depth]
    assert all(most <= 12 for _, most in nested)  # as in the words of a key's heading: few, and parted by a space


@pytest.mark.parametrize("pattern", _PATTERNS.values(), ids=_PATTERNS)
def test_a_row_is_tried_only_where_its_needle_stands(pattern: SecretPattern) -> None:
    values = [value for pattern_id, value in _VALUES if pattern_id == pattern.pattern_id]
    assert values
    assert all(any(needle in value.lower() for needle in pattern.needles) for value in values)
    assert all(needle == needle.lower() and len(needle) >= 3 for needle in pattern.needles)
    assert pattern.source.startswith("https://")
    assert pattern.words


@_EACH_ROW
def test_every_needle_leads_to_a_secret_of_the_corpus(pattern_id: str) -> None:
    values = [value.lower() for value in _of(pattern_id).values()]
    idle = [needle for needle in _PATTERNS[pattern_id].needles if not any(needle in value for value in values)]
    assert idle == [], "needles without a secret: nothing shows that the row can find what it asks for"


# --- Needles and branches --------------------------------------------------------------------------------------------

_MOST_SPELLINGS = 20_000


def _spellings(parsed: Any) -> list[str]:
    """Return what an expression can spell: each branch, each small set's characters, each repeat at its fewest.

    What looks around is left out, so that this is more than what the expression meets, and never less of a needle.
    """
    found = [""]
    for operator, argument in parsed:
        found = ["".join(pair) for pair in product(found, _spelled(str(operator), argument))]
        assert len(found) <= _MOST_SPELLINGS
    return found


def _spelled(name: str, argument: Any) -> list[str]:
    if name in _REPEATS:
        least, most, inner = argument
        spelled = _spellings(inner)
        counts = {least, most} if most <= 1 else {least}
        return [each * count for count in sorted(counts) for each in spelled]
    if name == "SUBPATTERN":
        return _spellings(argument[-1])
    if name == "ATOMIC_GROUP":
        return _spellings(argument)
    if name == "BRANCH":
        return [each for branch in argument[1] for each in _spellings(branch)]
    if name == "IN":
        return _characters(argument)
    return [chr(argument)] if name == "LITERAL" else [""]


def _characters(members: Any) -> list[str]:
    """Return a small set's characters; of a large one, none of which a needle is made, one that is in no needle."""
    if any(str(kind) != "LITERAL" for kind, _ in members) or len(members) > 12:
        return ["\x00"]
    return [chr(code) for _, code in members]


@pytest.mark.parametrize("pattern", _PATTERNS.values(), ids=_PATTERNS)
def test_every_branch_of_a_row_holds_a_needle_and_every_needle_stands_in_a_branch(pattern: SecretPattern) -> None:
    spelled = [each.lower() for each in _spellings(_PARSER.parse(pattern.expression.pattern))]
    assert [each for each in spelled if not any(needle in each for needle in pattern.needles)] == []
    assert [needle for needle in pattern.needles if not any(needle in each for each in spelled)] == []


@pytest.mark.parametrize("pattern", _PATTERNS.values(), ids=_PATTERNS)
def test_a_group_of_a_row_says_what_the_value_has_to_be(pattern: SecretPattern) -> None:
    names = set(pattern.expression.groupindex)
    assert pattern.expression.groups == len(names)
    assert names <= {"made", "made_2", "chosen", "chosen_2", "user"}
