"""Responses, as the embedded gateway speaks it."""

from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import CREATED, Ask, OpenAiErrors, RequestError, StreamItem, count_in, model_in, text_in
from console.simulator.script import Script


class Responses(OpenAiErrors):
    """The way of speaking Responses."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""
        model = model_in(body)
        if "messages" in body:
            message = (
                "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. "
                "Try again with the new parameter."
            )
            raise RequestError(400, "invalid_request_error", message, "unsupported_parameter", "messages")
        given = body.get("input")
        if isinstance(given, list):
            prompt = " ".join(text_in(item.get("content")) for item in given if isinstance(item, dict))
        elif isinstance(given, str):
            prompt = given
        else:
            message = "Missing required parameter: 'input'."
            raise RequestError(400, "invalid_request_error", message, "missing_required_parameter", "input")
        limit = count_in(body, "max_output_tokens", 4096)
        if limit < 16:
            message = (
                "Invalid 'max_output_tokens': integer below minimum value."
                f" Expected a value >= 16, but got {limit} instead."
            )
            raise RequestError(400, "invalid_request_error", message, "integer_below_min_value", "max_output_tokens")
        return Ask(model, prompt, limit, bool(body.get("stream")))

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
        status = "incomplete" if script.is_cut_by_limit else "completed"
        return self._response(ask, number, status, [self._item(script.text, number, status)], script)

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Yield a stream's events."""
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
