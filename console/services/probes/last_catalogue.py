"""Each profile's last catalogue, kept so that the next check can say what changed.

If the state directory cannot be used, only this is lost: the check itself goes on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.routes.family import EndpointFamily
from console.services.system.directories import state_directory
from console.services.system.private_file import (
    PrivateFileError,
    open_to_read,
    read_open,
    write_private,
)

_FILE_LIMIT = 8 * 1024 * 1024
_Name = Annotated[str, Meta(max_length=200)]


class _Entry(Struct, frozen=True, omit_defaults=True):
    model: _Name
    families: list[EndpointFamily] | None = None
    price: tuple[float, float] | None = None
    is_enabled: bool = True
    retires_on: Annotated[str, Meta(max_length=20)] = ""


class _File(Struct, frozen=True):
    version: Literal[1]
    sources: list[_Name]
    is_priced: bool
    entries: list[_Entry]


class CatalogueMemory:
    """Keeps one profile's catalogue from check to check."""

    def __init__(self, profile: str, environment: Mapping[str, str], *, is_kept: bool) -> None:
        """Prepare; nothing is read or written.

        Args:
            profile: The name of a checked profile.
            environment: The environment variables of this process.
            is_kept: False for the built-in profiles and read-only sessions, which leave nothing behind.

        """
        self._profile = profile
        self._environment = environment
        self._is_kept = is_kept
        self.session: Catalogue | None = None
        """The catalogue read in this process, set even if nothing is kept."""
        self.problem = ""
        """Why reading or keeping failed; empty if it did not."""

    def last(self) -> Catalogue | None:
        """Return the catalogue of the last check, or None."""
        try:
            return load_catalogue(state_directory(self._environment), self._profile)
        except PrivateFileError as error:
            self.problem = str(error)
            return None

    def keep(self, catalogue: Catalogue) -> None:
        """Keep a catalogue for the next check, unless it is empty or incomplete: then models would look new or gone."""
        self.session = catalogue
        if not self._is_kept or not catalogue.entries or not catalogue.is_complete:
            return
        try:
            keep_catalogue(state_directory(self._environment), self._profile, catalogue)
        except PrivateFileError as error:
            self.problem = str(error)


def load_catalogue(directory: Path, profile: str) -> Catalogue | None:
    """Return the last check's catalogue; None if there was none, or if the file is not our own.

    Raises:
        PrivateFileError: The file cannot be read, or others could have written it.

    """
    path = directory / _name(profile)
    file = open_to_read(path)
    if file is None or (data := read_open(file, path, _FILE_LIMIT)) is None:
        return None
    try:
        kept = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, RecursionError):
        return None
    entries = {
        entry.model: CatalogueEntry(
            entry.model,
            None if entry.families is None else tuple(entry.families),
            None if entry.price is None else Price(*entry.price),
            entry.is_enabled,
            entry.retires_on,
        )
        for entry in kept.entries
    }
    return Catalogue(entries, tuple(kept.sources), kept.is_priced)


def keep_catalogue(directory: Path, profile: str, catalogue: Catalogue) -> None:
    """Keep a catalogue for the next check.

    Raises:
        PrivateFileError: The file cannot be written.

    """
    entries = [
        _Entry(
            entry.model,
            None if entry.families is None else list(entry.families),
            None if entry.price is None else (entry.price.input_usd, entry.price.output_usd),
            entry.is_enabled,
            entry.retires_on,
        )
        for entry in catalogue.entries.values()
    ]
    data = msgspec.json.encode(_File(1, list(catalogue.sources), catalogue.is_priced, entries))
    if len(data) > _FILE_LIMIT:
        raise PrivateFileError("the catalogue is too large to keep; nothing else is lost")
    write_private(directory / _name(profile), data)


def _name(profile: str) -> str:
    return f"catalogue-{profile}.json"
