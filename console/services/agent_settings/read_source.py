"""Files of settings, read within limits: what cannot be read is a result, and never ends the reading of others."""

import json
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path

from console.domain.agent_settings.dotenv import read_dotenv
from console.domain.agent_settings.jsonc import JsonError, JsonText
from console.domain.agent_settings.source import KeyPath, Tree
from console.domain.workflows.workflow import ListNode, MapNode, Node, TextNode
from console.services.config.toml_text import TomlText
from console.services.system.os_reason import os_reason
from console.services.workflows.workflow_file import WorkflowError, parse_workflow

SIZE_LIMIT = 512 * 1024
"""The most bytes of a file of settings; real ones have a hundredth of it."""
_DOTS_LIMIT = 200
"""The most dots of a line of TOML: the parser's time grows with the square of a dotted key's length."""


class SourceError(Exception):
    """A file cannot be read as settings; the message says why, without its text."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as it was read."""

    text: str
    is_open: bool
    """Whether other users of the machine may read it."""


def read_file(path: Path) -> FileText | None:
    """Read a file; None if there is none. A pipe or a device in its place does not block.

    Raises:
        SourceError: It cannot be read, or is not text.

    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SourceError(f"cannot be read ({os_reason(error)})") from None
    except ValueError:
        raise SourceError("has a name that no file can have") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise SourceError("is a directory" if stat.S_ISDIR(mode) else "is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            data = file.read(SIZE_LIMIT + 1)
        except OSError as error:
            raise SourceError(f"cannot be read ({os_reason(error)})") from None
    if len(data) > SIZE_LIMIT:
        raise SourceError(f"is larger than {SIZE_LIMIT // 1024} kB")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError("is UTF-16 text; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None
    return FileText(text, bool(mode & 0o044))


def parse(text: str, form: str) -> Tree:
    """Return the values of a text in the form of a layer. Raises `SourceError`."""
    if not text.strip():
        return Tree()
    match form:
        case "toml":
            return _toml(text)
        case "jsonc":
            try:
                read = JsonText(text)
            except JsonError as error:
                raise SourceError(f"is not valid JSON: it {error}", error.line) from None
            if not isinstance(read.root.value, dict):
                raise SourceError("is not a JSON object", 1)
            return read.tree()
        case "yaml":
            return _yaml(text)
        case _:
            return read_dotenv(text)


def _toml(text: str) -> Tree:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _DOTS_LIMIT:
            raise SourceError(
                f"has a line with more than {_DOTS_LIMIT} dots, which takes a TOML parser too long", number
            )
    try:
        values = json.loads(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"line (\d+)", str(error))
        raise SourceError("is not valid TOML", int(position[1]) if position else text.count("\n") + 1) from None
    except (RecursionError, ValueError):
        raise SourceError("is not valid TOML: nested too deeply, or with a bad number") from None
    return Tree(values, TomlText(text, "").line_of)


def _yaml(text: str) -> Tree:
    try:
        root = parse_workflow(text.encode())
    except WorkflowError as error:
        words, _, line = str(error).removeprefix("it ").partition(", see line ")
        raise SourceError(words, int(line) if line else None) from None
    lines: dict[KeyPath, int] = {}
    values = _plain(root, (), lines)
    return Tree(values if isinstance(values, dict) else {}, lines.get)


def _plain(node: Node, path: KeyPath, lines: dict[KeyPath, int]) -> object:
    lines.setdefault(path, node.line)
    match node:
        case TextNode(text):
            return text
        case ListNode(items):
            return [_plain(each, (*path, index), lines) for index, each in enumerate(items)]
        case MapNode(pairs):
            return {
                key.text: _plain(value, (*path, key.text), lines) for key, value in pairs if isinstance(key, TextNode)
            }
