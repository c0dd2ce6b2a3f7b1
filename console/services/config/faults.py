"""Config faults: pydantic's errors as file, line and key, with messages that never contain a value."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ValidationError

from console.services.config.endpoint_setting import is_secret_name
from console.services.config.toml_text import ConfigText, KeyPath, closest, nearest

_WORDS = {
    "extra_forbidden": "unknown key; {nearest}",
    "missing": "{names[0]} is missing{next}",
    "missing_one": "needs exactly one of {names[0]} and {names[1]}",
    "unfit": "{words}",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": 'must be a list, such as ["env:MODEL_GATEWAY_TOKEN"]',
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} entries",
}
"""Our message for each type of pydantic error. Pydantic's own messages are never shown: they can contain input."""

_NEXT: dict[KeyPath, str] = {
    ("schema",): "; write schema = 1",
    ("default_profile",): '; name one of the profiles, such as default_profile = "acme"',
}
"""What to write for the keys that every file needs."""


def faults_of(
    error: ValidationError, form: type[BaseModel], text: ConfigText, limit: int
) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and the message of each validation error.

    Args:
        error: The error that pydantic raised.
        form: The model of the whole file; it knows each table's keys.
        text: The file's text; it knows each key's line.
        limit: The most faults to yield, the first ones in the file: finding the nearest key takes time.

    """
    found = error.errors(include_url=False, include_input=False)
    found = sorted(found, key=lambda each: text.line_of(each["loc"]) or 0)[:limit]
    guessed = set()
    for each in found:
        path = each["loc"]
        if each["type"] == "extra_forbidden":
            known = _known(form, path[:-1])
            where = "a token goes into token_ref, by reference; " if is_secret_name(str(path[-1])) else ""
            each["ctx"] = {"nearest": where + nearest(str(path[-1]), known)}
            guessed |= {(*path[:-1], name) for name in closest(str(path[-1]), known)}
        elif each["type"] == "missing":
            each["ctx"] = {"names": path[-1:], "next": _NEXT.get(path, "")}
        elif path[-1:] == ("[key]",):
            each["loc"] = path[:-1]
    for each in found:
        path, hints = each["loc"], each.get("ctx", {})
        if each["type"] in ("missing", "missing_one"):
            path = path[:-1]
            if any((*path, name) in guessed for name in hints["names"]):
                continue  # the key is there, but misspelled
        yield path, _WORDS.get(each["type"], "is not a valid value for this setting").format_map(hints)


def _known(form: Any, path: KeyPath) -> list[str]:
    """Return the keys of the table at a path."""
    for step in path:
        if isinstance(form, type) and issubclass(form, BaseModel):
            field = form.model_fields.get(str(step))
            named = "__pydantic_extra__"  # tables by names of the operator's
            form = get_args(get_type_hints(form)[named])[-1] if field is None else field.annotation
        else:
            form = next(each for each in reversed(get_args(form)) if each is not ...)  # a table's or a list's entries
        if isinstance(form, UnionType):  # a table that may be left out
            form = next(each for each in get_args(form) if each is not NoneType)
    return [field.alias or name for name, field in form.model_fields.items()]
