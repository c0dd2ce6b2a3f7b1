"""TOML text from outside: capped before it is parsed, and able to say in which line a key stands."""

import re
import tomllib
from pathlib import Path
from typing import NoReturn

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret

SIZE_LIMIT = 65_536
"""The most bytes of a config file."""
LINE_LIMIT = 1_000
"""The most characters of one line: a TOML parser's time grows with the square of a dotted key's length."""

DEPTH_LIMIT = 8
"""The most tables and lists within each other; the settings themselves need five."""


class ConfigError(Problem):
    """A config that cannot be used. The message says what, where and what to do; it never holds a value's text."""

    kind = ProblemKind.CONFIG

    def __init__(self, problem: str, *, source: str, key: str = "", line: int | None = None) -> None:
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: {key + ': ' if key else ''}{problem}")


def read_text(path: Path, source: str) -> str:
    """Read a file that is no larger than a config may be.

    Raises:
        ConfigError: It cannot be read, is too large or is not UTF-8.

    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise ConfigError(
            "no such file; name another with --config, or copy sample_config.toml there", source=source
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or 'input/output error'}", source=source) from None
    except ValueError:
        raise ConfigError("is not a file name", source=source) from None
    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"is larger than {SIZE_LIMIT // 1024} kB, the most that a config may be", source=source)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8 text", source=source, line=line) from None


class TomlText:
    """One file's text, for parsing and for complaints that name file, line and key."""

    def __init__(self, text: str, source: str) -> None:
        """Take a text and the name that it goes by in complaints."""
        self.source = source
        self._text = text
        self._lines = text.split("\n")

    def parse(self) -> dict[str, object]:
        """Return the text's tables.

        Raises:
            ConfigError: It is not TOML, or its lines or its nesting go over the limits.

        """
        for number, line in enumerate(self._lines, 1):
            if len(line) > LINE_LIMIT:
                raise ConfigError(f"the line is longer than {LINE_LIMIT} characters", source=self.source, line=number)
        try:
            document = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            problem, _, position = str(error).partition(" (at ")
            match = re.search(r"line (\d+)", position)
            where = int(match[1]) if match else len(self._lines)
            raise ConfigError(
                f"is not valid TOML: {safe(_without_secrets(problem))}", source=self.source, line=where
            ) from None
        except (RecursionError, ValueError):
            raise ConfigError("is not valid TOML: nested too deeply or with a bad number", source=self.source) from None
        if _is_deeper(document, DEPTH_LIMIT):
            raise ConfigError(f"is nested more than {DEPTH_LIMIT} levels deep", source=self.source)
        return document

    def fail(self, path: tuple[str, ...], problem: str) -> NoReturn:
        """Raise a `ConfigError` about the key at a path, with its line; a key that looks like a secret is masked."""
        steps = ["•••" if looks_like_secret(step) else step for step in path]
        key = safe(".".join(steps), limit=120)
        raise ConfigError(problem, source=self.source, key=key, line=self.line_of(path) if path else None)

    def line_of(self, path: tuple[str, ...]) -> int | None:
        """Find the line of a key or table; its nearest parent's where the key itself is written another way."""
        table: tuple[str, ...] = ()
        best: tuple[int, int] | None = None
        for number, raw in enumerate(self._lines, 1):
            line = raw.strip()
            if header := re.match(r"\[\[?([^\[\]]+)\]\]? *(?:#.*)?$", line):
                here = table = _steps(header[1])
            elif assignment := re.match(r"([\w.\"' -]+)=", line):
                here = (*table, *_steps(assignment[1]))
            else:
                continue
            if here[: len(path)] == path:
                return number
            if here and here == path[: len(here)] and (best is None or len(here) > best[0]):
                best = (len(here), number)
        return None if best is None else best[1]


def _steps(key: str) -> tuple[str, ...]:
    return tuple(step.strip().strip("\"'") for step in key.split("."))


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
    """Drop what a parser quotes where it looks like a secret; a key that is defined twice is all that it quotes."""
    return re.sub(r"\s*(?:\(.*\)|'.*'|\".*\")", "", problem) if looks_like_secret(problem) else problem[:200]
