"""Chat Completions, as the embedded gateway speaks it."""

from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import CREATED, Ask, OpenAiErrors, StreamItem, count_in, messages_in, model_in, text_in
from console.simulator.roles.agent_work import has_tool_result
from console.simulator.script import Script, Wish
from console.simulator.wish import ANY, Given, any_object, make_wish, name_in, object_in, tools_in

_ANSWER_ID = "chatcmpl-sim"


class ChatCompletions(OpenAiErrors):
    """The Chat Completions dialect."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""
        model = model_in(body)
        prompt = " ".join(text_in(message.get("content")) for message in messages_in(body))
        limit = count_in(body, "max_completion_tokens", count_in(body, "max_tokens", 4096))
        options = body.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return Ask(model, prompt, limit, bool(body.get("stream")), wants_usage, self._wish(body, prompt))

    def _wish(self, body: dict[str, Any], prompt: str) -> Wish:
        functions: dict[str, Given] = {}
        for place, tool in tools_in(body, self.invalid):
            if tool.get("type") == "function":
                about = object_in(tool.get("function"), (*place, "function"), self.invalid)
                name = name_in(about.get("name"), (*place, "function", "name"), self.invalid)
                where = (*place, "function", "parameters")
                parameters = object_in(about.get("parameters"), where, self.invalid)
                functions[name] = Given(where, parameters or {"type": "object"}, about.get("strict") is True)
            elif not isinstance(tool.get("type"), str):
                raise self.invalid((*place, "type"), "has to be a type of tool")
        return make_wish(
            prompt,
            form=self._form(body),
            functions=functions,
            forced=self._forced(body.get("tool_choice")),
            refuse=self.invalid,
            has_result=has_tool_result(body),
        )

    def _form(self, body: dict[str, Any]) -> Given | None:
        form = object_in(body.get("response_format"), ("response_format",), self.invalid)
        match form.get("type", "text"):
            case "text":
                return None
            case "json_object":
                return any_object(("response_format",))
            case "json_schema":
                place = ("response_format", "json_schema")
                about = object_in(form.get("json_schema"), place, self.invalid)
                name = name_in(about.get("name"), (*place, "name"), self.invalid)
                return Given((*place, "schema"), about.get("schema"), about.get("strict") is True, name)
        raise self.invalid(("response_format", "type"), "has to be 'text', 'json_object' or 'json_schema'")

    def _forced(self, choice: object) -> str | None:
        match choice:
            case None | "auto" | "none":
                return None
            case "required":
                return ANY
            case {"type": "function", "function": {"name": name}}:
                return name_in(name, ("tool_choice", "function", "name"), self.invalid)
            case {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}:
                return None
        raise self.invalid(("tool_choice",), "has to be 'none', 'auto', 'required' or a function")

    # --- Answers -----------------------------------------------------------------------------------------------------

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
        message: dict[str, Any] = {"role": "assistant", "content": script.text, "refusal": None, "annotations": []}
        if script.tool:
            message |= {"content": None, "tool_calls": [self._call(script.tool, script.text, number)]}
        return {
            "id": ask.answer_id(_ANSWER_ID, number),
            "object": "chat.completion",
            "created": CREATED,
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish(script)}],
            "usage": self._usage(script),
            "service_tier": "default",
        }

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Yield a stream's events."""

        def chunk(choices: list[dict[str, Any]], *, has_content: bool = False, **fields: Any) -> StreamItem:
            usage = {"usage": None} if ask.wants_usage else {}
            data = {
                "id": ask.answer_id(_ANSWER_ID, number),
                "object": "chat.completion.chunk",
                "created": CREATED,
                "model": ask.model,
                "choices": choices,
                **usage,
                **fields,
            }
            return StreamItem("", data, has_content)

        def choice(delta: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
            return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

        opening: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
        if script.tool:
            opening |= {"content": None, "tool_calls": [{"index": 0} | self._call(script.tool, "", number)]}
        yield chunk(choice(opening))
        for piece in script.pieces:
            arguments = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
            yield chunk(choice(arguments if script.tool else {"content": piece}), has_content=True)
        yield chunk(choice({}, self._finish(script)))
        if ask.wants_usage:
            yield chunk([], usage=self._usage(script))
        yield StreamItem("", "[DONE]")

    def _call(self, name: str, arguments: str, number: int) -> dict[str, Any]:
        function = {"name": name, "arguments": arguments}
        return {"id": f"call_sim_{number:06}", "type": "function", "function": function}

    def _finish(self, script: Script) -> str:
        if script.is_cut_by_limit:
            return "length"
        return "tool_calls" if script.tool else "stop"

    def _usage(self, script: Script) -> dict[str, Any]:
        return {
            "prompt_tokens": script.input_tokens,
            "completion_tokens": script.output_tokens,
            "total_tokens": script.input_tokens + script.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }
