"""Judging a long stream keeps no text: what is held after 4,000 deltas is what was held after 2,000."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count, islice

import pytest
from support.wire.frames_responses import REASONING
from support.wire.golden import named
from support.wire.golden_chat import FIRST, call_delta, choice, chunk
from support.wire.golden_messages import PLAIN as MESSAGES_PLAIN
from support.wire.golden_messages import TOOL as MESSAGES_TOOL
from support.wire.golden_messages import block_delta
from support.wire.golden_responses import PLAIN, TOOL

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
_ALLOWED_GROWTH = 4_096
"""In bytes, within 2,000 deltas: two bytes that are kept of each are too many."""
_WARM_UP, _EARLY, _LATE, _WINDOW = 1_700, 2_000, 4_000, 128
"""How many deltas come before memory is traced, before each look at it, and during a look."""
_PLACE = {"item_id": "msg_01", "output_index": 0, "content_index": 0}


def _text(number: int) -> str:
    """Return a text so long that what is kept up to a limit has reached it before the first look."""
    return f"{number:0200}"


def _then(opening: tuple[SseEvent, ...], make: Callable[[int], SseEvent]) -> Iterator[SseEvent]:
    yield from opening
    yield from map(make, count(len(opening)))


def _text_of_responses() -> Iterator[SseEvent]:
    kind = "response.output_text.delta"
    return _then(PLAIN[:4], lambda n: named(kind, **_PLACE, delta=_text(n), sequence_number=n))


def _arguments_of_responses() -> Iterator[SseEvent]:
    kind = "response.function_call_arguments.delta"
    return _then(TOOL[:3], lambda n: named(kind, item_id="fc_01", output_index=0, delta=_text(n), sequence_number=n))


def _items_never_closed() -> Iterator[SseEvent]:
    kind = "response.output_item.added"
    return _then(PLAIN[:2], lambda n: named(kind, output_index=n - 2, item={**REASONING, "id": _text(n)}))


def _items_closed() -> Iterator[SseEvent]:
    def item(number: int) -> SseEvent:
        kind = "added" if number % 2 == 0 else "done"
        value = {**REASONING, "id": _text(number // 2)}
        return named(f"response.output_item.{kind}", output_index=number // 2 - 1, item=value)

    return _then(PLAIN[:2], item)


def _text_of_chat() -> Iterator[SseEvent]:
    return _then((FIRST,), lambda n: chunk({"content": _text(n)}))


def _arguments_of_chat() -> Iterator[SseEvent]:
    first = chunk({"role": "assistant", **call_delta("", name="t", call_id="c")})
    return _then((first,), lambda n: chunk(call_delta(_text(n))))


def _choices_without_end() -> Iterator[SseEvent]:
    return _then((FIRST,), lambda n: chunk(None, choices=[choice({"content": "x"}, index=n)]))


def _calls_without_end() -> Iterator[SseEvent]:
    return _then((FIRST,), lambda n: chunk(call_delta("{}", name=_text(n), call_id=_text(n), index=n)))


def _text_of_messages() -> Iterator[SseEvent]:
    return _then(MESSAGES_PLAIN[:2], lambda n: block_delta(0, "text_delta", text=_text(n)))


def _input_of_messages() -> Iterator[SseEvent]:
    return _then(MESSAGES_TOOL[:2], lambda n: block_delta(0, "input_json_delta", partial_json=_text(n)))


def _blocks_of_messages() -> Iterator[SseEvent]:
    return _then(
        MESSAGES_PLAIN[:1],
        lambda n: named("content_block_start", index=n - 1, content_block={"type": "tool_use", "id": _text(n)}),
    )


def _unknown_events() -> Iterator[SseEvent]:
    return _then(PLAIN[:2], lambda n: named(f"acme.{n}", text=_text(n)))


_SCHEMA = Expectation(accepts=lambda _: True)
"""The request whose answer has the most kept of it: text and arguments, up to a limit."""
_STREAMS = [
    (R, _text_of_responses, NOTHING),
    (C, _text_of_chat, NOTHING),
    (M, _text_of_messages, NOTHING),
    (R, _text_of_responses, _SCHEMA),
    (R, _arguments_of_responses, _SCHEMA),
    (R, _items_never_closed, _SCHEMA),
    (R, _items_closed, _SCHEMA),
    (R, _unknown_events, _SCHEMA),
    (C, _text_of_chat, _SCHEMA),
    (C, _arguments_of_chat, _SCHEMA),
    (C, _choices_without_end, _SCHEMA),
    (C, _calls_without_end, _SCHEMA),
    (M, _text_of_messages, _SCHEMA),
    (M, _input_of_messages, _SCHEMA),
    (M, _blocks_of_messages, _SCHEMA),
]


def _growth(events: Iterator[SseEvent], take: Callable[[SseEvent], object]) -> int:
    """Return how many bytes more are held by the late deltas than by the early ones."""

    def feed(number: int) -> None:
        for event in islice(events, number):
            take(event)

    def least_held() -> int:
        """Return what is held at the least within a window: pieces that wait to be hashed come and go."""
        gc.collect()
        held = []
        for event in islice(events, _WINDOW):
            take(event)
            held.append(tracemalloc.get_traced_memory()[0])
        return min(held)

    feed(_WARM_UP)
    gc.freeze()  # what other tests left is not looked through at each collection
    tracemalloc.start()
    try:
        feed(_EARLY - _WARM_UP)
        early = least_held()
        feed(_LATE - _EARLY - _WINDOW)
        return least_held() - early
    finally:
        tracemalloc.stop()


_FIRST = {(R, _items_closed), (C, _arguments_of_chat), (M, _blocks_of_messages)}
"""What is fed by default: a stream of each family that makes its judge keep the most. The whole run feeds all."""


@pytest.mark.parametrize(
    ("family", "stream", "expected"),
    [pytest.param(*each, marks=() if each[:2] in _FIRST else pytest.mark.long) for each in _STREAMS],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_deltas_are_judged_without_growth_in_memory(
    family: EndpointFamily, stream: Callable[[], Iterator[SseEvent]], expected: Expectation
) -> None:
    assert abs(_growth(stream(), FAMILY_WIRES[family].open_stream(expected).feed)) < _ALLOWED_GROWTH


@pytest.mark.parametrize(
    "keep",
    [lambda event, kept: kept.append(event.data), lambda event, kept: kept.append(None)],
    ids=["its text", "that it came"],
)
def test_what_is_kept_of_each_delta_would_be_seen(keep: Callable[[SseEvent, list[object]], None]) -> None:
    kept: list[object] = []
    assert _growth(_text_of_chat(), lambda event: keep(event, kept)) > _ALLOWED_GROWTH
