"""Tables of facts that the operator installed over the built-in ones: strict in, private on the disk, and a way back.

Only facts that no guard rests on may be installed: the model families, which a config can overrule anyway, and the
retirement dates. What is a secret, an error that may be retried or an attack stays as it was shipped.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.facts.load import UPDATABLE
from console.domain.facts.row import FactsError
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.model_facts import ModelFacts
from console.domain.routes.model_family import family_facts, read_families
from console.domain.routes.retirement import read_retirements, retirements
from console.domain.text.safe import safe
from console.services.config.toml_text import TomlText
from console.services.system.directories import state_directory
from console.services.system.os_reason import os_reason
from console.services.system.private_file import (
    PrivateFileError,
    open_to_read,
    read_open,
    remove_private,
    write_private,
)

SIZE_LIMIT = 262_144
"""The most bytes of a table."""
READERS: Mapping[str, Callable[[str], object]] = {
    "model_families": read_families,
    "model_retirements": read_retirements,
}
"""The reading that each table must pass which an operator may install."""
_ORIGIN = "# installed "


class FactsFileError(Problem):
    """A table cannot be installed, or the installed one cannot be used; the message says where and why."""

    kind = ProblemKind.CONFIG


@dataclass(frozen=True, slots=True)
class InstalledTable:
    """A table that the operator installed."""

    name: str
    path: Path
    text: str
    sha256: str
    """Of the text."""
    origin: str = ""
    """The day on which it was installed, and the file it came from; empty if it cannot be read."""
    problem: str = ""
    """Why it is not used; empty if it is."""


def installed_table(name: str, environment: Mapping[str, str]) -> InstalledTable | None:
    """Return an installed table, with what is wrong with it; None if the built-in one is in use."""
    try:
        path = _path(name, environment)
    except PrivateFileError:
        return None  # without a directory for state, nothing can have been installed
    try:
        file = open_to_read(path)
        data = None if file is None else read_open(file, path, SIZE_LIMIT + 1024)
    except PrivateFileError as error:
        return InstalledTable(name, path, "", "", problem=str(error))
    if file is None:
        return None
    if data is None:
        problem = f"{safe(str(path))} is larger than {SIZE_LIMIT} bytes"
        return InstalledTable(name, path, "", "", problem=problem)
    text = data.decode("utf-8", "replace")
    first, _, rest = text.partition("\n")
    is_ours = first.startswith(_ORIGIN)
    digest = hashlib.sha256((rest if is_ours else text).encode()).hexdigest()
    origin = safe(first.removeprefix(_ORIGIN), limit=400) if is_ours else ""
    try:
        _require_readable(name, text, safe(str(path)))
    except Problem as error:
        return InstalledTable(name, path, text, digest, origin, str(error))
    return InstalledTable(name, path, text, digest, origin)


def model_facts(environment: Mapping[str, str]) -> ModelFacts | None:
    """Return the facts on models with the installed tables; None if there are none, so that the built-in ones hold.

    An installed table that cannot be used is named as the facts' problem, and the built-in one holds in its place.
    """
    tables = {name: table for name in READERS if (table := installed_table(name, environment)) is not None}
    if not tables:
        return None
    used = {name: table.text for name, table in tables.items() if not table.problem}
    return ModelFacts(
        read_families(used["model_families"]) if "model_families" in used else family_facts(),
        read_retirements(used["model_retirements"]) if "model_retirements" in used else retirements(),
        "; ".join(f"The installed {name} cannot be used" for name, table in tables.items() if table.problem),
    )


def read_candidate(path: Path) -> tuple[str, str]:
    """Read a file that is to be installed, and return the table's name and its text. Nothing is written.

    Raises:
        FactsFileError: The file cannot be read, is too large, or is not a table that can be installed.

    """
    source = safe(str(path))
    text = _read(path, source)
    document = TomlText(text, source).parse()
    names = [name for name, key in UPDATABLE.items() if key in document]
    if len(names) != 1:
        known = " or ".join(f"{name} with rows [[{key}]]" for name, key in UPDATABLE.items())
        raise FactsFileError(f"{source}: must be one table that can be installed: {known}")
    _require_readable(names[0], text, source)
    return names[0], text


def install(name: str, text: str, origin: str, environment: Mapping[str, str]) -> Path:
    """Install a table that was read, and return where. If it fails, the table before still holds.

    Args:
        name: The table's name.
        text: Its text.
        origin: The day and the file it comes from, in one line; it is kept as the first line, a comment.
        environment: The environment variables.

    Raises:
        PrivateFileError: It cannot be written.

    """
    path = _path(name, environment)
    write_private(path, f"{_ORIGIN}{safe(origin, limit=400)}\n{text}".encode())
    return path


def reset(name: str, environment: Mapping[str, str]) -> bool:
    """Remove an installed table; return whether there was one. Raises `PrivateFileError`."""
    return remove_private(_path(name, environment))


def _path(name: str, environment: Mapping[str, str]) -> Path:
    return state_directory(environment) / "facts" / f"{name}.toml"


def _read(path: Path, source: str) -> str:
    """Read a regular file. Raises `FactsFileError`."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise FactsFileError(f"{source} is not a regular file; name a TOML file")
            data = opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise FactsFileError(f"{source} cannot be read: {os_reason(error)}") from None
    except ValueError:
        raise FactsFileError("--from does not name a file") from None
    if len(data) > SIZE_LIMIT:
        raise FactsFileError(f"{source} is larger than {SIZE_LIMIT // 1024} kB, the limit for a table of facts")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FactsFileError(f"{source}, line {line}: is not UTF-8 text") from None


def _require_readable(name: str, text: str, source: str) -> None:
    """Require that a text is a table, within the limits of TOML from outside. Raises `Problem`."""
    TomlText(text, source).parse()
    try:
        READERS[name](text)
    except FactsError as error:
        raise FactsFileError(f"{source}: {error}") from None
