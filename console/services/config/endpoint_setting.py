"""The setting `endpoint_path`: a path and the query that some gateways need, such as Azure's `api-version`."""

import re
from collections.abc import Iterator

from console.domain.text.character import character_fault
from console.domain.text.secret_scan import looks_like_secret
from console.services.gateway.placeholder import placeholder_fault

NO_DOT = r"(?!\.\.?(?:/|$))"
"""A lookahead: the next step is not `.` or `..`, which the next reader of the path may resolve."""
_NAME = "[A-Za-z0-9._~-]{1,60}"
_VALUE = "[A-Za-z0-9._~:,-]{1,100}"
ENDPOINT = rf"(?:/(?!\.\.?(?:[/?]|$))[A-Za-z0-9._~:\-]+)+(?:\?{_NAME}={_VALUE}(?:&{_NAME}={_VALUE})*)?"
"""The pattern of an endpoint path, for the schema; the parser refuses more."""

_STEP = re.compile(r"[A-Za-z0-9._~:\-]")
_SECRET_WORDS = frozenset({
    "apikey", "auth", "authorization", "bearer", "code", "credential", "credentials", "jwt", "key", "passwd",
    "password", "pwd", "sas", "secret", "session", "sig", "signature", "subscription", "token",
})  # fmt: skip
"""Words in the name of a query's parameter whose value authorises the call."""


def check_endpoint_path(text: str) -> str | None:
    """Say what is wrong with an endpoint path, or return None. The message never contains the path."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return "must begin with /, such as /v1/responses; the host belongs in base_url"
    if (fault := placeholder_fault(text)) is not None:
        return fault
    path, mark, query = text.partition("?")
    if (fault := next(_path_faults(path), None)) is not None:
        return fault
    return next(_query_faults(text, query), None) if mark else None


def _path_faults(path: str) -> Iterator[str]:
    for place, character in enumerate(path):
        if character == "#":
            yield f"has # at position {place + 1}: what follows it is never sent; remove it"
        elif character == "\\":
            yield f"has a backslash at position {place + 1}; write /"
        elif character != "/" and not _STEP.match(character):
            yield f"{character_fault(path, place)}; a path has only letters, digits, / and . _ ~ : -"
    if not path.startswith("/"):
        yield "must begin with /, such as /v1/responses; the host belongs in base_url"
    if (doubled := path.find("//")) >= 0:
        yield f"has two slashes in a row at position {doubled + 1}; write one"
    if path.endswith("/"):
        yield "ends in /; remove it: to many gateways this is another path"
    if re.search(r"/\.\.?(?:/|$)", path):
        yield "has the step . or ..; write the path without it"


def _query_faults(text: str, query: str) -> Iterator[str]:
    """Yield what is wrong with the query at the end of a text."""
    names = []
    begin = len(text) - len(query)
    for number, pair in enumerate(query.split("&"), 1):
        name, _, value = pair.partition("=")
        for place, character in enumerate(pair):
            if not re.match(r"[A-Za-z0-9._~:,=-]", character):
                yield f"{character_fault(text, begin + place)}; a query has only letters, digits and . _ ~ : , - = &"
        if not re.fullmatch(f"{_NAME}={_VALUE}", pair):
            yield f"has a query whose parameter {number} is not of the form NAME=VALUE, such as ?api-version=2024-10-21"
        elif is_secret_name(name) or looks_like_secret(value) is not None:
            yield (
                f"has a query whose parameter {number} seems to hold a secret: it would be in every log of the call."
                " A token goes into token_ref, by reference, and auth names the header that carries it"
            )
        names.append(name)
        begin += len(pair) + 1
    if len(set(names)) < len(names):
        yield "has a query that names a parameter twice"


def is_secret_name(name: str) -> bool:
    """Return whether the name of a parameter or setting says that its value authorises a call."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    joined = re.sub("[^a-z]", "", name.lower())
    return any(word.lower() in _SECRET_WORDS for word in words) or joined.endswith(
        ("apikey", "accesskey", "accesstoken", "token", "secret", "password")
    )
