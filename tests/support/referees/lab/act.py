"""What the lab's upstream can do with a call: answer well, refuse, break, stall, count."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support.gateway.scripted_gateway import shaped_answer
from support.gateway.servers import (
    END,
    Peer,
    Request,
    chunk,
    closing,
    content,
    head,
    opening,
    sse,
    typed,
    whole,
)
from support.wire.frames_responses import RESPONSES_USAGE, message_item, response
from support.wire.golden_bodies import completion, said

from console.domain.routes.family import EndpointFamily

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS

PACE_S = 0.2
"""Seconds between two pieces of an answer that flows: long beside what a proxy that buffers leaves between them."""
REQUEST_ID = "x-request-id: req-lab-1"
TEXT = ("OK", ", as", " the", " scripted", " upstream", " of", " this", " lab", " says.")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has reached the upstream with its key, a form and a model that is scripted."""

    peer: Peer
    request: Request
    family: EndpointFamily
    model: str

    @property
    def is_streamed(self) -> bool:
        """Whether the caller asked for a stream."""
        return bool(json.loads(self.request.body).get("stream"))

    async def send(self, data: bytes) -> None:
        """Send a piece of an answer; one in chunks goes to a client of HTTP/1.0 as what the connection's end ends."""
        if self.request.version != "HTTP/1.0":
            await self.peer.send(data)
            return
        await self.peer.send(_without_chunks(data))
        if data.endswith(END):
            self.peer.writer.close()


def _without_chunks(data: bytes) -> bytes:
    first, end, body = data.partition(b"\r\n\r\n") if data.startswith(b"HTTP/") else (b"", b"", data)
    if first and b"\r\ntransfer-encoding: chunked" not in first:
        return data
    plain = first.replace(b"\r\ntransfer-encoding: chunked", b"\r\nconnection: close") + end
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        plain, body = plain + rest[:length], rest[length + 2 :]
    return plain


Act = Callable[[Call], Awaitable[None]]


def whole_answer(family: EndpointFamily, model: str, text: str = "".join(TEXT)) -> dict[str, Any]:
    """Return a good answer that is no stream."""
    match family:
        case EndpointFamily.RESPONSES:
            return response("completed", output=[message_item(text)], usage=RESPONSES_USAGE, model=model)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return said(text, model=model)
        case EndpointFamily.CHAT_COMPLETIONS:
            return completion(text, model=model)


async def answer_well(call: Call) -> None:
    """Answer as the family's contract asks."""
    await call.send(
        shaped_answer(call.request, call.family, call.model)
        if call.is_streamed
        else whole(200, whole_answer(call.family, call.model), REQUEST_ID)
    )


def refuse(status: int, openai: Mapping[str, Any], anthropic: Mapping[str, Any], *headers: str) -> Act:
    """Refuse each call, in the envelope of its family."""

    async def act(call: Call) -> None:
        await call.send(whole(status, envelope(call.family, openai, anthropic), REQUEST_ID, *headers))

    return act


def envelope(family: EndpointFamily, openai: Mapping[str, Any], anthropic: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error as a family's vendor sends it."""
    if family is M:
        return {"type": "error", "error": dict(anthropic), "request_id": "req-lab-1"}
    return {"error": {"param": None, "code": None, **openai}}


async def bounce(call: Call) -> None:
    """Say that the model is served on the very path that was called, as behind a gateway that bridges."""
    words = f"model {call.model} is only available on {call.family.standard_path}"
    error = {"type": "not_found_error", "message": words}
    await call.send(whole(404, envelope(call.family, error, error), REQUEST_ID))


async def _begin(call: Call, *, texts: tuple[str, ...] = TEXT[:3]) -> None:
    pieces = [*opening(call.family, call.model), *(content(call.family, text, model=call.model) for text in texts)]
    await call.send(head(200, REQUEST_ID) + b"".join(map(chunk, pieces)))


async def cut(call: Call) -> None:
    """Reset the connection in the middle of an answer, once the caller has had time to read what came before."""
    await _begin(call)
    await asyncio.sleep(PACE_S)
    call.peer.reset()


async def end_early(call: Call) -> None:
    """End a stream in good order as HTTP goes, without the event that completes it."""
    await _begin(call)
    await call.send(END)


async def stall(call: Call) -> None:
    """Stop in the middle of an answer, until the caller leaves."""
    await _begin(call)
    await call.peer.wait_until_left()


async def start_slowly(call: Call) -> None:
    """Send nothing but the head for a while, then a good answer."""
    await call.send(head(200, REQUEST_ID))
    await asyncio.sleep(PACE_S * 3)
    good = [*opening(call.family, call.model), *_contents(call), *_closing(call)]
    await call.send(b"".join(map(chunk, good)) + END)


async def flow(call: Call) -> None:
    """Send a good answer piece by piece."""
    await call.send(head(200, REQUEST_ID) + b"".join(map(chunk, opening(call.family, call.model))))
    for piece in _contents(call):
        await asyncio.sleep(PACE_S)
        await call.send(chunk(piece))
    await call.send(b"".join(map(chunk, _closing(call))) + END)


def _contents(call: Call) -> list[bytes]:
    return [content(call.family, text, model=call.model) for text in TEXT]


def _closing(call: Call) -> list[bytes]:
    return closing(call.family, "".join(TEXT), call.model)


async def count(call: Call) -> None:
    """Count as far as the prompt says, if it is right that its last number is how far."""
    numbers = _numbers(call)
    text = "".join(numbers)
    if not call.is_streamed:
        await call.send(whole(200, whole_answer(call.family, call.model, text), REQUEST_ID))
        return
    await _begin(call, texts=numbers)
    await call.send(b"".join(map(chunk, closing(call.family, text, call.model))) + END)


async def count_halfway(call: Call) -> None:
    """Count half as far, and end the stream in good order as HTTP goes."""
    numbers = _numbers(call)
    await _begin(call, texts=numbers[: len(numbers) // 2])
    await call.send(END)


def _numbers(call: Call) -> tuple[str, ...]:
    """Return the count that a prompt asks for, number by number; a prompt without a number asks for ten."""
    body = json.loads(call.request.body)
    prompt = json.dumps([body.get("input"), body.get("messages")])
    named = re.findall(r"(?<![\w.-])[0-9]{1,3}(?![\w-])", prompt)
    return tuple(f"{number} " for number in range(1, int(named[-1] if named else 10) + 1))


async def fail_midway(call: Call) -> None:
    """Begin an answer and then say, in the stream, that the server failed.

    As vendors do, the failed response repeats the request's instructions: what they say is not what went wrong.
    """
    await _begin(call, texts=TEXT[:1])
    words = "The server had an error while processing your request."
    match call.family:
        case EndpointFamily.RESPONSES:
            repeated = {
                "instructions": "If a customer's credit balance is too low or shows insufficient_quota, say so."
            }
            error = {"code": "server_error", "message": words}
            failed = response("failed", id="r1", model=call.model, error=error, **repeated)
            event = typed("response.failed", response=failed)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            event = typed("error", error={"type": "api_error", "message": words})
        case EndpointFamily.CHAT_COMPLETIONS:
            event = sse({"error": {"message": words, "type": "server_error", "param": None, "code": None}})
    await call.send(chunk(event) + END)


async def count_nothing(call: Call) -> None:
    """Answer well and name a usage of no tokens at all."""
    events = [*opening(call.family, call.model), *_contents(call), *_closing(call)]
    nothing = [_TOKEN_COUNT.sub(rb"\g<1>0", event) for event in events]
    await call.send(head(200, REQUEST_ID) + b"".join(map(chunk, nothing)) + END)


_TOKEN_COUNT = re.compile(rb'("[a-z]+_tokens": )[0-9]+')


def send(data: bytes) -> Act:
    """Send the same bytes to each call."""

    async def act(call: Call) -> None:
        await call.send(data)

    return act


async def drop(call: Call) -> None:
    """End the connection without a byte."""
    call.peer.writer.close()
