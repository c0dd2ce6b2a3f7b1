"""A request for text, or for JSON that fits a schema. The families use different fields for it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema for the answer's text."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """A request, independent of the family."""

    prompt: str
    max_output_tokens: int
    is_streamed: bool = True
    instructions: str = ""
    """The system or developer text above the prompt."""
    schema: Schema | None = None
