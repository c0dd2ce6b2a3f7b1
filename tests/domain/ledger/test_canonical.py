"""Canonical JSON: one spelling for a value, and refusals of what has more than one."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.ledger.canonical import DEPTH_LIMIT, INTEGER_LIMIT, canonical, read_canonical

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
KEYS = st.text(st.characters(codec="ascii"), max_size=8)
INTEGERS = st.integers(1 - INTEGER_LIMIT, INTEGER_LIMIT - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@given(OBJECTS)
def test_what_was_written_is_read_back(value: dict[str, Any]) -> None:
    assert read_canonical(canonical(value)) == value


@given(OBJECTS)
def test_there_is_one_spelling_whatever_the_order_of_keys(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        # RFC 8785, section 3.2.2.2: the escapes with a name, others in small hexadecimal digits, all else as it is.
        ('\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\b\t\n\f\r\x1f\x7f", '"\\b\\t\\n\\f\\r\\u001f\x7f"'),
        ({"b": [True, False, None], "a": -0}, '{"a":0,"b":[true,false,null]}'),
        ({"B": 1, "a": 2, "_": 3, "1": 4}, '{"1":4,"B":1,"_":3,"a":2}'),
        ((1, (2,)), "[1,[2]]"),
        (INTEGER_LIMIT - 1, "9007199254740991"),
        (nested(DEPTH_LIMIT), '{"a":' * (DEPTH_LIMIT - 1) + "{}" + "}" * (DEPTH_LIMIT - 1)),
    ],
)
def test_the_spelling_is_the_one_of_the_standard(value: object, spelling: str) -> None:
    assert canonical(value) == spelling.encode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "float"),
        ({"a": [float("nan")]}, "float"),
        (INTEGER_LIMIT, "2**53"),
        (-INTEGER_LIMIT, "2**53"),
        ({"é": 1}, "ASCII"),
        ({1: 1}, "ASCII"),
        ("e\u0301", "NFC"),
        ({"a": ["\ud800"]}, "surrogate"),
        (b"a", "bytes"),
        ({1, 2}, "set"),
        (nested(DEPTH_LIMIT + 1), "nested"),
        ([nested(100_000)], "nested"),
    ],
)
def test_what_has_no_one_spelling_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '{"a": 1}',
        '{"b":1,"a":1}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":1e2}',
        '{"a":NaN}',
        '{"a":-0}',
        '{"a":9007199254740992}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":"\\u0041"}',
        '{"a":"\\/"}',
        '{"a":"\\ud800"}',
        '{"a":"e\u0301"}',
        '{"é":1}',
        '{"a":1}\n',
        " {}",
        '{"a":' * 5000 + "{}" + "}" * 5000,
    ],
)
def test_another_spelling_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_canonical(text.encode())


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode(errors="surrogatepass")))
def test_reading_any_bytes_gives_an_object_or_says_why_not(data: bytes) -> None:
    try:
        value = read_canonical(data)
    except ValueError:
        return
    assert json.loads(data) == value


@given(VALUES)
def test_a_refusal_never_holds_the_value(value: object) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        canonical({"a": [value, 0.5]})
    assert str(caught.value) == "a float has no unique encoding; store an integer in a smaller unit"
