"""Events that bring a piece of content, decoded straight into a type: the good case, which is nearly every event.

A type here lists each key that its vendor sends, and no other key is accepted: every value is decoded and none is
skipped, so that what the generic decoding refuses is refused here too. Values that a judge compares are of any type,
because a judge tells 1 from 1.0. Whatever does not fit is read and judged generically.
"""

from collections.abc import Callable
from typing import Any

import msgspec


class ResponsesPiece(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A `response.output_text.delta`."""

    type: str
    delta: str
    sequence_number: Any = None
    item_id: Any = None
    output_index: Any = None
    content_index: Any = None
    logprobs: Any = None
    obfuscation: Any = None


class _ChatDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    content: str


class _ChatChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    delta: _ChatDelta
    index: Any = None
    logprobs: Any = None
    finish_reason: None = None


class ChatPiece(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A chunk with one choice that has text and nothing else."""

    choices: list[_ChatChoice]
    id: str
    model: str
    object: str
    created: Any = None
    service_tier: Any = None
    system_fingerprint: Any = None
    usage: None = None
    obfuscation: Any = None


class _MessagesDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type: str
    text: str


class MessagesPiece(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A `content_block_delta` with text."""

    type: str
    delta: _MessagesDelta
    index: Any = None


def decoder_of(form: type[msgspec.Struct]) -> Callable[[str], Any]:
    """Return the function that decodes one event's data into a form; it raises what `UNFIT` lists."""
    return msgspec.json.Decoder(form).decode


UNFIT = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What decoding raises when an event does not fit."""
