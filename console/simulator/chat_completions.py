"""Chat Completions, as the embedded gateway speaks it."""

from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import CREATED, Ask, OpenAiErrors, StreamItem, count_in, messages_in, model_in, text_in
from console.simulator.script import Script


class ChatCompletions(OpenAiErrors):
    """The way of speaking Chat Completions."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""
        model = model_in(body)
        prompt = " ".join(text_in(message.get("content")) for message in messages_in(body))
        limit = count_in(body, "max_completion_tokens", count_in(body, "max_tokens", 4096))
        options = body.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return Ask(model, prompt, limit, bool(body.get("stream")), wants_usage)

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
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
        """Yield a stream's events."""

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
