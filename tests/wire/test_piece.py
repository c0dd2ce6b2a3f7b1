"""The short way to read a piece of content gives exactly what the generic way gives: deltas, findings and answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.wire.golden import Golden
from support.wire.golden_streams import ALL_GOLDEN, BROKEN, VENDOR_GOLDEN
from support.wire.mutants_chat import CHAT_MUTANTS
from support.wire.mutants_messages import MESSAGES_MUTANTS
from support.wire.mutants_responses import RESPONSES_MUTANTS

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, Delta
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

_MUTANTS = (*RESPONSES_MUTANTS, *CHAT_MUTANTS, *MESSAGES_MUTANTS)
_STREAMS = (
    *((each.name, each.family, each.frames, NOTHING) for each in (*ALL_GOLDEN, *BROKEN)),
    *((each.name, each.family, each.frames, each.expected) for each in _MUTANTS),
)
_JSON_EXPECTED = Expectation(lambda text: text.startswith("{"))


def _read(
    family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation, *, is_generic: bool
) -> tuple[list[list[Delta]], Answer]:
    reader = FAMILY_WIRES[family].open_stream(expected)
    deltas = []
    for frame in frames:
        reader._pause = len(frames) if is_generic else 0  # the short way never, or tried with each event
        deltas.append(reader.feed(frame))
    return deltas, reader.close()


def _assert_same(family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation) -> None:
    short, generic = (_read(family, frames, expected, is_generic=is_generic) for is_generic in (False, True))
    assert short == generic


@pytest.mark.parametrize(
    ("name", "family", "frames", "expected"), _STREAMS, ids=[f"{family}: {name}" for name, family, *_ in _STREAMS]
)
def test_a_known_stream_is_read_and_judged_the_same_both_ways(
    name: str, family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation
) -> None:
    _assert_same(family, frames, expected)
    _assert_same(family, frames, _JSON_EXPECTED)


_VALUES = st.sampled_from(
    [None, 0, 1, 1.0, True, "", "x", "text_delta", "thinking_delta", "error", [], {}, {"text": "t"}, 7.5, -1]
)
_KEYS = st.sampled_from(
    ["type", "delta", "index", "sequence_number", "item_id", "output_index", "content_index", "id", "model", "object",
     "created", "usage", "choices", "error", "role", "content", "text", "finish_reason", "detail", "logprobs", "other"]
)  # fmt: skip


def _change(value: object, path: list[int], key: str, to: object) -> None:
    """Set a key of an object within a decoded event; the path chooses which."""
    for step in path:
        inner = [each for each in (value.values() if isinstance(value, dict) else value) if each]
        inner = [each for each in inner if isinstance(each, dict | list)]
        if inner:
            value = inner[step % len(inner)]
    if isinstance(value, dict):
        value[key] = to


@examples(400)
@given(data=st.data())
def test_an_event_with_any_value_changed_is_read_and_judged_the_same_both_ways(data: st.DataObject) -> None:
    golden = data.draw(st.sampled_from(ALL_GOLDEN))
    frames = list(golden.frames)
    for place in data.draw(st.lists(st.integers(0, len(frames) - 1), max_size=4)):
        if not frames[place].data.startswith("{"):
            continue
        value = json.loads(frames[place].data)
        path = data.draw(st.lists(st.integers(0, 3), max_size=3))
        _change(value, path, data.draw(_KEYS), data.draw(_VALUES))
        name = data.draw(st.sampled_from([frames[place].name, frames[place].name, "", "error", "other"]))
        frames[place] = SseEvent(name, json.dumps(value))
    _assert_same(golden.family, tuple(frames), NOTHING)


@pytest.mark.parametrize(
    "value", ['"\\ud800"', "1e999", '"\\q"', "[" * 2_000 + "]" * 2_000], ids=["surrogate", "number", "escape", "depth"]
)
def test_a_value_that_the_generic_reading_refuses_is_refused_in_any_key(value: str) -> None:
    head = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"O"}'
    for key in ("index", "unknown"):
        frames = (SseEvent("content_block_delta", f'{head},"{key}":{value}}}'),)
        _assert_same(EndpointFamily.ANTHROPIC_MESSAGES, frames, NOTHING)


@pytest.mark.parametrize("golden", VENDOR_GOLDEN, ids=lambda golden: str(golden.family))
def test_the_vendors_own_text_is_read_the_short_way(golden: Golden) -> None:
    reader = FAMILY_WIRES[golden.family].open_stream()
    short = []
    for frame in golden.frames:
        deltas = reader._take_piece(frame)
        short += reader._feed_any(frame) if deltas is None else [None, *deltas]
    assert None in short
