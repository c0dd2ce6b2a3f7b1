"""What a text was, without keeping it; and what is kept, up to a limit."""

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.judge.digest import Digest
from console.wire.judge.expectation import TEXT_LIMIT, Kept

_PIECES = st.lists(st.text(max_size=6), max_size=200)


def _digest(pieces: list[str]) -> Digest:
    digest = Digest()
    for piece in pieces:
        digest.add(piece)
    return digest


@examples(150)
@given(pieces=_PIECES, other=st.text(max_size=12))
def test_a_digest_is_of_its_own_text_and_of_no_other(pieces: list[str], other: str) -> None:
    text = "".join(pieces)
    digest = _digest(pieces)
    assert (digest.count, digest.length) == (len(pieces), len(text))
    assert digest.is_of(text)
    assert digest.is_of(other) is (text == other)
    assert not digest.is_of(text + "x")


@examples(100)
@given(pieces=_PIECES, others=_PIECES)
def test_two_digests_are_the_same_where_their_texts_are(pieces: list[str], others: list[str]) -> None:
    text = "".join(pieces)
    assert _digest(pieces).is_same(_digest(list(text)))
    assert _digest(pieces).is_same(_digest(others)) is (text == "".join(others))


def test_a_digest_goes_on_after_it_was_asked() -> None:
    digest = _digest(["O"])
    assert digest.is_of("O")
    digest.add("K")
    assert digest.is_of("OK")


def test_a_lone_surrogate_is_a_text_like_any_other() -> None:
    assert _digest(["\ud800", "x"]).is_of("\ud800x")


def test_a_kept_text_is_whole_or_not_there() -> None:
    kept = Kept()
    for piece in ('{"a":', "", "1}"):
        kept.add(piece)
    assert kept.text == '{"a":1}'
    kept.add("x" * TEXT_LIMIT)
    assert kept.text is None
    kept.add("x")
    assert kept.text is None
