"""What gives a token away besides its value: the forms in which servers and libraries write it."""

import base64
import json
import re
import string
import traceback
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.tokens.registry import SecretRegistry
from console.domain.tokens.secret import RedactedStream, Secret

_MASK = "•••"
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_TOKEN = st.text(_PRINTABLE, min_size=8, max_size=60).map(lambda text: f"tk{text}")
_PLAIN_TOKEN = st.text(string.ascii_letters + string.digits + "-_", min_size=12, max_size=60).map("tk-{}".format)
_FEW = examples(80)
_ORDINARY = st.text("абвгд —≠\n", max_size=20)
"""Text that shares no character with a token nor with a form of it."""


def _within(token: str, before: int, after: int) -> bytes:
    """Return a token within bytes whose length puts it at any alignment."""
    return b"\x00" * before + token.encode() + b"\xff" * after


def _numbered(text: str, characters: str, digits: str) -> str:
    """Return a text with some of its characters written as JSON writes them by number."""
    return "".join(f"\\u{ord(each):{digits}}" if each in characters else each for each in text)


_FORMS: dict[str, Callable[[str], str]] = {
    "value": lambda token: token,
    "URL, every reserved character quoted": lambda token: quote(token, safe=""),
    "URL, slashes left": quote,
    "URL, small hexadecimal digits": lambda token: re.sub("%..", lambda match: match[0].lower(), quote(token, safe="")),
    "form field": quote_plus,
    "JSON string": json.dumps,
    "JSON document": lambda token: json.dumps({"error": {"message": f"wrong key {token}."}}),
    "JSON string, as Go writes it": lambda token: (
        json.dumps(token).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    ),
    "JSON string, as PHP writes it": lambda token: json.dumps(token).replace("/", "\\/"),
    "JSON string, as Gson writes it": lambda token: _numbered(json.dumps(token), "<>&='", "04x"),
    "JSON string, as .NET writes it": lambda token: _numbered(
        json.dumps(token).replace('\\"', "\\u0022"), "<>&'+`", "04X"
    ),
    "URL, as JavaScript quotes a component": lambda token: quote(token, safe="!'()*"),
    "URL, as JavaScript quotes an address": lambda token: quote(token, safe="!'()*;,/?:@&=+$#"),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64, one byte before": lambda token: base64.b64encode(_within(token, 1, 0)).decode(),
    "base64, two bytes before": lambda token: base64.b64encode(_within(token, 2, 0)).decode(),
    "base64, one byte after": lambda token: base64.b64encode(_within(token, 0, 1)).decode(),
    "base64, four before and two after": lambda token: base64.b64encode(_within(token, 4, 2)).decode(),
    "base64, for URLs": lambda token: base64.urlsafe_b64encode(token.encode()).decode(),
    "base64, for URLs, one byte before": lambda token: base64.urlsafe_b64encode(_within(token, 1, 1)).decode(),
    "base64, for URLs, two bytes before": lambda token: base64.urlsafe_b64encode(_within(token, 2, 2)).decode(),
    "base64, without padding": lambda token: base64.b64encode(token.encode()).decode().rstrip("="),
    "basic": lambda token: "Basic " + base64.b64encode(f"user:{token}".encode()).decode(),
    "basic, token as the user": lambda token: "Basic " + base64.b64encode(f"{token}:".encode()).decode(),
    "basic, longer user": lambda token: "Basic " + base64.b64encode(f"someone:{token}".encode()).decode(),
    "bearer in base64": lambda token: base64.b64encode(f"Bearer {token}\r\n".encode()).decode(),
    "hexadecimal": lambda token: token.encode().hex(),
    "hexadecimal, capital": lambda token: token.encode().hex().upper(),
}


@pytest.mark.parametrize("write", _FORMS.values(), ids=_FORMS)
@_FEW
@given(token=_TOKEN, before=_ORDINARY, after=_ORDINARY)
def test_every_form_of_a_token_is_found_and_masked(
    write: Callable[[str], str], token: str, before: str, after: str
) -> None:
    secret, form = Secret(token), write(token)
    text = before + form + after
    assert secret.is_in(text)
    shown = secret.redact(text)
    assert shown.startswith(before)
    assert shown.endswith(after)
    assert _MASK in shown
    assert form not in shown
    assert not secret.is_in(shown)
    assert secret.redact(shown) == shown


@_FEW
@given(token=_TOKEN, before=st.binary(max_size=12), after=st.binary(max_size=12), is_for_urls=st.booleans())
def test_of_a_token_in_base64_at_most_the_characters_it_shares_with_its_neighbours_stay(
    token: str, before: bytes, after: bytes, is_for_urls: bool
) -> None:
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode
    text = encode(before + token.encode() + after).decode()
    masked = Secret(token).redact(text)
    head, mask, tail = masked.partition(_MASK)
    assert mask
    assert len(head) <= len(encode(before).decode().rstrip("=")) + 1
    assert len(tail) <= len(encode(after).decode()) + 4


@_FEW
@given(token=_TOKEN, other=_TOKEN)
def test_the_forms_of_another_token_are_no_hit(token: str, other: str) -> None:
    if token not in other and other not in token and token.casefold() != other.casefold():
        text = " | ".join(write(other) for write in _FORMS.values())
        assert Secret(token).is_in(text) is any(token in write(other) for write in _FORMS.values())


_PIECES = st.lists(
    st.one_of(_ORDINARY, st.sampled_from(list(_FORMS)), st.integers(1, 60)),
    max_size=5,
)


def _text_of(token: str, pieces: list[str | int]) -> str:
    """Join ordinary text, whole forms, and beginnings of the token."""
    parts = [
        token[:piece] if isinstance(piece, int) else _FORMS[piece](token) if piece in _FORMS else piece
        for piece in pieces
    ]
    return " ".join(parts)


@examples(300)
@given(token=_PLAIN_TOKEN, pieces=_PIECES, cuts=st.lists(st.integers(0, 200), max_size=20))
def test_no_form_is_shown_wherever_the_stream_is_cut(token: str, pieces: list[str | int], cuts: list[int]) -> None:
    secret, text = Secret(token), _text_of(token, pieces)
    stream = RedactedStream(secret)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    shown = "".join(stream.feed(text[first:last]) for first, last in pairwise(edges)) + stream.close()
    assert not secret.is_in(shown)


@pytest.mark.parametrize("write", _FORMS.values(), ids=_FORMS)
def test_a_form_in_two_pieces_is_masked_at_every_cut(write: Callable[[str], str]) -> None:
    secret = Secret("tk-Qw3rTy7uIo-PaSdFg8hJk")
    text = f"— {write(secret.reveal())} —"
    for cut in range(len(text) + 1):
        stream = RedactedStream(secret)
        shown = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close()
        assert not secret.is_in(shown), f"cut at {cut}"


@pytest.mark.parametrize("write", _FORMS.values(), ids=_FORMS)
def test_a_form_in_single_characters_is_masked(write: Callable[[str], str]) -> None:
    secret = Secret("tk-Qw3rTy7uIo-PaSdFg8hJk")
    stream = RedactedStream(secret)
    shown = "".join(map(stream.feed, f"— {write(secret.reveal())} —")) + stream.close()
    assert not secret.is_in(shown)
    assert _MASK in shown


@_FEW
@given(token=_PLAIN_TOKEN, name=st.sampled_from(list(_FORMS)), size=st.integers(4, 40))
def test_the_beginning_of_a_form_at_the_end_is_held_back(token: str, name: str, size: int) -> None:
    secret = Secret(token)
    form = token if name == "value" else base64.b64encode(token.encode()).decode()
    beginning = form[: min(size, len(form) - 4)]
    assert secret.held_back(f"— {beginning}") >= len(beginning)


# --- Short tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["x", "OK", "key", "EMPTY", "test-1", 'a"b/c+d'])
def test_a_short_token_is_found_by_its_value_only(token: str) -> None:
    secret = Secret(token)
    assert secret.is_in(f"— {token} —")
    assert secret.redact(f"— {token} —") == f"— {_MASK} —"
    derived = [
        quote(token, safe=""), json.dumps(token)[1:-1], token.encode().hex(), token.encode().hex().upper(),
        base64.b64encode(token.encode()).decode(),
    ]  # fmt: skip
    for form in derived:
        assert secret.is_in(form) is (token in form)


@pytest.mark.parametrize("token", ["q", "~~", "7^7", "zq#", "EMPTY", "tk-1234"])
def test_a_short_token_raises_no_alarm_over_ordinary_text(token: str) -> None:
    text = "def read(path): return open(path).read()  # 0123456789abcdef deadbeef R1A2Zg== %2F \\u003c VEs= SVQ="
    assert token not in text
    assert not Secret(token).is_in(text)
    assert Secret(token).redact(text) == text


# --- Tracebacks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["is_in", "redact", "held_back"])
@pytest.mark.parametrize("text", [None, 7, b"bytes", ["list"]])
@_FEW
@given(token=_PLAIN_TOKEN)
def test_a_traceback_with_locals_holds_no_form(method: str, text: object, token: str) -> None:
    secret = Secret(token)
    assert secret.is_in(token)  # so that the forms are already made
    try:
        getattr(secret, method)(text)
    except TypeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    else:
        pytest.fail("what is not text was taken")
    # Of this test's own frame, which holds the token, nothing may decide.
    _, _, within = shown.partition(f"in {method}")
    assert within
    assert not secret.is_in(within)


class _Text(str):
    """Text that fails while it is read, so that the frames that hold a form are caught at work."""

    __slots__ = ()

    def replace(self, *_: object) -> str:  # type: ignore[override]
        raise RuntimeError("reading failed")

    def __contains__(self, _: object) -> bool:
        raise RuntimeError("reading failed")


@pytest.mark.parametrize("method", ["redact", "is_in"])
def test_a_failure_in_the_middle_of_masking_shows_no_form(method: str) -> None:
    secret = Secret("tk-Qw3rTy7uIo-PaSdFg8hJk")
    with pytest.raises(RuntimeError, match="reading failed") as caught:
        getattr(secret, method)(_Text("text"))
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in frames.stack if frame.filename.endswith("secret.py")]
    assert ours
    assert not [frame.name for frame in ours if secret.is_in(str(frame.locals))]


# --- The registry ----------------------------------------------------------------------------------------------------


def test_a_registry_that_knows_nothing_changes_nothing() -> None:
    registry = SecretRegistry()
    registry.add(None)
    assert not registry.is_hit("sk-anything")
    assert registry.redact("sk-anything") == "sk-anything"


@_FEW
@given(tokens=st.lists(_PLAIN_TOKEN, min_size=1, max_size=5), name=st.sampled_from(list(_FORMS)))
def test_a_registry_finds_every_form_of_every_token_it_knows(tokens: list[str], name: str) -> None:
    registry = SecretRegistry()
    for token in [*tokens, *tokens]:
        registry.add(Secret(token))
    text = " — ".join(map(_FORMS[name], tokens))
    assert all(registry.is_hit(_FORMS[name](token)) for token in tokens)
    assert not registry.is_hit(registry.redact(text))


def test_a_registry_shows_no_token_of_its_own() -> None:
    registry = SecretRegistry()
    registry.add(Secret("tk-Qw3rTy7uIo-PaSdFg8hJk"))
    assert "Qw3rTy7uIo" not in f"{registry!r} {registry} {vars(registry)!r}"


# --- Short tokens in the registry ------------------------------------------------------------------------------------


def _registry(*tokens: str) -> SecretRegistry:
    registry = SecretRegistry()
    for token in tokens:
        registry.add(Secret(token))
    return registry


@pytest.mark.parametrize("token", ["m", "OK", "model", "1234", "sk-1234", "EMPTY"])
def test_a_token_that_could_be_a_word_blocks_nothing_and_is_masked_as_a_word(token: str) -> None:
    registry = _registry(token)
    assert not registry.is_hit(f'{{"key": "{token}"}}')
    assert registry.redact(f"Bearer {token}, x{token}y {token}-{token} '{token}'") == (
        f"Bearer {_MASK}, x{token}y {token}-{token} '{_MASK}'"
    )


@pytest.mark.parametrize("token", ["a.b", "(x", "\\d+", "$1"])
def test_a_short_token_is_no_expression(token: str) -> None:
    assert _registry(token).redact(f"axb 12 {token} +") == f"axb 12 {_MASK} +"


def test_a_token_of_eight_characters_is_no_word() -> None:
    registry = _registry("tk-12345")
    assert registry.is_hit("xtk-12345y")
    assert registry.redact("xtk-12345y") == f"x{_MASK}y"


# --- Documents -------------------------------------------------------------------------------------------------------


def test_a_number_that_is_a_token_becomes_a_text_and_the_rest_of_the_document_stays() -> None:
    document = {"count": 1234567890123, "many": [1, 2.5, None, True, "x1234567890123y"], "deep": {"n": 91234567890123}}
    masked = _registry("1234567890123").redact_document(document)
    assert masked == {"count": _MASK, "many": [1, 2.5, None, True, f"x{_MASK}y"], "deep": {"n": f"9{_MASK}"}}


@_FEW
@given(token=_TOKEN, name=st.sampled_from(list(_FORMS)))
def test_no_form_of_a_token_stays_in_a_document(token: str, name: str) -> None:
    registry, form = _registry(token), _FORMS[name](token)
    document = {"a": [form, {form: "as a key"}], "count": 7, "none": None}
    masked = registry.redact_document(document)
    assert not registry.is_hit(json.dumps(masked))
    assert isinstance(masked, dict)
    assert (masked["count"], masked["none"]) == (7, None)


def test_keys_that_are_equal_once_masked_are_told_apart() -> None:
    first, second = "tk-Qw3rTy7uIo", "tk-PaSdFg8hJk"
    masked = _registry(first, second).redact_document({first: 1, second: 2, _MASK: 3, "a": 4})
    assert isinstance(masked, dict)
    assert (list(masked.values()), len(masked)) == ([1, 2, 3, 4], 4)
    assert not {first, second} & set(masked)


def test_a_token_that_could_be_a_word_leaves_keys_and_numbers_of_a_document_alone() -> None:
    document = {"model": "model", "count": 1234, "said": "the 1234 of a model"}
    masked = _registry("model", "1234").redact_document(document)
    assert masked == {"model": _MASK, "count": 1234, "said": f"the {_MASK} of a {_MASK}"}


def test_a_document_without_a_token_is_left_as_it_is() -> None:
    document = {"a": [1, 2.5, "text", None, {"b": False}]}
    assert _registry("tk-Qw3rTy7uIo").redact_document(document) == document
    assert SecretRegistry().redact_document(document) == document
