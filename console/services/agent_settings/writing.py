"""Settings written into an agent's own user file: in place, whole or not at all, and with a way back."""

import difflib
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.domain.agent_settings.edit import EditError, edit_json, edit_toml, merged
from console.domain.agent_settings.literal_key import literal_keys
from console.domain.agent_settings.source import Level, Source
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.services.agent_settings.matching import yaml_lines
from console.services.agent_settings.read_source import SIZE_LIMIT, SourceError, parse
from console.services.system.os_reason import os_reason
from console.services.system.private_file import replace_file

_BOM = b"\xef\xbb\xbf"
_CONTEXT_LINES = 2
_WITH_USER = re.compile(r"://[^/\s@]+@")


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of the user's own as it is now."""

    path: Path
    data: bytes | None
    """None if it does not exist."""
    mode: int = 0o600

    @property
    def sha256(self) -> str:
        """The hash of its bytes; empty if it does not exist."""
        return "" if self.data is None else hashlib.sha256(self.data).hexdigest()


def own_file(path: Path) -> OwnFile:
    """Read a file that may be written. Raises `Problem` if it is a link, a pipe, another user's, or too large."""
    where = safe(str(path), limit=300)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return OwnFile(path, None)
    except OSError as error:
        if path.is_symlink():
            words = "is a symbolic link. Write its target by hand, or replace it with the target"
            raise Problem(f"{where} {words}; nothing was written", ProblemKind.REFUSED) from None
        raise Problem(f"{where} cannot be read: {os_reason(error)}", ProblemKind.CONFIG) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        problem = "belongs to another user" if stat.S_ISREG(found.st_mode) else "is not a regular file"
        raise Problem(f"{where} {problem}; nothing was written", ProblemKind.REFUSED)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise Problem(f"{where} is larger than {SIZE_LIMIT // 1024} kB; nothing was written", ProblemKind.CONFIG)
    return OwnFile(path, data, stat.S_IMODE(found.st_mode) & 0o777)


def edited(file: OwnFile, form: str, change: Mapping[str, Any]) -> bytes:
    """Return a file's bytes with a change in them: all others stay.

    Raises:
        EditError: It cannot be edited in place.
        Problem: A literal key is in it, which must not get into a backup.

    """
    data = b"" if file.data is None else file.data
    mark, text = (_BOM, data[3:]) if data.startswith(_BOM) else (b"", data)
    try:
        old = text.decode("utf-8")
        tree = parse(old, form)
    except UnicodeDecodeError:
        raise EditError("is not UTF-8 text") from None
    except SourceError as error:
        line = "" if error.line is None else f", see line {error.line}"
        raise EditError(f"{error}{line}") from None
    for key in literal_keys(Source("", Level.USER, tree=tree)):
        line = "" if key.line is None else f", line {key.line}"
        words = f"a literal key is in it ({key.name}{line}). Remove and rotate it first; nothing was written"
        raise Problem(f"{safe(str(file.path), limit=300)}: {words}", ProblemKind.REFUSED)
    if any(_WITH_USER.search(text) for _, text in tree.leaves()):
        words = "an address in it has a user name or a password. Remove it first; nothing was written"
        raise Problem(f"{safe(str(file.path), limit=300)}: {words}", ProblemKind.REFUSED)
    match form:
        case "toml":
            new = edit_toml(old, change)
        case "jsonc":
            new = edit_json(old, change) if old.strip() else json.dumps(change, indent=2, ensure_ascii=False) + "\n"
        case _:
            new = _edit_yaml(old, change)
    return mark + new.encode()


def _edit_yaml(text: str, change: Mapping[str, Any]) -> str:
    """Set texts at the top of a YAML file; lists are written only into an empty one."""
    if not text.strip():
        return yaml_lines(change)
    if not all(isinstance(each, str) for each in change.values()):
        raise EditError("already has settings, and a list in YAML is not edited in place")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    for key, value in change.items():
        found = [at for at, line in enumerate(lines) if re.match(rf"{re.escape(key)}[ \t]*:(?:[ \t]|$)", line)]
        line = f"{key}: {json.dumps(value, ensure_ascii=False)}"
        if found:
            lines[found[0]] = line
            continue
        while lines and not lines[-1].strip():
            lines.pop()
        lines += [line, ""]
    new = end.join(lines)
    try:
        is_right = parse(new, "yaml").values == merged(parse(text, "yaml").values, change)
    except SourceError:
        is_right = False
    if not is_right:
        raise EditError("is written in a way that cannot be edited without changing more than these lines")
    return new


def put(file: OwnFile, data: bytes) -> None:
    """Replace a file that is still as it was read; it keeps its mode. Raises `Problem`."""
    if own_file(file.path).sha256 != file.sha256:
        words = "changed since it was shown; nothing was written. Run the command again"
        raise Problem(f"{safe(str(file.path), limit=300)} {words}", ProblemKind.WAITING)
    replace_file(file.path, data, mode=file.mode)


def diff_lines(old: bytes | None, new: bytes | None, name: str) -> tuple[str, ...]:
    """Return how a text changes, for a person: with what looks like a secret masked."""
    before, after = (("" if each is None else each.decode("utf-8", "replace")).splitlines() for each in (old, new))
    lines = difflib.unified_diff(before, after, name, name, lineterm="", n=_CONTEXT_LINES)
    return tuple(scrub(line) for line in lines)
