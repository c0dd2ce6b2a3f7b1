"""Token references: where a token is, never the token."""

import difflib
import re
import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote

from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret

LENGTH_LIMIT = 256
"""The maximum length of a reference, in characters."""

KEYRING_SERVICE = "gateway-console"
"""The keyring service that the console's own examples and messages use."""

NEXT, PREVIOUS, CANARY = ".next", ".prev", ".canary"
"""The suffixes of a token's name: the next and the previous token of a rotation, and a trial value."""


class Scheme(StrEnum):
    """Where a reference points."""

    ENV = "env"
    KEYRING = "keyring"
    FILE = "file"
    KERNEL = "kernel"
    VAULT = "vault"
    CMD = "cmd"
    PROMPT = "prompt"
    SIM = "sim"

    @property
    def is_store(self) -> bool:
        """Whether the console can store a token there."""
        return self in (Scheme.KEYRING, Scheme.KERNEL, Scheme.VAULT)


@dataclass(frozen=True, slots=True)
class Reference:
    """A checked reference."""

    scheme: Scheme
    name: str = ""
    """The variable, the file's path, or the name in a store."""
    service: str = ""
    """The keyring's service."""
    argv: tuple[str, ...] = ()
    """The program and its arguments of a cmd: reference."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a reference.

        Raises:
            ValueError: It is not valid. The message never holds the text itself, which may be a token.

        """
        if len(text) > LENGTH_LIMIT:
            raise ValueError(f"is longer than the limit of {LENGTH_LIMIT} characters")
        if safe(text) != text:
            raise ValueError("contains a control character or an invisible one")
        scheme, colon, rest = text.partition(":")
        if (words := looks_like_secret(text, is_address=scheme == "file")) is not None:
            raise ValueError(
                f"looks like {words}; store it with gateway-console token set, and write its reference here"
            )
        if not colon or scheme not in set(Scheme):
            raise ValueError(_unknown_scheme(scheme if colon else ""))
        return cls._parse_rest(Scheme(scheme), rest)

    @classmethod
    def _parse_rest(cls, scheme: Scheme, rest: str) -> Self:
        match scheme:
            case Scheme.KEYRING:
                part = r"((?:[A-Za-z0-9._@-]|%[0-9A-F]{2}){1,100})"
                if found := re.fullmatch(rf"//{part}/{part}", rest):
                    return cls(scheme, _decoded(found[2]), _decoded(found[1]))
            case Scheme.ENV:
                if re.fullmatch(r"[A-Z_][A-Z0-9_]{0,127}", rest):
                    return cls(scheme, rest)
            case Scheme.FILE:
                if re.fullmatch(r"(?:/[^/]+)+", rest) and not {"..", "."} & set(rest.split("/")):
                    return cls(scheme, rest)
            case Scheme.KERNEL | Scheme.VAULT:
                if re.fullmatch(r"[A-Za-z0-9._@-]{1,100}", rest):
                    return cls(scheme, rest)
            case Scheme.CMD:
                if argv := _argv(rest):
                    return cls(scheme, argv=argv)
            case Scheme.PROMPT | Scheme.SIM:
                if not rest:
                    return cls(scheme)
        raise ValueError(_FORMS[scheme])

    def __str__(self) -> str:
        match self.scheme:
            case Scheme.KEYRING:
                return f"keyring://{quote(self.service, safe='@')}/{quote(self.name, safe='@')}"
            case Scheme.CMD:
                # Without the arguments: a message must not hold them.
                return f"cmd:[{self.argv[0]} …]"
            case _:
                return f"{self.scheme}:{self.name}"

    def renamed(self, name: str) -> Self:
        """Return a reference to another name in the same store."""
        return replace(self, name=name)

    @property
    def is_reserved(self) -> bool:
        """Whether the console reserves this name for its own entries."""
        return self.scheme.is_store and self.name.endswith((NEXT, PREVIOUS, CANARY))


_FORMS = {
    Scheme.ENV: "env: needs a variable's name in capital letters, digits and _, such as env:MODEL_GATEWAY_TOKEN",
    Scheme.KEYRING: "keyring: needs keyring://SERVICE/NAME, such as keyring://gateway-console/acme",
    Scheme.FILE: "file: needs an absolute path without . and .. steps, such as file:/run/credentials/gateway-token",
    Scheme.KERNEL: "kernel: needs a name of letters, digits and . _ @ -, such as kernel:acme",
    Scheme.VAULT: "vault: needs a name of letters, digits and . _ @ -, such as vault:acme",
    Scheme.CMD: "cmd: needs a list with a program's bare name or absolute path and its arguments, such as"
    " cmd:['pass', 'show', 'gateway/acme']",
    Scheme.PROMPT: "prompt: takes nothing after the colon",
    Scheme.SIM: "sim: takes nothing after the colon",
}


def _unknown_scheme(scheme: str) -> str:
    close = difflib.get_close_matches(scheme.lower(), [each.value for each in Scheme], n=1, cutoff=0.5)
    if close:
        return f"has an unknown scheme; did you mean {close[0]}:?"
    return (
        "this is not a reference; write env:NAME, keyring://SERVICE/NAME, file:/PATH, kernel:NAME, vault:NAME, cmd:[…],"
        " prompt: or sim:, never the token itself"
    )


def _decoded(part: str) -> str:
    """Decode the percent escapes in a part of a keyring reference.

    A slash or a colon may not result: the name is stored as `NAME@scheme://host:port`, and has to end before it.
    """
    try:
        text = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(_FORMS[Scheme.KEYRING]) from None
    if safe(text) != text or {"/", ":"} & set(text):
        raise ValueError(_FORMS[Scheme.KEYRING])
    return text


def _argv(text: str) -> tuple[str, ...]:
    """Parse a TOML list of strings; return an empty one if the text is not such a list."""
    try:
        argv = tomllib.loads(f"argv = {text}")["argv"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    if not isinstance(argv, list) or not argv or not all(isinstance(each, str) and each for each in argv):
        return ()
    is_program = "/" not in argv[0] or argv[0].startswith("/")
    return tuple(argv) if is_program and not any(safe(each) != each for each in argv) else ()
