"""Properties of all readers and their judges: no input makes one raise, no split of the bytes changes a verdict."""

import json
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.wire.golden import DONE, Golden, to_bytes
from support.wire.golden_bodies import GOLDEN_BODIES, GoldenBody
from support.wire.golden_streams import ALL_GOLDEN
from support.wire.mutants_chat import CHAT_MUTANTS
from support.wire.mutants_messages import MESSAGES_MUTANTS
from support.wire.mutants_responses import RESPONSES_MUTANTS

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, Delta
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseDecoder, SseEvent
from console.wire.without_content import EventKeeper, shape_body

STREAM_MUTANTS = (*RESPONSES_MUTANTS, *CHAT_MUTANTS, *MESSAGES_MUTANTS)
_OBJECT = Expectation(accepts=lambda text: text.startswith("{"))
_FEW = examples(120)


def _read(
    family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation = NOTHING
) -> tuple[Answer, list[Delta]]:
    reader = FAMILY_WIRES[family].open_stream(expected)
    deltas = [delta for frame in frames for delta in reader.feed(frame)]
    return reader.close(), deltas


_WORDS = sorted(
    {
        "type", "error", "code", "message", "status", "response", "delta", "text", "thinking", "choices", "usage",
        "index", "finish_reason", "stop_reason", "content", "output", "model", "id", "incomplete_details", "reason",
        "input_tokens", "output_tokens", "prompt_tokens", "detail", "msg", "reasoning", "refusal", "failure",
        "completed",
        "incomplete", "message_delta", "message_stop", "message_start", "content_block_delta", "response.completed",
        "response.incomplete", "response.failed", "response.created", "response.output_text.delta", "stop", "object",
    }
)  # fmt: skip
_LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(_WORDS),
)
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(_WORDS), inner, max_size=5)),
    max_leaves=12,
)


def _mutate(value: object, chance: random.Random, replacement: object) -> object:
    """Replace one node of a JSON value, taken by chance."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(sorted(value))
        return {**value, key: _mutate(value[key], chance, replacement)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        position = chance.randrange(len(value))
        return [*value[:position], _mutate(value[position], chance, replacement), *value[position + 1 :]]
    return replacement


@examples(400)
@given(
    golden=st.sampled_from(ALL_GOLDEN),
    seed=st.integers(0, 2**32),
    replacements=st.lists(_JSON, min_size=1, max_size=3),
    expected=st.sampled_from([NOTHING, _OBJECT]),
)
def test_mutated_events_never_raise(
    golden: Golden, seed: int, replacements: list[object], expected: Expectation
) -> None:
    chance = random.Random(seed)
    frames = list(golden.frames)
    for replacement in replacements:
        position = chance.randrange(len(frames))
        if frames[position] != DONE:
            mutated = _mutate(json.loads(frames[position].data), chance, replacement)
            frames[position] = SseEvent(frames[position].name, json.dumps(mutated))
    answer, deltas = _read(golden.family, tuple(frames), expected)
    assert all(isinstance(delta.text, str) and delta.text for delta in deltas)
    assert not (answer.is_complete and answer.error is not None)


_SPLIT = [(golden.name, golden.family, golden.frames) for golden in ALL_GOLDEN]
_SPLIT += [(mutant.name, mutant.family, mutant.frames) for mutant in STREAM_MUTANTS]


@examples(300)
@given(
    stream=st.sampled_from(_SPLIT),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 20_000), max_size=40),
)
def test_any_split_of_the_bytes_gives_the_same_verdicts(
    stream: tuple[str, EndpointFamily, tuple[SseEvent, ...]], end: str, cuts: list[int]
) -> None:
    _, family, frames = stream
    data = to_bytes(frames, end)
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]

    def read(pieces: list[bytes]) -> tuple[Answer, list[Delta], bool]:
        decoder, reader = SseDecoder(), FAMILY_WIRES[family].open_stream()
        deltas = [delta for piece in pieces for event in decoder.feed(piece) for delta in reader.feed(event)]
        return reader.close(), deltas, decoder.is_inside_event

    assert read([data[a:b] for a, b in pairwise(edges)]) == read([data])


@_FEW
@given(
    family=st.sampled_from(EndpointFamily),
    sent=st.lists(st.tuples(st.one_of(st.just(""), st.sampled_from(_WORDS)), _JSON), max_size=8),
)
def test_events_of_any_shape_never_raise(family: EndpointFamily, sent: list[tuple[str, object]]) -> None:
    answer, _ = _read(family, tuple(SseEvent(name, json.dumps(value)) for name, value in sent))
    assert not (answer.is_complete and answer.error is not None)
    assert answer.is_complete or answer.error is not None or answer.findings


@_FEW
@given(family=st.sampled_from(EndpointFamily), sent=st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_events_of_any_text_never_raise_and_never_pass(family: EndpointFamily, sent: list[str]) -> None:
    answer, _ = _read(family, tuple(SseEvent("", data) for data in sent))
    assert not answer.is_complete


@_FEW
@given(family=st.sampled_from(EndpointFamily), body=_JSON)
def test_a_body_of_any_shape_never_raises_and_says_why_it_is_not_complete(family: EndpointFamily, body: object) -> None:
    answer = FAMILY_WIRES[family].read(body)
    assert answer.is_complete or answer.error is not None or answer.findings


@examples(300)
@given(
    golden=st.sampled_from(GOLDEN_BODIES),
    seed=st.integers(0, 2**32),
    replacements=st.lists(_JSON, min_size=1, max_size=3),
)
def test_mutated_bodies_never_raise_and_say_why_they_are_not_complete(
    golden: GoldenBody, seed: int, replacements: list[object]
) -> None:
    chance = random.Random(seed)
    body: object = golden.body
    for replacement in replacements:
        body = _mutate(body, chance, replacement)
    answer = FAMILY_WIRES[golden.family].read(body, golden.expected)
    assert answer.is_complete or answer.error is not None or answer.findings


_TOLD = st.text(max_size=4).map(lambda text: f"willow{text}heron")
_SAID = st.recursive(
    st.one_of(_LEAF, _TOLD),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(_WORDS), _TOLD), inner, max_size=5)
    ),
    max_leaves=12,
)


@_FEW
@given(st.lists(st.tuples(st.one_of(st.just(""), st.sampled_from(_WORDS), _TOLD), _SAID), max_size=5))
def test_no_word_of_a_gateway_is_in_the_shape_of_its_answer(events: list[tuple[str, object]]) -> None:
    keeper = EventKeeper()
    for name, value in events:
        keeper.take(SseEvent(name, json.dumps(value)), is_piece=False, characters=0)
    shaped = keeper.shaped("m", lambda _: None)
    assert "willow" not in repr(shaped)
    for _, value in events:
        assert "willow" not in shape_body(json.dumps(value).encode(), "m", lambda _: None, is_page=False)
