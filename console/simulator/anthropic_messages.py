"""Anthropic Messages, as the embedded gateway speaks it."""

from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import Ask, RequestError, StreamItem, count_in, messages_in, model_in, text_in
from console.simulator.script import Script


class AnthropicMessages:
    """The way of speaking Anthropic Messages."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""
        model = model_in(body)
        prompt = " ".join(text_in(message.get("content")) for message in messages_in(body))
        if "max_tokens" not in body:
            raise RequestError(400, "invalid_request_error", "max_tokens: Field required")
        return Ask(model, prompt, count_in(body, "max_tokens", 1), bool(body.get("stream")))

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
        return self._message(ask, script, number) | {
            "content": [{"type": "text", "text": script.text}],
            "stop_reason": self._stop_reason(script),
            "usage": self._usage(script, script.output_tokens),
        }

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Yield a stream's events."""

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
        """Return an error's body."""
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
