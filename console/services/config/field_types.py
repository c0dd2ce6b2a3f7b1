"""Types of settings: config text is parsed once, into the type that the rest of the console uses.

Each type also has a JSON Schema for editors, which may accept more than the parser does, never less. A parser's message
says what is wrong and what to write, and never contains the text, which may be a token.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    AllowInfNan,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from console.domain.routes.documentation import documentations
from console.domain.routes.endpoint_path import VERSION_PART
from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import check_pattern
from console.domain.routes.role import Role
from console.domain.text.character import character_fault
from console.domain.text.safe import safe
from console.services.config.endpoint_setting import ENDPOINT, NO_DOT, check_endpoint_path
from console.services.config.own_config import Trust
from console.services.config.settings import EMBEDDED
from console.services.config.toml_text import closest, nearest
from console.services.gateway.address import check_base_url
from console.services.gateway.placeholder import placeholder_fault
from console.services.gateway.post_address import PostAddress
from console.services.tokens.reference import LENGTH_LIMIT, Reference, Scheme


def unfit(words: str) -> PydanticCustomError:
    """Return an error with our own message on why a value cannot be used."""
    return PydanticCustomError("unfit", "{words}", {"words": words})


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """Marks a setting that is written as text and parsed into another type.

    Raises:
        PydanticCustomError: The parser raised a `ValueError`; its message is kept.

    """

    parse: Callable[[str], object]
    shortest: int = 0
    longest: int | None = None
    schema: Mapping[str, object] = field(default_factory=dict)
    """More JSON Schema keywords for the text."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(strict=True, min_length=self.shortest or None, max_length=self.longest)
        return core_schema.no_info_after_validator_function(self._parsed, text)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        return {**handler(schema), **self.schema}

    def _parsed(self, text: str) -> object:
        try:
            return self.parse(text)
        except ValueError as error:
            raise unfit(str(error)) from None


def _form(pattern: str, words: str) -> Parsed:
    """Return the marker for text that must match a pattern in full."""

    def parse(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(words)
        return text

    return Parsed(parse, schema={"pattern": f"^(?:{pattern})$"})


def _word(noun: str, kind: Callable[[str], object], known: Iterable[str]) -> Parsed:
    """Return the marker for text that must be one of a few known words."""
    names = list(known)

    def parse(text: str) -> object:
        if text not in names:
            raise ValueError(f"unknown {noun}; {nearest(text, names)}{_all_of(text, names)}")
        return kind(text)

    return Parsed(parse, schema={"enum": names})


def _all_of(text: str, names: list[str]) -> str:
    """Return the words that are known, where the nearest one was guessed."""
    return f" Known here: {', '.join(names)}" if closest(text, names) else ""


def _version(number: int) -> int:
    if number != 1:
        raise unfit("is not a version that this console reads; write schema = 1")
    return number


def _withheld(is_available: bool) -> bool:
    if is_available:
        raise unfit("must be false: a run with such a token in reach never begins. Start the console without the token")
    return False


def _model_name(text: str) -> str:
    if safe(text) != text or text != text.strip():
        raise ValueError(_odd_place(text))
    if (problem := placeholder_fault(text)) is not None:
        raise ValueError(problem)
    return text


def _odd_place(text: str) -> str:
    """Say which character of a text makes it another one than what is shown: a hidden one, or a space at an end."""
    place = next((place for place, each in enumerate(text) if safe(each) != each), None)
    if place is not None:
        return f"has a control or invisible character: {character_fault(text, place)}"
    if text != text.strip():
        place = 0 if text != text.lstrip() else len(text) - 1
        return f"begins or ends with a space: {character_fault(text, place)}"
    return "has more combining marks in a row than any script"


def _base_url(text: str) -> str:
    if text != EMBEDDED and (problem := check_base_url(text)) is not None:
        raise ValueError(problem)
    return text


def _endpoint_path(text: str) -> str:
    if (problem := check_endpoint_path(text)) is not None:
        raise ValueError(problem)
    return text


def _header_name(text: str) -> str:
    if not re.fullmatch(_HEADER, text):
        raise ValueError(_HEADER_WORDS)
    if text.lower() in _OWN_HEADERS:
        raise ValueError("the console sets this header itself; a token goes into token_ref, by reference")
    return text


def _pattern(text: str) -> re.Pattern[str]:
    if (problem := check_pattern(text)) is not None:
        raise ValueError(problem)
    return re.compile(text)


def _file_reference(text: str) -> Reference | None:
    reference = Reference.parse(text) if text else None
    if reference is not None and reference.scheme is not Scheme.FILE:
        raise ValueError("must be a file: reference, such as file:/PATH")
    return reference


def _webhook(text: str) -> str:
    if text and re.fullmatch(_VARIABLE, text) is None:
        PostAddress.parse(text)
    return text


def _path(text: str) -> Path | None:
    if "\0" in text:
        raise ValueError("is not a file name")
    return Path(text) if text else None


def _trust(info: ValidationInfo) -> Trust:
    if not isinstance(info.context, Trust):
        raise TypeError("a config needs a Trust as its validation context")
    return info.context


def _may_be_used(reference: Reference | None, info: ValidationInfo) -> Reference | None:
    if reference is None:
        return None
    trust = _trust(info)
    if trust.is_repository:
        return reference  # it depends on the profile's origin
    if reference.scheme in (Scheme.ENV, Scheme.FILE, Scheme.CMD) and trust.why_no_tokens is not None:
        raise unfit(f"{reference.scheme}: could send a token to any gateway this file names: {trust.why_no_tokens}")
    if reference.scheme is Scheme.CMD and trust.why_no_programs is not None:
        raise unfit(f"cmd: runs a program, so only your own config file may use it: {trust.why_no_programs}")
    return reference


def _of_own_file(words: str) -> AfterValidator:
    """Return the marker for what only the operator's own file may set, with the message for any other file."""

    def check(value: object, info: ValidationInfo) -> object:
        trust = _trust(info)
        if value and trust.why_no_programs is not None:
            raise unfit(f"{words}: {trust.why_no_programs}")
        return value

    return AfterValidator(check)


def some(words: str) -> AfterValidator:
    """Return the marker for a list or table that must not be empty, with the message for an empty one."""

    def check(value: object) -> object:
        if not value:
            raise unfit(words)
        return value

    return AfterValidator(check)


def _any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


_OWN_HEADERS = [
    "accept", "accept-encoding", "anthropic-version", "api-key", "authorization", "cf-aig-authorization", "connection",
    "content-encoding", "content-length", "content-type", "cookie", "expect", "host", "proxy-authorization",
    "transfer-encoding", "upgrade", "user-agent", "x-api-key", "x-goog-api-key", "x-portkey-api-key",
]  # fmt: skip
_OWN_HEADER = f"^(?:{'|'.join(map(_any_case, _OWN_HEADERS))})$"
_HEADER = "[A-Za-z0-9-]{1,100}"
_HEADER_WORDS = "a header's name has only letters, digits and -, and its value only printable ASCII"
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = rf"(?!0\.0\.0\.0)(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z:.%_~-]+\])"
_LOOPBACK = rf"(?:{_any_case('localhost')}|127[0-9.]+|\[[0-9A-Fa-f:.]+\])"
_PORT = "(?::0*[1-9][0-9]{0,4})?"
_PREFIX = (
    rf"(?!.*/({VERSION_PART})/\1(?:/|$))(?!.*/(?:responses|messages|completions)/?$)"
    rf"(?:/{NO_DOT}[A-Za-z0-9._~-]{{1,100}})*/?"
)
_ADDRESS = rf"sim:|(?:{_any_case('https')}://{_HOST}|{_any_case('http')}://{_LOOPBACK}){_PORT}{_PREFIX}"
_PART = r"(?:[A-Za-z0-9._@-]|%[0-9A-F]{2}){1,100}"
_FILE = r"file:(?:/[^/]+)+"
_REFERENCE = (
    rf"env:[A-Z_][A-Z0-9_]{{0,127}}|keyring://{_PART}/{_PART}|{_FILE}|(?:kernel|vault):[A-Za-z0-9._@-]{{1,100}}"
    r"|cmd:\s*\[.+\]\s*|prompt:|sim:"
)

_VARIABLE = "env:[A-Z_][A-Z0-9_]{0,127}"

Version = Annotated[int, Strict(), AfterValidator(_version), WithJsonSchema({"const": 1})]
Number = Annotated[float, Strict(), AllowInfNan(False)]
Seconds = Annotated[Number, Field(gt=0, le=3600)]
Dollars = Annotated[Number, Field(ge=0, le=1_000_000_000)]
Tokens = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]
Withheld = Annotated[bool, Strict(), AfterValidator(_withheld), WithJsonSchema({"const": False})]
Line = Annotated[str, StringConstraints(strict=True, max_length=400)]
Date = Annotated[str, _form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "must be a date such as 2023-06-01")]
DateOrEmpty = Annotated[str, _form(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?", "must be a date such as 2023-06-01")]
ProfileName = Annotated[
    str, _form("[A-Za-z0-9_-]{1,40}", "a profile name has only letters, digits, - and _, at most 40")
]
Variable = Annotated[
    str, _form("[A-Za-z0-9_*]{1,80}", "must be a variable name of letters, digits, _ and *, at most 80")
]
OwnCommand = Annotated[
    str,
    StringConstraints(strict=True, max_length=1_000),
    _of_own_file("it is a program, so only your own config file may name it"),
]
OwnDirectories = Annotated[
    tuple[Annotated[str, StringConstraints(strict=True, pattern=r"^~?/", max_length=4_096)], ...],
    _of_own_file("it opens directories to a program, so only your own config file may name them"),
]
Commands = Annotated[
    tuple[Annotated[str, StringConstraints(strict=True, min_length=1, max_length=400)], ...],
    _of_own_file("checks are programs, so only your own config file may name them"),
]
RoleName = Annotated[Role, _word("role", Role, (each.value for each in Role))]
Family = Annotated[EndpointFamily, _word("endpoint family", EndpointFamily, (each.value for each in EndpointFamily))]
DocumentationName = Annotated[str, _word("documentation", str, (each.name for each in documentations()))]
Families = Annotated[tuple[Family, ...], some("names no endpoint family"), Field(json_schema_extra={"minItems": 1})]
ModelName = Annotated[str, Parsed(_model_name, 1, 200, {"pattern": r"^\S(?:.*\S)?$"})]
ModelPattern = Annotated[re.Pattern[str], Parsed(_pattern, 1, 200)]
EndpointPath = Annotated[str, Parsed(_endpoint_path, 0, 400, {"pattern": f"^{ENDPOINT}$"})]
BaseUrl = Annotated[str, Parsed(_base_url, schema={"pattern": f"^(?:{_ADDRESS})$"})]
BaseUrlVariable = Annotated[str, _form(_VARIABLE, "must be env:NAME, with NAME in capital letters, digits and _")]
TokenReference = Annotated[
    Reference,
    Parsed(Reference.parse, schema={"pattern": f"^(?:{_REFERENCE})$", "maxLength": LENGTH_LIMIT}),
    AfterValidator(_may_be_used),
]
FileReference = Annotated[
    Reference | None,
    Parsed(_file_reference, schema={"pattern": f"^(?:{_FILE})?$", "maxLength": LENGTH_LIMIT}),
    AfterValidator(_may_be_used),
]
HeaderName = Annotated[str, Parsed(_header_name, schema={"pattern": f"^{_HEADER}$", "not": {"pattern": _OWN_HEADER}})]
_MAIL = r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
_PAGE = r"https://[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]{0,200})?"
WebhookAddress = Annotated[
    str, Parsed(_webhook, longest=2_000, schema={"pattern": rf"^(?:|{_VARIABLE}|[Hh][Tt][Tt][Pp][Ss]?://.+)$"})
]
SupportAddress = Annotated[
    str, _form(f"(?:{_PAGE}|{_MAIL})?", "must be an https URL without a query, or an e-mail address")
]
HeaderValue = Annotated[str, _form("[!-~](?:[ -~]{0,998}[!-~])?", _HEADER_WORDS)]
FilePath = Annotated[Path | None, Parsed(_path, schema={"pattern": r"^[^\u0000]*$"})]
