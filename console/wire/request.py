"""What a request asks for: a text, or JSON of a schema. The families put the same into different fields."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema that the answer's text has to fit."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """A request, before it has a family's form."""

    prompt: str
    max_output_tokens: int
    is_streamed: bool = True
    instructions: str = ""
    """What stands above the prompt: the system's or developer's words."""
    schema: Schema | None = None
