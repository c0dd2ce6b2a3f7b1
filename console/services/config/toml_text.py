"""TOML text from outside: capped before it is parsed, and able to find the line of a key."""

import difflib
import re
import shlex
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from console.domain.problem import Problem, ProblemKind
from console.domain.text.character import character_fault
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.services.system.os_reason import os_reason

SIZE_LIMIT = 16 * 1024 * 1024
"""The most bytes of a config file: some 20,000 profiles. It bounds the time to parse a hostile file."""
UNTRUSTED_LIMIT = 524_288
"""The same of a repository's config, which anyone may have written."""
LINE_LIMIT = 1_000
"""The most characters of one line: a TOML parser's time grows with the square of a dotted key's length."""

DEPTH_LIMIT = 8
"""The deepest nesting of tables and lists; the settings themselves need five."""


_QUOTES = frozenset("“”„‟‘’‚‛«»＂＇＝")
"""What word processors and other keyboards write for a quote or an equals sign."""

KeyPath = tuple[str | int, ...]
"""The keys that lead to a value; a number is a list index, counted from 0."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a config: what, where and what to do. It never contains a value from the file."""

    problem: str
    source: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        where = self.source if self.line is None else f"{self.source}, line {self.line}"
        return f"{where}: {self.key + ': ' if self.key else ''}{self.problem}"


class ConfigError(Problem):
    """A config that cannot be used; the message has one line per fault."""

    kind = ProblemKind.CONFIG

    def __init__(self, *faults: Fault, profiles: frozenset[str] | None = None) -> None:
        """Take the faults, and the names of the profiles that have them; None if others may have some too."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
        self.profiles = profiles


def closest(word: str, known: Iterable[str]) -> list[str]:
    """Return a list of the known word that was probably meant; empty if none is close."""
    return difflib.get_close_matches(word[:100], known, n=1, cutoff=0.5)


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or list them all; words that look like a secret are left out."""
    names = sorted(name for name in known if looks_like_secret(name) is None)
    close = closest(word, names)
    return f"did you mean {safe(close[0], limit=60)}?" if close else f"known here: {safe(', '.join(names), limit=500)}"


def read_text(
    path: Path,
    source: str,
    *,
    absent: str = "name another with --config, or write one: gateway-console --config FILE init",
) -> str:
    """Read a file, if it is not larger than a config may be.

    Args:
        path: The file.
        source: Its name in error messages.
        absent: What to do if the file does not exist.

    Raises:
        ConfigError: It cannot be read, is too large or is not UTF-8.

    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise ConfigError(Fault(f"no such file; {absent}", source)) from None
    except OSError as error:
        raise ConfigError(Fault(f"cannot be read: {os_reason(error)}", source)) from None
    except ValueError:
        raise ConfigError(Fault("is not a file name", source)) from None
    return decoded(data, source)


def too_large(limit: int) -> str:
    """Return what is wrong with a config of more bytes than that."""
    size = f"{limit // 1_048_576} MB" if limit >= 1_048_576 else f"{limit // 1024} kB"
    return f"is larger than {size}, the limit for a config"


def decoded(data: bytes, source: str, limit: int = SIZE_LIMIT) -> str:
    """Return the text of a config's bytes, without a byte order mark.

    Raises:
        ConfigError: They are too many, or not UTF-8.

    """
    if len(data) > limit:
        raise ConfigError(Fault(too_large(limit), source))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigError(Fault("is UTF-16 text, as some Windows editors write it; save it as UTF-8", source))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(Fault("is not UTF-8 text", source, line)) from None


class ConfigText(Protocol):
    """A config's text, in whatever form: its tables, and where each key of them is written."""

    source: str
    """Its name in error messages."""

    def parse(self) -> dict[str, object]:
        """Return the text's tables. Raises `ConfigError`."""

    def fault(self, path: KeyPath, problem: str) -> Fault:
        """Return the fault at a path of the tables, with its line."""

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of a key or table; the nearest parent's if it has none of its own."""


def fault_at(path: KeyPath, problem: str, source: str, line: int | None) -> Fault:
    """Return the fault at a path; a key that looks like a secret is masked."""
    steps = ["•••" if looks_like_secret(step) else step for step in path if isinstance(step, str)]
    key = safe(".".join(steps), limit=120)
    if path and isinstance(path[-1], int):
        key += f", entry {path[-1] + 1}"
    return Fault(problem, source, line, key)


class TomlText:
    """One file's text, to parse it and to report faults by file, line and key."""

    def __init__(self, text: str, source: str) -> None:
        """Take a text and its name in error messages."""
        self.source = source
        self._text = text
        self._lines = text.split("\n")

    def parse(self) -> dict[str, object]:
        """Return the text's tables.

        Raises:
            ConfigError: It is not TOML, or its lines or its nesting exceed the limits.

        """
        for number, line in enumerate(self._lines, 1):
            if len(line) > LINE_LIMIT:
                raise ConfigError(Fault(f"the line is longer than {LINE_LIMIT} characters", self.source, number))
        try:
            document = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            if (first := self._yaml_line()) is not None:
                command = f"gateway-console init --from {shlex.quote(self.source)}"
                words = f"is YAML, and a config is TOML. Write the config from it with: {command}"
                raise ConfigError(Fault(words, self.source, first)) from None
            problem, _, position = str(error).partition(" (at ")
            match = re.search(r"line (\d+)(?:, column (\d+))?", position)
            where = int(match[1]) if match else len(self._lines)
            advice = self._advice(problem, where, int(match[2] or 0) if match else 0)
            raise ConfigError(
                Fault(f"is not valid TOML: {safe(_without_secrets(problem))}{advice}", self.source, where)
            ) from None
        except (RecursionError, ValueError):
            raise ConfigError(Fault("is not valid TOML: nested too deeply or with a bad number", self.source)) from None
        if _is_deeper(document, DEPTH_LIMIT):
            raise ConfigError(Fault(f"is nested more than {DEPTH_LIMIT} levels deep", self.source))
        return document

    def _yaml_line(self) -> int | None:
        """Return the line of the first key if it is written as in YAML, or else None; no YAML is parsed."""
        lines = ((number, line) for number, line in enumerate(self._lines, 1) if not re.match(r"\s*(?:#|$)", line))
        number, first = next(lines, (0, ""))
        is_yaml = re.match(r"---(?:\s|$)|%YAML |[\w.-]+\s*:(?:\s|$)|([\"']).*\1\s*:(?:\s|$)", first) is not None
        return number if is_yaml else None

    def _advice(self, problem: str, number: int, column: int) -> str:
        """Return what to write at a place where the text is not TOML; empty if we cannot say."""
        line = self._lines[number - 1] if number <= len(self._lines) else ""
        before, here = line[: max(column - 1, 0)], line[max(column - 1, 0) : column]
        if here and here in _QUOTES:
            return f". The line {character_fault(line, column - 1)}"
        if before.rstrip().endswith("=") and here.isalpha():
            return '. A text needs quotes: key = "text"'
        if "\\" in line and re.search("hex|escape", problem, re.IGNORECASE):
            return ". In double quotes, a backslash begins an escape; write the text in single quotes"
        return ""

    def fault(self, path: KeyPath, problem: str) -> Fault:
        """Return the fault at a path, with its line; a key that looks like a secret is masked."""
        return fault_at(path, problem, self.source, self.line_of(path))

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of a key or table; the nearest parent's if the key is written in another way."""
        return next(
            (self._places[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self._places), None
        )

    @cached_property
    def _places(self) -> dict[KeyPath, int]:
        """The line where each key and table, and each table around it, first appears."""
        places: dict[KeyPath, int] = {}
        table: KeyPath = ()
        entries: dict[KeyPath, int] = {}
        for number, raw in enumerate(self._lines, 1):
            line = raw.strip()
            if header := re.match(r"(\[\[?)([^\[\]]+)\]\]? *(?:#.*)?$", line):
                here = table = _steps(header[2])
                if header[1] == "[[":
                    entries[table] = entries.get(table, -1) + 1
                    here = table = (*table, entries[table])
            elif assignment := re.match(r"([\w.\"' -]+)=", line):
                here = (*table, *_steps(assignment[1]))
            else:
                continue
            for size in range(1, len(here) + 1):
                places.setdefault(here[:size], number)
        return places


def _steps(key: str) -> KeyPath:
    return tuple(step.strip().strip("\"'") for step in key.split(".")[: DEPTH_LIMIT + 1])


def _is_deeper(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _without_secrets(problem: str) -> str:
    """Drop the parser's quotation if it looks like a secret; the parser quotes only a key that is defined twice."""
    return re.sub(r"\s*(?:\(.*\)|'.*'|\".*\")", "", problem) if looks_like_secret(problem) else problem[:200]
