"""Where a coding agent is installed: its program on PATH, and the directories that it is made of."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

_ROOTS = ("node_modules", "site-packages")
"""The directories beside which a program's own files are."""
_VERSION = re.compile(r"(?<![\d.])\d{1,6}(?:\.\d{1,6}){1,3}(?![\d.])")


def version_in(output: bytes) -> str:
    """Return the version that a program printed; empty if there is none in it."""
    found = _VERSION.search(output.decode("utf-8", "replace"))
    return "" if found is None else found[0]


def find_program(name: str, environment: Mapping[str, str]) -> Path | None:
    """Return the absolute path of a program as PATH leads to it; None if it is not installed."""
    found = shutil.which(name, path=environment.get("PATH", os.defpath))
    return None if found is None else Path(os.path.abspath(found))  # noqa: PTH100  # a link stays one: its name counts


def installed_in(program: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return what a program is made of, and has to read: its file, its directories and its interpreter's.

    Args:
        program: The program.
        environment: The source of PATH, where its interpreter is.

    """
    own = (program, program.resolve())  # they count alone where their directory stays hidden, such as a home
    return tuple(dict.fromkeys((*own, *_parts_of(program), *_interpreter_of(program, environment))))


def _parts_of(program: Path) -> tuple[Path, ...]:
    """Return the directories of a program: of its name on PATH, and of the file behind it."""
    file = program.resolve()
    around = program.parent.parent
    if (around / "pyvenv.cfg").is_file():
        return (around, *_parts_of(file)) if file != program else (around,)
    for root in _ROOTS:
        if root in file.parts:
            at = file.parts.index(root)
            return (program.parent, Path(*file.parts[: at + 1]))
    if file.parent.name == "bin" and file.parent.parent.name != ".local" and file.parent.parent != Path("/"):
        return (program.parent, file.parent.parent)  # as in a virtual environment, or a version of Node.js
    return (program.parent, file.parent)


def _interpreter_of(program: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the directories of the interpreter that a script names in its first line."""
    try:
        with program.open("rb") as script:
            first = script.readline(512)
    except OSError:
        return ()
    words = first[2:].decode(errors="replace").split() if first.startswith(b"#!") else []
    if words and words[0].endswith("/env"):
        words = [each for each in words[1:] if not each.startswith("-") and "=" not in each]
    found = find_program(words[0], environment) if words else None
    return () if found is None else _parts_of(found)
