"""A hostile gateway: what the embedded gateway answers if a model's name asks for it.

Speeches and places are rows in `hostile.toml`. Answers are raw bytes, because a server library would refuse to send
most of them; each ends with its connection.
"""

import asyncio
import base64
import gzip
import json
import re
import tomllib
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from console.simulator.dialect import Ask, Dialect, RequestError, StreamItem
from console.simulator.script import write_script

ACTS = (
    "redirect",
    "bomb",
    "endless-line",
    "flood",
    "drip",
    "login-page",
    "many-headers",
    "promises-more",
    "promises-less",
)
"""What a hostile gateway does, besides putting a speech in a place."""
OTHER_HOST = "127.0.0.2"
"""Another origin on this machine, as the target of a redirect; the port is the gateway's own."""

_NAME = re.compile(r"-hostile-([a-z0-9-]+)-placeholder\Z")
_KEPT_OF_STARRED = (8, 4)
_DRIP_S = 0.05
"""The time between two drops, in seconds. No pace shortens it: the caller's deadline has to end the call."""
_BLOCK = 64 * 1024
_BOMB_MB = 1024


@dataclass(frozen=True, slots=True)
class Hostility:
    """How one call is mistreated."""

    act: str = ""
    """One of `ACTS`; empty for a speech."""
    speech: str = ""
    """A template, see `hostile.toml`."""
    place: str = ""
    piece_size: int = 0
    """How many characters each delta of the streamed text carries; 0 if the speech is not the text."""


@dataclass(frozen=True, slots=True)
class HostileCall:
    """The call to answer."""

    ask: Ask
    dialect: Dialect
    number: int
    key: str
    """The key in the call."""
    port: int
    """Where this gateway listens."""


@cache
def hostile_rows() -> tuple[Mapping[str, str], Mapping[str, int]]:
    """Return the speeches and the places."""
    table = tomllib.loads(files(__package__).joinpath("hostile.toml").read_text(encoding="utf-8"))
    return table["speech"], table["place"]


def hostility_for(model: str) -> Hostility | None:
    """Return what a model's name asks for; None if it asks for nothing hostile that exists."""
    match = _NAME.search(model)
    if match is None:
        return None
    if match[1] in ACTS:
        return Hostility(act=match[1])
    speeches, places = hostile_rows()
    speech, _, place = match[1].partition("-in-")
    if speech not in speeches or place not in places:
        return None
    return Hostility(speech=speeches[speech], place=place, piece_size=places[place])


def perform(hostility: Hostility, call: HostileCall) -> AsyncGenerator[bytes, None]:
    """Return the raw bytes of the answer; some never end. The caller may leave at any time."""
    match hostility.act:
        case "drip":
            return _drip(call)
        case "":
            return _paced(_speak(hostility, call))
        case act:
            return _paced(_act(act, call))


async def _paced(pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


async def _drip(call: HostileCall) -> AsyncGenerator[bytes, None]:
    yield _head(call)
    beginning = b"".join(_begun(call))
    position = 0
    while True:
        yield beginning[position : position + 1] or b":\n"
        position += 1
        await asyncio.sleep(_DRIP_S)


# --- Speeches --------------------------------------------------------------------------------------------------------


def forms_of(key: str) -> dict[str, str]:
    """Return the forms in which a speech can name a key."""
    first, last = _KEPT_OF_STARRED
    return {
        "key": key,
        "starred": f"{key[:first]}{'*' * 12}{key[-last:]}",
        "base64": base64.b64encode(key.encode()).decode(),
        "basic": base64.b64encode(f"user:{key}".encode()).decode(),
        "quoted": quote(key, safe=""),
        "hex": key.encode().hex(),
    }


def _speak(hostility: Hostility, call: HostileCall) -> Iterator[bytes]:
    said = hostility.speech.format(**forms_of(call.key))
    ask = call.ask
    match hostility.place:
        case "error":
            refusal = json.dumps(call.dialect.refuse(RequestError(400, said, said, said), f"req_{call.number}"))
            yield _head(call, status="400 Bad Request", content_type="application/json")
            yield refusal.encode()
            return
        case "header":
            yield _head(call, f"x-request-id: {said}", f"x-echo: {said}", reason=said)
        case _:
            yield _head(call)
    if hostility.place == "model":
        ask = replace(ask, model=said)
    if hostility.place == "id":
        ask = replace(ask, id_prefix=said)
    spoken = said if hostility.piece_size else ""
    for item in _items(replace(call, ask=ask), spoken, hostility.piece_size):
        if hostility.place == "event" and item.has_content:
            body = call.dialect.refuse(RequestError(500, said, said, said), f"req_{call.number}")
            yield StreamItem("error", {"type": "error"} | body).frame()
            return
        is_marked = hostility.place == "finish"
        yield (replace(item, data=_finished(item.data, said)) if is_marked else item).frame()


def _items(call: HostileCall, text: str, piece_size: int) -> Iterator[StreamItem]:
    """Yield a well-formed stream with the given text; without a text, a normal one."""
    script = write_script(call.ask.model, call.ask.prompt, call.ask.max_output_tokens)
    if text:
        pieces = tuple(text[start : start + piece_size] for start in range(0, len(text), piece_size))
        script = replace(script, pieces=pieces, is_cut_by_limit=False)
    return call.dialect.stream(call.ask, script, call.number)


def _finished(value: Any, said: str) -> Any:
    """Return an event's data with its finish reason replaced."""
    if isinstance(value, dict):
        return {
            key: said if key in ("finish_reason", "stop_reason", "status") and inner else _finished(inner, said)
            for key, inner in value.items()
        }
    return [_finished(inner, said) for inner in value] if isinstance(value, list) else value


# --- Acts ------------------------------------------------------------------------------------------------------------


def _act(act: str, call: HostileCall) -> Iterator[bytes]:
    stream = b"".join(item.frame() for item in _items(call, "", 0))
    match act:
        case "redirect":
            location = f"location: http://{OTHER_HOST}:{call.port}/elsewhere?key={quote(call.key, safe='')}"
            yield _head(call, location, "content-length: 0", status="307 Temporary Redirect")
        case "bomb":
            yield _head(call, "content-encoding: gzip")
            member = gzip.compress(bytes(1024 * 1024))
            yield from (member for _ in range(_BOMB_MB))
        case "endless-line":
            yield _head(call)
            yield b"data: "
            while True:
                yield b"x" * _BLOCK
        case "flood":
            yield _head(call)
            *begun, content = _begun(call)
            yield b"".join(begun)
            while True:
                yield content * (_BLOCK // len(content))
        case "login-page":
            yield _head(call, content_type="text/html; charset=utf-8")
            yield b"<!doctype html><html><title>Sign in</title><form action=/login><input name=password></form></html>"
        case "many-headers":
            yield _head(call, *(f"x-more-{number}: {number}" for number in range(10_000)))
            yield stream
        case "promises-more":
            yield _head(call, f"content-length: {len(stream) + 1_000}")
            yield stream[: len(stream) // 2]
        case "promises-less":
            yield _head(call, f"content-length: {len(stream) // 2}")
            yield stream


def _begun(call: HostileCall) -> list[bytes]:
    """Return the events of a stream up to its first content."""
    events: list[bytes] = []
    for item in _items(call, "", 0):
        events.append(item.frame())
        if item.has_content:
            break
    return events


def _head(
    call: HostileCall,
    *lines: str,
    status: str = "200 OK",
    reason: str = "",
    content_type: str = "text/event-stream; charset=utf-8",
) -> bytes:
    more = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    if not any(line.startswith("x-request-id:") for line in more):
        more.append(f"x-request-id: req_sim_{call.number:06}")
    first = f"HTTP/1.1 {status} {reason}".rstrip()
    return "\r\n".join([first, f"content-type: {content_type}", "connection: close", *more, "", ""]).encode()
