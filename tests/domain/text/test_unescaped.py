"""Escapes are resolved, and every character says where it stood."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.text.unescaped import Unescaped, unescaped_levels

_FEW = examples(150)
_TEXT = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from('\\"/%nu0a\n\t<&')), max_size=40)


@_FEW
@given(text=_TEXT)
def test_a_json_string_reads_as_it_was_before(text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    if "%" not in text:
        assert Unescaped(written).text == text
        assert Unescaped(written.replace("/", "\\/")).text == text


@_FEW
@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_a_quoted_address_reads_as_it_was_before(text: str) -> None:
    assert Unescaped(quote(text, safe="")).text == text
    assert Unescaped(quote(text, safe="").lower()).text.lower() == text.lower()


@_FEW
@given(text=_TEXT, mark=st.integers(0, 40))
def test_every_position_says_where_it_stood(text: str, mark: int) -> None:
    before, after = text[:mark].replace("%", "").replace("#", ""), text[mark:].replace("%", "").replace("#", "")
    written = json.dumps(json.dumps(f"{before}#{after}"))
    *_, deepest = unescaped_levels(written)
    assert deepest.origin(deepest.text.index("#")) == written.index("#")
    assert deepest.origin(len(deepest.text)) == len(written)


@pytest.mark.parametrize("text", ["", "plain", "C:\\x", "100%", "%zz", "\\u12", "\\"])
def test_a_text_without_escapes_has_no_level(text: str) -> None:
    assert list(unescaped_levels(text)) == []


def test_three_levels_are_read_and_no_more() -> None:
    text = "end\n"
    for _ in range(5):
        text = json.dumps(text)
    assert len(list(unescaped_levels(text))) == 3
    assert [level.text for level in unescaped_levels(r"a\\\\nb")] == [r"a\\nb", r"a\nb", "a\nb"]


def test_a_text_that_was_cut_within_an_escape_keeps_the_rest_as_it_is() -> None:
    assert Unescaped("a\\nb\\u00").text == "a\nb\\u00"
    assert Unescaped("a%2Fb%2").text == "a/b%2"
