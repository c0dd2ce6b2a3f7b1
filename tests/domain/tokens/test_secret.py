import base64
import copy
import io
import json
import logging
import pickle
import pprint
import reprlib
import string
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.tokens.secret import RedactedStream, Secret

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_TOKEN = st.text(_PRINTABLE, min_size=8, max_size=60).map(lambda text: f"sk-{text}")
_FEW = examples(60)


@dataclass
class _Holder:
    name: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class _FrozenHolder:
    secret: Secret


def _logged(secret: Secret) -> str:
    stream = io.StringIO()
    record = logging.LogRecord("test", logging.INFO, "f", 1, "token %s %r", (secret, secret), None)
    logging.StreamHandler(stream).emit(record)
    return stream.getvalue()


_SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "format spec": lambda secret: format(secret, ">20s"),
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a} {secret:^30}",
    "f-string with name": lambda secret: f"{secret=}",
    "percent": lambda secret: "%s %r %a %30s" % (secret, secret, secret, secret),  # noqa: UP031
    "str.format": lambda secret: "{} {0!r} {0:>9}".replace("{}", "{0}").format(secret),
    "template": lambda secret: string.Template("$secret").substitute(secret=secret),
    "in containers": lambda secret: f"{[secret]} {({'k': secret},)} { {'a': [secret]} }",
    "dataclass": lambda secret: repr(_Holder("n", secret)) + repr(_FrozenHolder(secret)),
    "pprint": lambda secret: pprint.pformat({"k": [secret, _Holder("n", secret)]}, width=20),
    "reprlib": lambda secret: reprlib.repr([secret]),
    "json by str": lambda secret: json.dumps({"k": secret}, default=str),
    "json by repr": lambda secret: json.dumps({"k": secret}, default=repr),
    "log": _logged,
    "dir": lambda secret: repr(dir(secret)),
}


@pytest.mark.parametrize("show", _SHOWN.values(), ids=_SHOWN)
@_FEW
@given(token=_TOKEN)
def test_no_way_of_showing_a_secret_shows_its_value(show: Callable[[Secret], str], token: str) -> None:
    shown = show(Secret(token))
    assert shown
    assert token not in shown


_REFUSED: dict[str, Callable[[Secret], object]] = {
    **{
        f"pickle protocol {protocol}": lambda secret, protocol=protocol: pickle.dumps(secret, protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "pickle in a container": lambda secret: pickle.dumps([{"k": secret}]),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy in a container": lambda secret: copy.deepcopy({"k": [secret]}),
    "asdict": lambda secret: asdict(_Holder("n", secret)),
    "json": lambda secret: json.dumps({"k": secret}),
    "msgspec": lambda secret: msgspec.json.encode({"k": secret}),
    "vars": vars,
    "hash": hash,
    "dict key": lambda secret: {secret: 1},
    "bytes": bytes,
    "iterate": list,
    "join": lambda secret: "".join([secret]),  # type: ignore[list-item]
    "add": lambda secret: "Bearer " + secret,  # type: ignore[operator]
    "len": len,
    "order": lambda secret: secret < secret,  # type: ignore[operator]  # noqa: PLR0124
    "redact no text": lambda secret: secret.redact(None),  # type: ignore[arg-type]
    "is in no text": lambda secret: secret.is_in(7),  # type: ignore[arg-type]
    "held back of no text": lambda secret: secret.held_back(7),  # type: ignore[arg-type]
    "cut off of no text": lambda secret: secret.cut_off(7),  # type: ignore[arg-type]
    "may go on of no text": lambda secret: secret.may_go_on(7),  # type: ignore[arg-type]
}


def _refusal(refuse: Callable[[Secret], object], secret: Secret) -> traceback.TracebackException:
    try:
        refuse(secret)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        return traceback.TracebackException.from_exception(error, capture_locals=True)
    pytest.fail("a secret was given away or passed on")


@pytest.mark.parametrize("refuse", _REFUSED.values(), ids=_REFUSED)
@_FEW
@given(token=_TOKEN)
def test_what_would_copy_a_secret_is_refused_and_its_traceback_with_locals_is_clean(
    refuse: Callable[[Secret], object], token: str
) -> None:
    shown = "".join(_refusal(refuse, Secret(token)).format())
    assert "secret" in shown
    assert token not in shown


def test_a_wrong_format_is_refused_without_the_value() -> None:
    with pytest.raises(ValueError, match="format code") as caught:
        format(Secret("sk-test-0123456789"), "d")
    assert "sk-test" not in str(caught.value)


@_FEW
@given(token=_TOKEN)
def test_only_reveal_gives_the_value(token: str) -> None:
    assert Secret.parse(token).reveal() == token


@_FEW
@given(token=_TOKEN, other=_TOKEN)
def test_secrets_are_equal_by_value_and_never_equal_to_text(token: str, other: str) -> None:
    assert Secret(token) == Secret(token)
    assert (Secret(token) == Secret(other)) is (token == other)
    assert Secret(token) != token
    assert (Secret(token) == None) is False  # noqa: E711


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\r"])
def test_one_line_end_is_no_part_of_a_token(ending: str) -> None:
    assert Secret.parse("sk-test-0123456789" + ending).reveal() == "sk-test-0123456789"


@pytest.mark.parametrize("value", ["", "\n", "\r\n", "\r"])
def test_an_empty_token_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is empty"):
        Secret.parse(value)


def test_a_token_has_a_longest_length() -> None:
    assert len(Secret.parse("a" * 8192).reveal()) == 8192
    with pytest.raises(ValueError, match="longer than") as caught:
        Secret.parse("a" * 8193)
    assert "aaa" not in str(caught.value)


_BAD = st.one_of(
    st.sampled_from(" \t\n\r\x00\x1b\x7f\x80\xa0é–\u200b\u2028\ufeff😀\ud800"),
    st.characters().filter(lambda character: not "!" <= character <= "~"),
)


@examples(120)
@given(head=_TOKEN, bad=_BAD, tail=_TOKEN)
def test_a_token_that_fits_in_no_header_is_refused_without_showing_it(head: str, bad: str, tail: str) -> None:
    with pytest.raises(ValueError, match="the token has a space") as caught:
        Secret.parse(head + bad + tail)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert head not in shown
    assert tail not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", ["\nsk-test-0123456789", "sk-test-0123456789\n\n", "sk-test-0123456789 ", " sk-test"])
def test_other_white_space_around_a_token_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="the token has a space"):
        Secret.parse(value)


def _embedded(token: st.SearchStrategy[str], around: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return token.flatmap(
        lambda value: st.tuples(
            st.just(value),
            st.lists(
                st.one_of(
                    st.just(value), around, st.integers(0, len(value)).map(lambda n: value[:n]), st.just(value[1:])
                ),
                max_size=8,
            ).map("".join),
        )
    )


_TEXTS = st.one_of(
    _embedded(st.text("ab", min_size=2, max_size=6), st.text("ab", max_size=6)),
    _embedded(_TOKEN, st.text(max_size=6)),
)


@examples(300)
@given(pair=_TEXTS, cuts=st.lists(st.integers(0, 120), max_size=20))
def test_a_token_is_masked_wherever_the_stream_is_cut(pair: tuple[str, str], cuts: list[int]) -> None:
    token, text = pair
    secret = Secret(token)
    stream = RedactedStream(secret)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    shown = "".join(stream.feed(text[first:last]) for first, last in pairwise(edges)) + stream.close()
    assert token not in shown
    assert shown == secret.redact(text)


@_FEW
@given(pair=_TEXTS)
def test_a_token_is_masked_in_a_stream_of_single_characters(pair: tuple[str, str]) -> None:
    token, text = pair
    stream = RedactedStream(Secret(token))
    pieces = [stream.feed(character) for character in text]
    assert token not in "".join(pieces)
    assert "".join(pieces) + stream.close() == Secret(token).redact(text)


_ALIKE_IN_ALL = st.text(string.ascii_letters + string.digits + "-._~", min_size=8, max_size=60)
"""Tokens of which no longer form begins as they do."""


@_FEW
@given(pair=_embedded(st.text("ab", min_size=2, max_size=6) | _ALIKE_IN_ALL, st.text(max_size=6)))
def test_only_what_could_be_the_tokens_beginning_waits(pair: tuple[str, str]) -> None:
    token, text = pair
    secret = Secret(token)
    size = secret.held_back(text)
    assert size < len(token)
    assert size == 0 or token.startswith(text[-size:])
    assert not any(token.startswith(text[-more:]) for more in range(size + 1, min(len(token), len(text) + 1)))


@pytest.mark.parametrize("offset", range(3))
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_an_encoded_token_is_masked_in_pieces_of_any_size(offset: int, size: int) -> None:
    token = "sk-Test+0123/456789="
    encoded = base64.b64encode(b"u:"[:offset] + token.encode()).decode()
    every = "".join(f"%{byte:02x}" for byte in token.encode())
    numbers = "".join(f"\\u{ord(character):04x}" for character in token)
    quoted = quote(token, safe="")
    for text in (f"Basic {encoded}.", f"id {token.encode().hex()}.", f"?key={quoted}&a", f"?{every}&", f'"{numbers}"'):
        stream = RedactedStream(Secret(token))
        pieces = [stream.feed(text[start : start + size]) for start in range(0, len(text), size)]
        shown = "".join(pieces) + stream.close()
        assert shown == Secret(token).redact(text)
        assert stream.has_masked
        assert "•••" in shown


def test_a_stream_without_a_token_has_masked_nothing() -> None:
    stream = RedactedStream(Secret("sk-test-0123456789"))
    assert stream.feed("text sk-te") + stream.close() == "text sk-te"
    assert not stream.has_masked


@pytest.mark.parametrize(("token", "is_unmistakable"), [("OK", False), ("1234567", False), ("12345678", True)])
def test_a_short_token_could_be_a_word(token: str, is_unmistakable: bool) -> None:
    assert Secret(token).is_unmistakable is is_unmistakable


def test_a_closed_stream_holds_nothing_back_twice() -> None:
    stream = RedactedStream(Secret("sk-test-0123456789"))
    assert stream.feed("text sk-te") == "text "
    assert stream.close() == "sk-te"
    assert stream.close() == ""


def test_nothing_is_shown_of_a_token_that_came_in_pieces() -> None:
    stream = RedactedStream(Secret("sk-test-0123456789"))
    shown = [stream.feed(piece) for piece in ("a sk-", "test-", "0123456789", " b")]
    assert shown == ["a ", "", "•••", " b"]


def test_foreign_text_is_asked_for_the_value() -> None:
    secret = Secret("sk-test-0123456789")
    assert secret.is_in("key=sk-test-0123456789;")
    assert not secret.is_in("key=sk-test-012345678")
    assert secret.redact("sk-test-0123456789, sk-test-0123456789") == "•••, •••"


TRIVIAL = "tk-Qw3rTy7uIo-PaSdFg8hJk"


@pytest.mark.parametrize(
    "name",
    [
        TRIVIAL.upper(), TRIVIAL.lower(), TRIVIAL.replace("-", ""), TRIVIAL[::-1], f"req_{TRIVIAL[::-1].upper()}",
        TRIVIAL.replace("-", "_"), TRIVIAL.replace("-", "."), f"model/{TRIVIAL[:12]}", f"id:{TRIVIAL[12:]}",
        ":".join(TRIVIAL[at : at + 2] for at in range(0, len(TRIVIAL), 2)), TRIVIAL[:13],
    ],
)  # fmt: skip
def test_a_name_that_is_the_token_but_for_a_trivial_change_resembles_it(name: str) -> None:
    assert Secret(TRIVIAL).resembles(name)


@pytest.mark.parametrize(
    "written",
    [
        " ".join(TRIVIAL), " ".join(TRIVIAL[::-1]), "\u200b".join(TRIVIAL), "\n".join(TRIVIAL.upper()),
        "*".join(TRIVIAL),
        "".join(chr(ord(character) + 0xFEE0) for character in TRIVIAL), " ".join(TRIVIAL[:13]), f"“{TRIVIAL.lower()}”",
        "".join(f"{character}\u0301" for character in TRIVIAL),
    ],
)  # fmt: skip
def test_a_token_with_an_obvious_change_is_masked_within_a_text(written: str) -> None:
    shown = Secret(TRIVIAL).redact_changed(f"Incorrect key ({written}): see the help, or {written}.")
    assert not Secret(TRIVIAL).resembles(shown)
    assert shown.startswith("Incorrect key (")
    assert "): see the help, or " in shown


@pytest.mark.parametrize("text", ["", "tk", "Incorrect key tk-Qw3***8hJk, see the help", "ＴＫ ½ ﬃ İ"])
def test_another_text_stays_as_it_is(text: str) -> None:
    assert Secret(TRIVIAL).redact_changed(text) == text
    assert Secret("short").redact_changed(f"s h o r t {text}") == f"s h o r t {text}"


@pytest.mark.parametrize("name", ["gpt-5-mini", "req_7f3a9c2e41d84b6f", TRIVIAL[:6], "", "TK", "Qw3rTy7"])
def test_another_name_does_not(name: str) -> None:
    assert not Secret(TRIVIAL).resembles(name)
    assert not Secret("short").resembles(f"a-short-name-{name}")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("no such models", 0),
        ("keys begin with sk-", 0),
        ("keys begin with sk-ant-api03-", 0),
        ("bad key sk-ant-api03-Qw3r", 17),
        ("bad key sk-ant-api03-Qw3rTy7uIoPaSdFg8h", 31),
        ("", 0),
    ],
)
def test_a_whole_text_loses_only_an_end_that_cannot_be_there_by_chance(text: str, size: int) -> None:
    secret = Secret("".join(["sk-ant-api03-", "Qw3rTy7uIo", "PaSdFg8hJk"]))
    assert secret.cut_off(text) == size


def test_more_than_half_of_a_short_value_is_cut_off_too() -> None:
    secret = Secret("".join(["tk-", "4711abcd0"]))
    assert (secret.cut_off("a tk-4"), secret.cut_off("a tk-4711a")) == (0, 8)
