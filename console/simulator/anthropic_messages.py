"""Anthropic Messages, as the embedded gateway speaks it."""

import json
from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import Ask, RequestError, StreamItem, count_in, messages_in, model_in, text_in
from console.simulator.roles.agent_work import has_tool_result
from console.simulator.schema_check import Place
from console.simulator.script import Script, Wish
from console.simulator.wish import ANY, Given, make_wish, name_in, object_in, tools_in

_ANSWER_ID = "msg_sim_"


class AnthropicMessages:
    """The Anthropic Messages dialect."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""
        ask = self.read_counted(body)
        if "max_tokens" not in body:
            raise RequestError(400, "invalid_request_error", "max_tokens: Field required")
        return ask

    def read_counted(self, body: dict[str, Any]) -> Ask:
        """Check the body of a request that only counts tokens. Raises `RequestError`."""
        model = model_in(body)
        said = " ".join(text_in(message.get("content")) for message in messages_in(body))
        prompt = f"{text_in(body.get('system'))} {said}"
        limit = count_in(body, "max_tokens", 1)
        return Ask(model, prompt, limit, bool(body.get("stream")), wish=self._wish(body, prompt))

    def _wish(self, body: dict[str, Any], prompt: str) -> Wish:
        functions: dict[str, Given] = {}
        for place, tool in tools_in(body, self.invalid):
            if tool.get("type", "custom") == "custom":
                name = name_in(tool.get("name"), (*place, "name"), self.invalid)
                functions[name] = Given((*place, "input_schema"), tool.get("input_schema"))
            elif not isinstance(tool["type"], str):
                raise self.invalid((*place, "type"), "has to be a type of tool")
        config = object_in(body.get("output_config"), ("output_config",), self.invalid)
        return make_wish(
            prompt,
            form=self._form(config),
            functions=functions,
            forced=self._forced(body.get("tool_choice")),
            refuse=self.invalid,
            has_result=has_tool_result(body),
        )

    def _form(self, config: dict[str, Any]) -> Given | None:
        place = ("output_config", "format")
        form = object_in(config.get("format"), place, self.invalid)
        if not form:
            return None
        if form.get("type") != "json_schema":
            raise self.invalid((*place, "type"), "Input should be 'json_schema'")
        return Given((*place, "schema"), form.get("schema"))

    def _forced(self, choice: object) -> str | None:
        match choice:
            case None | {"type": "auto" | "none"}:
                return None
            case {"type": "any"}:
                return ANY
            case {"type": "tool", "name": name}:
                return name_in(name, ("tool_choice", "name"), self.invalid)
        raise self.invalid(("tool_choice",), "Input should have type 'auto', 'any', 'tool' with a name, or 'none'")

    # --- Answers -----------------------------------------------------------------------------------------------------

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
        block: dict[str, Any] = {"type": "text", "text": script.text}
        if script.tool:
            arguments = {} if script.is_cut_by_limit else json.loads(script.text)
            block = self._tool_use(script.tool, number) | {"input": arguments}
        return self._message(ask, script, number) | {
            "content": [block],
            "stop_reason": self._stop_reason(script),
            "usage": self._usage(script, script.output_tokens),
        }

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Yield a stream's events."""

        def event(kind: str, *, has_content: bool = False, **fields: Any) -> StreamItem:
            return StreamItem(kind, {"type": kind, **fields}, has_content)

        block = self._tool_use(script.tool, number) if script.tool else {"type": "text", "text": ""}
        yield event("message_start", message=self._message(ask, script, number))
        yield event("content_block_start", index=0, content_block=block)
        yield event("ping")
        for piece in script.pieces:
            text = {"type": "text_delta", "text": piece}
            arguments = {"type": "input_json_delta", "partial_json": piece}
            delta = arguments if script.tool else text
            yield event("content_block_delta", has_content=True, index=0, delta=delta)
        yield event("content_block_stop", index=0)
        end = {"stop_reason": self._stop_reason(script), "stop_sequence": None}
        yield event("message_delta", delta=end, usage={"output_tokens": script.output_tokens})
        yield event("message_stop")

    def invalid(self, place: Place, problem: str) -> RequestError:
        """Return the refusal of the value at a path in a request."""
        return RequestError(400, "invalid_request_error", f"{'.'.join(map(str, place))}: {problem}")

    def unknown_model(self, model: str) -> RequestError:
        """Return the refusal of a model that does not exist."""
        return RequestError(404, "not_found_error", f"model: {model}")

    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        """Return an error's body."""
        kind = error.type if error.type != "new_api_error" else error.code
        return {"type": "error", "error": {"type": kind, "message": error.message}, "request_id": request_id}

    def _message(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        return {
            "id": ask.answer_id(_ANSWER_ID, number),
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._usage(script, 1),
        }

    def _tool_use(self, name: str, number: int) -> dict[str, Any]:
        return {"type": "tool_use", "id": f"toolu_sim_{number:06}", "name": name, "input": {}}

    def _stop_reason(self, script: Script) -> str:
        if script.is_cut_by_limit:
            return "max_tokens"
        return "tool_use" if script.tool else "end_turn"

    def _usage(self, script: Script, output_tokens: int) -> dict[str, Any]:
        return {
            "input_tokens": script.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        }
