"""What the embedded gateway's three dialects have in common.

They are written from the vendors' contracts, not with the console's own readers, so that each side can catch the
other's mistakes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from console.simulator.schema_check import Place
from console.simulator.script import Script, Wish

CREATED = 1_780_000_000
"""The creation time in all answers, so that answers do not differ from call to call."""


@dataclass(frozen=True, slots=True)
class StreamItem:
    """One event of a stream."""

    name: str
    """Empty for none."""
    data: dict[str, Any] | str
    has_content: bool = False
    """Whether it carries a piece of the script, and so comes at the script's pace."""

    def frame(self) -> bytes:
        """Return the event in its wire format."""
        data = self.data if isinstance(self.data, str) else json.dumps(self.data, separators=(",", ":"))
        return (f"event: {self.name}\n" if self.name else "").encode() + f"data: {data}\n\n".encode()


@dataclass
class RequestError(Exception):
    """A request that a gateway would refuse, in the gateway's words."""

    status: int
    type: str
    message: str
    code: str = ""
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, as much of it as the embedded gateway reads."""

    model: str
    prompt: str
    max_output_tokens: int
    stream: bool
    wants_usage: bool = True
    wish: Wish = Wish()
    echoed: Mapping[str, Any] = field(default_factory=dict)
    """The request fields that the answer repeats."""
    id_prefix: str = ""
    """The prefix of the answer's id; empty for the family vendor's own."""

    def answer_id(self, own_prefix: str, number: int) -> str:
        """Return the id of the answer to call `number`."""
        return f"{self.id_prefix or own_prefix}{number:06}"


class Dialect(Protocol):
    """One family's dialect."""

    def read(self, body: dict[str, Any]) -> Ask:
        """Check a request's body. Raises `RequestError`."""

    def whole(self, ask: Ask, script: Script, number: int) -> dict[str, Any]:
        """Return a whole answer."""

    def stream(self, ask: Ask, script: Script, number: int) -> Iterator[StreamItem]:
        """Return a stream's events."""

    def unknown_model(self, model: str) -> RequestError:
        """Return the refusal of a model that does not exist."""

    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        """Return an error's body."""


def text_in(content: object) -> str:
    """Return the text of a message's content, given as text or as parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def model_in(body: dict[str, Any]) -> str:
    """Return the model that a request names. Raises `RequestError`."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise RequestError(400, "invalid_request_error", "you must provide a model parameter")
    return model


def count_in(body: dict[str, Any], key: str, default: int) -> int:
    """Return a whole number of at least 1 from a request. Raises `RequestError`."""
    value = body.get(key, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RequestError(
            400, "invalid_request_error", f"Invalid '{key}': expected an integer of 1 or more.", param=key
        )
    return value


def messages_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a request. Raises `RequestError`."""
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


class OpenAiErrors:
    """The error wording and shape of the two OpenAI families."""

    def invalid(self, place: Place, problem: str) -> RequestError:
        """Return the refusal of the value at a path in a request."""
        param = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
        return RequestError(400, "invalid_request_error", f"Invalid '{param}': {problem}.", "invalid_value", param)

    def unknown_model(self, model: str) -> RequestError:
        """Return the refusal of a model that does not exist."""
        message = f"The model `{model}` does not exist or you do not have access to it."
        return RequestError(404, "invalid_request_error", message, "model_not_found")

    def refuse(self, error: RequestError, request_id: str) -> dict[str, Any]:
        """Return an error's body."""
        return {
            "error": {
                "message": f"{error.message} (request id: {request_id})",
                "type": error.type,
                "param": error.param,
                "code": error.code or None,
            }
        }
