"""Masking a stream is quick, and masks exactly what looking for every form at every place masks."""

import json
import string
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.tokens import secret as module
from console.domain.tokens.secret import RedactedStream, Secret

_MASK = "•••"
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_TOKENS = st.one_of(
    st.text("ab", min_size=1, max_size=12),  # forms that overlap one another and themselves
    st.text(_PRINTABLE, min_size=1, max_size=30),
    st.text(string.ascii_letters + string.digits, min_size=8, max_size=30).map("sk-{}".format),
)


def _forms(token: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(module._forms_of(token)))


def _held(forms: tuple[str, ...], text: str) -> int:
    sizes = [0]
    for form in forms:
        sizes += [size for size in range(1, min(len(text), len(form) - 1) + 1) if form.startswith(text[-size:])]
    return max(sizes)


def _masked_plainly(token: str, pieces: list[str]) -> tuple[list[str], bool]:
    """Mask a stream in the slow way: every form is looked for in every piece, and at every place of its end."""
    forms, pending, shown, has_masked = _forms(token), "", [], False
    for piece in pieces:
        came = text = pending + piece
        for form in forms:
            text = text.replace(form, _MASK)
        has_masked = has_masked or text != came
        held = _held(forms, text)
        pending = text[len(text) - held :]
        shown.append(text[: len(text) - held])
    return [*shown, pending], has_masked


@examples(400)
@given(data=st.data(), token=_TOKENS)
def test_a_stream_is_masked_as_looking_for_every_form_everywhere_masks_it(data: st.DataObject, token: str) -> None:
    forms = [*_forms(token), quote(token), json.dumps(token), token[:3], token[1:], "ordinary ", "é", _MASK, ""]
    text = "".join(data.draw(st.lists(st.sampled_from(forms) | st.text("ab sk-%\\", max_size=6), max_size=8)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stream = RedactedStream(Secret(token))
    shown = [*map(stream.feed, pieces), stream.close()]
    assert (shown, stream.has_masked) == _masked_plainly(token, pieces)
    assert Secret(token).may_go_on(text) == _held(_forms(token), text)
