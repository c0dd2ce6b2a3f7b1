"""JSON forms: one definition gives the schema to send, the check of the answer, and its decoding.

A form is built from four classes. It can express only what the families' strict modes allow in a JSON schema: every
property is required and no other is allowed.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")
Option = TypeVar("Option", bound=str | int)


class FormError(ValueError):
    """A text does not have its form. The message says where and why, and contains nothing of the text."""


class Form(ABC, Generic[T]):
    """The form of a JSON value that represents a domain value."""

    @property
    @abstractmethod
    def schema(self) -> dict[str, object]:
        """The JSON schema."""

    @abstractmethod
    def decode(self, value: object, place: str = "") -> T:
        """Return the domain value that a JSON value represents.

        Args:
            value: The value, decoded from JSON.
            place: Its path, such as `findings[0].quote`; empty for the outermost value.

        Raises:
            FormError: It does not have the form.

        """

    @abstractmethod
    def encode(self, value: T) -> object:
        """Return the JSON value that represents a domain value: the inverse of `decode`."""


@dataclass(frozen=True, slots=True)
class Text(Form[str]):
    """A text."""

    description: str
    """A description for the model."""

    @property
    def schema(self) -> dict[str, object]:
        """The JSON schema."""
        return {"type": "string", "description": self.description}

    def decode(self, value: object, place: str = "") -> str:
        """Return the text; half a surrogate pair cannot be stored and is refused."""
        if not isinstance(value, str):
            raise _fault(place, "has to be a text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _fault(place, "has a character that is not Unicode text") from None
        return value

    def encode(self, value: str) -> object:
        """Return the text."""
        return value


@dataclass(frozen=True, slots=True)
class OneOf(Form[Option]):
    """One of a set of texts, or of integers."""

    options: tuple[Option, ...]

    @property
    def schema(self) -> dict[str, object]:
        """The JSON schema."""
        kind = "integer" if any(isinstance(option, int) for option in self.options) else "string"
        return {"type": kind, "enum": [self.encode(option) for option in self.options]}

    def decode(self, value: object, place: str = "") -> Option:
        """Return the option. JSON Schema counts 3.0 as the integer 3, and does not count true as 1."""
        for option in self.options:
            if option == value and not isinstance(value, bool):
                return option
        raise _fault(place, f"has to be one of {len(self.options)} options")

    def encode(self, value: Option) -> object:
        """Return the option as plain text or number."""
        return str(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class ListOf(Form[tuple[T, ...]]):
    """A list of limited length: small models repeat themselves until their tokens are used up."""

    item: Form[T]
    most: int
    """The maximum number of items."""

    @property
    def schema(self) -> dict[str, object]:
        """The JSON schema."""
        return {"type": "array", "maxItems": self.most, "items": self.item.schema}

    def decode(self, value: object, place: str = "") -> tuple[T, ...]:
        """Return the items."""
        if not isinstance(value, list):
            raise _fault(place, "has to be a list")
        if len(value) > self.most:
            raise _fault(place, f"has more than {self.most} items")
        return tuple(self.item.decode(each, f"{place}[{position}]") for position, each in enumerate(value))

    def encode(self, value: tuple[T, ...]) -> object:
        """Return the items as a list."""
        return [self.item.encode(each) for each in value]


@dataclass(frozen=True, slots=True)
class ObjectForm(Form[T]):
    """An object whose properties are the fields of a dataclass."""

    make: Callable[..., T]
    """The dataclass."""
    fields: Mapping[str, Form[Any]]
    """The form of each field in the JSON; the dataclass has defaults for the others."""

    @property
    def schema(self) -> dict[str, object]:
        """The JSON schema."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": list(self.fields),
            "properties": {name: form.schema for name, form in self.fields.items()},
        }

    def decode(self, value: object, place: str = "") -> T:
        """Return an instance of the dataclass."""
        if not isinstance(value, dict):
            raise _fault(place, "has to be an object")
        missing = next((name for name in self.fields if name not in value), None)
        if missing is not None:
            raise _fault(place, f"has no {missing}")
        if len(value) > len(self.fields):
            raise _fault(place, "has a property that is not allowed")
        return self.make(
            **{
                name: form.decode(value[name], f"{place}.{name}" if place else name)
                for name, form in self.fields.items()
            }
        )

    def encode(self, value: T) -> object:
        """Return the fields as an object."""
        return {name: form.encode(getattr(value, name)) for name, form in self.fields.items()}


def decode_json(text: str) -> object:
    """Decode JSON strictly: a repeated key is refused, because two readers could take different values.

    Raises:
        FormError: It is not JSON, is nested too deeply, or repeats a key.

    """
    try:
        value: object = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except FormError:
        raise
    except (ValueError, RecursionError):
        raise FormError("it is not JSON") from None
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise FormError("an object has the same key twice")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise FormError("it is not JSON")


def _fault(place: str, problem: str) -> FormError:
    return FormError(f"{place or 'it'} {problem}")
