import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.json_value import count_at, decode, encode, list_at, text_at, value_at

_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=15,
)
_PATH = st.lists(st.one_of(st.sampled_from("abc"), st.integers(-5, 5)), max_size=5)
_FEW = examples(150)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"[1,]",
        b"{'a': 1}",
        b"NaN",
        b"Infinity",
        b"<html></html>",
        b"[DONE]",
        b'{"a":1}{"b":2}',
        b"\xff",
        b'"\xc3"',
        b'"\\ud800"',
        b'"a\nb"',
        "\ud800",
        '{"a": "\udfff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "[" * 100_000 + "]" * 100_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_json_or_is_nested_too_deeply_is_none(data: bytes | str) -> None:
    assert decode(data) is None


@pytest.mark.parametrize("value", [[], {}, "é😀", 7, 1.5, True, {"a": [1, {"b": None}]}, [[[[]]]]])
def test_json_is_decoded_as_bytes_and_as_text(value: object) -> None:
    assert decode(json.dumps(value)) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@_FEW
@given(data=st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_no_data_makes_decode_raise(data: bytes | str) -> None:
    value = decode(data)
    assert value is None or isinstance(value, dict | list | str | int | float | bool)


@_FEW
@given(value=st.dictionaries(st.text(max_size=4), st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.text())))
def test_what_is_encoded_decodes_to_the_same(value: dict[str, object]) -> None:
    assert json.loads(encode(value)) == value


_VALUE = {"a": [10, {"b": "text", "n": 3, "f": 4.0, "t": True, "z": None}], "": "empty key"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), _VALUE),
        (("a", 0), 10),
        (("a", 1, "b"), "text"),
        (("a", -1, "n"), 3),
        (("a", 2), None),
        (("a", -3), None),
        (("a", "b"), None),
        ((0,), None),
        (("a", 1, "z", "more"), None),
        (("a", 0, 0), None),
        (("a", 1, "b", 0), None),
        (("",), "empty key"),
    ],
)
def test_a_path_is_followed_or_leads_to_none(path: tuple[str | int, ...], found: object) -> None:
    assert value_at(_VALUE, *path) == found


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (2**53 - 1, 2**53 - 1),
        (2**53, None),
        (1e300, None),
        (-1, None),
        (7.5, None),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        (False, None),
        ("7", None),
        (None, None),
        ([7], None),
        ({"a": 7}, None),
    ],
)
def test_a_count_is_a_whole_number_from_zero_on(value: object, count: int | None) -> None:
    assert count_at({"n": value}, "n") == count
    assert type(count_at({"n": value}, "n")) is type(count)


@_FEW
@given(value=_JSON, path=_PATH)
def test_every_getter_is_total(value: object, path: list[str | int]) -> None:
    found = value_at(value, *path)
    text, count, items = text_at(value, *path), count_at(value, *path), list_at(value, *path)
    assert text == (found if isinstance(found, str) else None)
    assert count is None or (count == found and count >= 0)
    assert list(items) == (found if isinstance(found, list) else [])
