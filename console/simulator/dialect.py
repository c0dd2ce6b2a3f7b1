"""How the embedded gateway speaks the three families: request checks, whole answers, streams and errors.

Written from the vendors' contracts, not with the console's own readers, so that each can catch the other's mistakes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from console.domain.family import EndpointFamily
from console.simulator.script import Script

CREATED = 1_780_000_000
"""The time that all answers say they were made at, so that answers do not differ from call to call."""

StreamItem = tuple[str, dict[str, Any] | str]
"""The name of an event (empty for none) and its data."""


@dataclass
class RequestError(Exception):
    """A request that a gateway would refuse, in its own words."""

    status: int
    type: str
    message: str
    code: str = ""
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as far as the embedded gateway reads it."""

    model: str
    prompt: str
    max_output_tokens: int
    stream: bool
    wants_usage: bool = True


class Dialect(Protocol):
    """One family's way of speaking."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Return a stream's events; those that carry content are paced by the server."""

    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        """Return an error's body."""


def _text_in(content: object) -> str:
    """Return the text of a message's content, given as text or as parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def _model_in(body: dict[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise RequestError(400, "invalid_request_error", "you must provide a model parameter")
    return model


def _count_in(body: dict[str, Any], key: str, default: int) -> int:
    value = body.get(key, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RequestError(
            400, "invalid_request_error", f"Invalid '{key}': expected an integer of 1 or more.", param=key
        )
    return value


def _messages_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise RequestError(
            400,
            "invalid_request_error",
            "Missing required parameter: 'messages'.",
            "missing_required_parameter",
            "messages",
        )
    return messages


class _OpenAiErrors:
    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        return {
            "error": {
                "message": f"{error.message} (request id: {request_id})",
                "type": error.type,
                "param": error.param,
                "code": error.code or None,
            }
        }


class _Responses(_OpenAiErrors):
    def read(self, body: dict[str, Any]) -> Ask:
        model = _model_in(body)
        if "messages" in body:
            message = (
                "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. "
                "Try again with the new parameter."
            )
            raise RequestError(400, "invalid_request_error", message, "unsupported_parameter", "messages")
        given = body.get("input")
        if isinstance(given, list):
            prompt = " ".join(_text_in(item.get("content")) for item in given if isinstance(item, dict))
        elif isinstance(given, str):
            prompt = given
        else:
            message = "Missing required parameter: 'input'."
            raise RequestError(400, "invalid_request_error", message, "missing_required_parameter", "input")
        limit = _count_in(body, "max_output_tokens", 4096)
        if limit < 16:
            message = (
                "Invalid 'max_output_tokens': integer below minimum value."
                f" Expected a value >= 16, but got {limit} instead."
            )
            raise RequestError(400, "invalid_request_error", message, "integer_below_min_value", "max_output_tokens")
        return Ask(model, prompt, limit, bool(body.get("stream")))

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        status = "incomplete" if script.is_cut_by_limit else "completed"
        return self._response(ask, number, status, [self._item(script.text, number, status)], script)

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        sequence = iter(range(1_000_000))

        def event(kind: str, **fields: Any) -> StreamItem:
            return kind, {"type": kind, "sequence_number": next(sequence), **fields}

        item_id = f"msg_sim_{number:06}"
        place = {"item_id": item_id, "output_index": 0, "content_index": 0}
        status = "incomplete" if script.is_cut_by_limit else "completed"
        yield event("response.created", response=self._response(ask, number, "in_progress", [], None))
        yield event("response.in_progress", response=self._response(ask, number, "in_progress", [], None))
        opening = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        yield event("response.output_item.added", output_index=0, item=opening)
        yield event("response.content_part.added", **place, part=self._part(""))
        for piece in script.pieces:
            yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
        yield event("response.output_text.done", **place, text=script.text, logprobs=[])
        yield event("response.content_part.done", **place, part=self._part(script.text))
        item = self._item(script.text, number, status)
        yield event("response.output_item.done", output_index=0, item=item)
        yield event(f"response.{status}", response=self._response(ask, number, status, [item], script))

    def _part(self, text: str) -> dict[str, Any]:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _item(self, text: str, number: int, status: str) -> dict[str, Any]:
        return {
            "id": f"msg_sim_{number:06}",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [self._part(text)],
        }

    def _response(
        self, ask: Ask, number: int, status: str, output: list[dict[str, Any]], script: Script | None
    ) -> dict[str, Any]:
        usage = None
        if script is not None:
            usage = {
                "input_tokens": script.input_tokens,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": script.output_tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": script.input_tokens + script.output_tokens,
            }
        return {
            "id": f"resp_sim_{number:06}",
            "object": "response",
            "created_at": CREATED,
            "completed_at": CREATED if status == "completed" else None,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": None,
            "max_output_tokens": ask.max_output_tokens,
            "max_tool_calls": None,
            "model": ask.model,
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "prompt_cache_key": None,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": None,
            "service_tier": "default",
            "store": False,
            "temperature": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "background": False,
            "usage": usage,
            "user": None,
            "metadata": {},
        }


class _ChatCompletions(_OpenAiErrors):
    def read(self, body: dict[str, Any]) -> Ask:
        model = _model_in(body)
        prompt = " ".join(_text_in(message.get("content")) for message in _messages_in(body))
        limit = _count_in(body, "max_completion_tokens", _count_in(body, "max_tokens", 4096))
        options = body.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return Ask(model, prompt, limit, bool(body.get("stream")), wants_usage)

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": script.text, "refusal": None, "annotations": []}
        return {
            "id": f"chatcmpl-sim{number:06}",
            "object": "chat.completion",
            "created": CREATED,
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish(script)}],
            "usage": self._usage(script),
            "service_tier": "default",
        }

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        def chunk(choices: list[dict[str, Any]], **fields: Any) -> StreamItem:
            usage = {"usage": None} if ask.wants_usage else {}
            return "", {
                "id": f"chatcmpl-sim{number:06}",
                "object": "chat.completion.chunk",
                "created": CREATED,
                "model": ask.model,
                "choices": choices,
                **usage,
                **fields,
            }

        def choice(delta: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
            return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

        yield chunk(choice({"role": "assistant", "content": "", "refusal": None}))
        for piece in script.pieces:
            yield chunk(choice({"content": piece}))
        yield chunk(choice({}, self._finish(script)))
        if ask.wants_usage:
            yield chunk([], usage=self._usage(script))
        yield "", "[DONE]"

    def _finish(self, script: Script) -> str:
        return "length" if script.is_cut_by_limit else "stop"

    def _usage(self, script: Script) -> dict[str, Any]:
        return {
            "prompt_tokens": script.input_tokens,
            "completion_tokens": script.output_tokens,
            "total_tokens": script.input_tokens + script.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


class _AnthropicMessages:
    def read(self, body: dict[str, Any]) -> Ask:
        model = _model_in(body)
        prompt = " ".join(_text_in(message.get("content")) for message in _messages_in(body))
        if "max_tokens" not in body:
            raise RequestError(400, "invalid_request_error", "max_tokens: Field required")
        return Ask(model, prompt, _count_in(body, "max_tokens", 1), bool(body.get("stream")))

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        return self._message(ask, script, number) | {
            "content": [{"type": "text", "text": script.text}],
            "stop_reason": self._stop_reason(script),
            "usage": self._usage(script, script.output_tokens),
        }

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        def event(kind: str, **fields: Any) -> StreamItem:
            return kind, {"type": kind, **fields}

        yield event("message_start", message=self._message(ask, script, number))
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield event("ping")
        for piece in script.pieces:
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        yield event("content_block_stop", index=0)
        delta = {"stop_reason": self._stop_reason(script), "stop_sequence": None}
        yield event("message_delta", delta=delta, usage={"output_tokens": script.output_tokens})
        yield event("message_stop")

    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        kind = error.type if error.type != "new_api_error" else error.code
        return {"type": "error", "error": {"type": kind, "message": error.message}, "request_id": request_id}

    def _message(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        return {
            "id": f"msg_sim_{number:06}",
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._usage(script, 1),
        }

    def _stop_reason(self, script: Script) -> str:
        return "max_tokens" if script.is_cut_by_limit else "end_turn"

    def _usage(self, script: Script, output_tokens: int) -> dict[str, Any]:
        return {
            "input_tokens": script.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        }


DIALECTS: dict[EndpointFamily, Dialect] = {
    EndpointFamily.RESPONSES: _Responses(),
    EndpointFamily.CHAT_COMPLETIONS: _ChatCompletions(),
    EndpointFamily.ANTHROPIC_MESSAGES: _AnthropicMessages(),
}
