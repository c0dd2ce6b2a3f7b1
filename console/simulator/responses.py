"""Responses, as the embedded gateway speaks it."""

from collections.abc import Iterator
from typing import Any

from console.simulator.dialect import CREATED, Ask, OpenAiErrors, RequestError, StreamItem, count_in, model_in, text_in
from console.simulator.roles.agent_work import has_tool_result
from console.simulator.script import Script, Wish
from console.simulator.wish import ANY, Given, any_object, make_wish, name_in, object_in, tools_in

_ANSWER_ID = "resp_sim_"
_PLAIN_TEXT = {"type": "text"}
_Event = tuple[str, dict[str, Any]]
"""An event's type, and its fields except the type and the number."""


class Responses(OpenAiErrors):
    """The Responses dialect."""

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
        prompt = f"{text_in(body.get('instructions'))} {prompt}"
        limit = count_in(body, "max_output_tokens", 4096)
        if limit < 16:
            message = (
                "Invalid 'max_output_tokens': integer below minimum value."
                f" Expected a value >= 16, but got {limit} instead."
            )
            raise RequestError(400, "invalid_request_error", message, "integer_below_min_value", "max_output_tokens")
        wish = self._wish(body, prompt)
        return Ask(model, prompt, limit, bool(body.get("stream")), wish=wish, echoed=self._echoed(body))

    def _wish(self, body: dict[str, Any], prompt: str) -> Wish:
        functions: dict[str, Given] = {}
        for place, tool in tools_in(body, self.invalid):
            if tool.get("type") == "function":
                parameters = object_in(tool.get("parameters"), (*place, "parameters"), self.invalid)
                name = name_in(tool.get("name"), (*place, "name"), self.invalid)
                is_strict = tool.get("strict") is True
                functions[name] = Given((*place, "parameters"), parameters or {"type": "object"}, is_strict)
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
        text = object_in(body.get("text"), ("text",), self.invalid)
        place = ("text", "format")
        form = object_in(text.get("format"), place, self.invalid)
        match form.get("type", "text"):
            case "text":
                return None
            case "json_object":
                return any_object(place)
            case "json_schema":
                name = name_in(form.get("name"), (*place, "name"), self.invalid)
                return Given((*place, "schema"), form.get("schema"), form.get("strict") is True, name)
        raise self.invalid((*place, "type"), "has to be 'text', 'json_object' or 'json_schema'")

    def _forced(self, choice: object) -> str | None:
        match choice:
            case None | "auto" | "none":
                return None
            case "required":
                return ANY
            case {"type": "function", "name": name}:
                return name_in(name, ("tool_choice", "name"), self.invalid)
            case {"type": "allowed_tools", "mode": "auto"}:
                return None
        raise self.invalid(("tool_choice",), "has to be 'none', 'auto', 'required' or a function")

    def _echoed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a request that its answer repeats."""
        text = body.get("text") or {}
        return {
            "instructions": body.get("instructions") if isinstance(body.get("instructions"), str) else None,
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "text": {"format": text.get("format") or _PLAIN_TEXT, "verbosity": "medium"},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
        }

    # --- Answers -----------------------------------------------------------------------------------------------------

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""
        status = "incomplete" if script.is_cut_by_limit else "completed"
        return self._response(ask, number, status, [self._item(script, number, status)], script)

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Yield a stream's events."""
        status = "incomplete" if script.is_cut_by_limit else "completed"
        item = self._item(script, number, status)
        opening = self._response(ask, number, "in_progress", [], None)
        empty: dict[str, Any] = {"arguments": ""} if script.tool else {"content": []}
        opened = item | {"status": "in_progress"} | empty
        events: list[_Event] = [
            ("response.created", {"response": opening}),
            ("response.in_progress", {"response": opening}),
            ("response.output_item.added", {"output_index": 0, "item": opened}),
            *(self._arguments(script, item["id"]) if script.tool else self._text(script, item["id"])),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            (f"response.{status}", {"response": self._response(ask, number, status, [item], script)}),
        ]
        for position, (kind, fields) in enumerate(events):
            data = {"type": kind, "sequence_number": position, **fields}
            yield StreamItem(kind, data, has_content=kind.endswith(".delta"))

    def _text(self, script: Script, item_id: str) -> Iterator[_Event]:
        place = {"item_id": item_id, "output_index": 0, "content_index": 0}
        yield "response.content_part.added", {**place, "part": self._part("")}
        for piece in script.pieces:
            yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
        yield "response.output_text.done", {**place, "text": script.text, "logprobs": []}
        yield "response.content_part.done", {**place, "part": self._part(script.text)}

    def _arguments(self, script: Script, item_id: str) -> Iterator[_Event]:
        place = {"item_id": item_id, "output_index": 0}
        for piece in script.pieces:
            yield "response.function_call_arguments.delta", {**place, "delta": piece}
        yield "response.function_call_arguments.done", {**place, "arguments": script.text}

    def _part(self, text: str) -> dict[str, Any]:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _item(self, script: Script, number: int, status: str) -> dict[str, Any]:
        if script.tool:
            return {
                "id": f"fc_sim_{number:06}",
                "type": "function_call",
                "status": status,
                "call_id": f"call_sim_{number:06}",
                "name": script.tool,
                "arguments": script.text,
            }
        return {
            "id": f"msg_sim_{number:06}",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [self._part(script.text)],
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
            "id": ask.answer_id(_ANSWER_ID, number),
            "object": "response",
            "created_at": CREATED,
            "completed_at": CREATED if status == "completed" else None,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "max_output_tokens": ask.max_output_tokens,
            "max_tool_calls": None,
            "model": ask.model,
            "output": output,
            "previous_response_id": None,
            "prompt_cache_key": None,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": None,
            "service_tier": "default",
            "store": False,
            "temperature": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "background": False,
            "usage": usage,
            "user": None,
            "metadata": {},
            **ask.echoed,
        }
