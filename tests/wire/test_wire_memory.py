"""Judging a long stream keeps no text: what is held after 20,000 deltas is what was held after 5,000."""

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count, islice

import pytest
from frames_responses import REASONING
from golden import named
from golden_chat import FIRST, call_delta, choice, chunk
from golden_messages import PLAIN as MESSAGES_PLAIN
from golden_messages import TOOL as MESSAGES_TOOL
from golden_messages import block_delta
from golden_responses import PLAIN, TOOL

from console.domain.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.judge.asked import NOTHING, Asked
from console.wire.sse import SseEvent

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
_ALLOWED_GROWTH = 8_192
_PLACE = {"item_id": "msg_01", "output_index": 0, "content_index": 0}


def _text(number: int) -> str:
    return f"{number:0120}"


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


_SCHEMA = Asked(tool="t", accepts=lambda _: True)
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


@pytest.mark.parametrize(("family", "stream", "asked"), _STREAMS, ids=lambda value: getattr(value, "__name__", ""))
def test_deltas_are_judged_without_growth_in_memory(
    family: EndpointFamily, stream: Callable[[], Iterator[SseEvent]], asked: Asked
) -> None:
    count = 20_000 if stream in (_text_of_responses, _text_of_chat, _text_of_messages) else 5_000
    events = stream()
    reader = FAMILY_WIRES[family].open_stream(asked)

    def held_after(events_more: int) -> int:
        for event in islice(events, events_more):
            reader.feed(event)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    held_after(10)
    tracemalloc.start()
    try:
        early = held_after(count // 4)
        late = held_after(count - count // 4)
    finally:
        tracemalloc.stop()
    assert late - early < _ALLOWED_GROWTH


def test_the_measurement_would_see_text_that_is_kept() -> None:
    kept = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept += [json.dumps(_text(number)) for number in range(1_000)]
        assert tracemalloc.get_traced_memory()[0] - before > _ALLOWED_GROWTH
    finally:
        tracemalloc.stop()
    assert len(kept) == 1_000
