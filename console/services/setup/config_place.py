"""Where a profile goes: a config that is appended to, and stays byte for byte what it was, or a new one.

Every writer holds a lock on the directory and reads the file again under it, so two set-ups at once lose nothing. What
is to be written is read back before it replaces anything, and the config as it was is kept in a file beside it.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.editing import ConfigEdit, write_locked
from console.services.config.load import BrokenProfile, read_profiles
from console.services.config.own_config import why_not_own, why_shared
from console.services.config.settings import Profile
from console.services.config.toml_text import SIZE_LIMIT, ConfigError, TomlText, read_text
from console.services.system.directories import absolute
from console.services.system.file_lock import file_locked
from console.services.system.os_reason import os_reason
from console.services.system.private_file import create_file, shown

_DEFAULT = re.compile(r"^([ \t]*default_profile[ \t]*=[ \t]*)(?:\"[^\"\\\n]*\"|'[^'\n]*')", re.MULTILINE)
_NAME = re.compile("[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Placed:
    """A profile that was written into a config."""

    path: Path
    backup: Path | None
    """The file with the config as it was; None if there was none."""
    default: str
    """The profile that is used if none is named."""
    broken: tuple[str, ...]
    """The names of profiles of the same file that have faults."""


@dataclass(frozen=True, slots=True)
class ConfigPlace:
    """A config that a profile is to be written into."""

    path: Path
    own: Path | None
    """The operator's own config; only that may name programs."""
    before: bytes | None
    """What the file holds; None if there is none."""
    profiles: tuple[str, ...] = ()
    """The names of the profiles in it."""
    default: str = ""
    broken: tuple[str, ...] = ()
    is_empty: bool = True
    """Whether nothing is set in it: the file does not exist, or has only comments."""

    def why_not_named(self, name: str) -> str | None:
        """Return why a new profile cannot have a name, or None."""
        if _NAME.fullmatch(name) is None:
            return "a profile name has only letters, digits, - and _, at most 40"
        if name in self.profiles:
            return f"{safe(str(self.path))} has a profile {name}, which is never overwritten; choose another name"
        return None

    def free_name(self, name: str) -> str:
        """Return a name that no profile has, as close to one as possible."""
        names = [name, *(f"{name[:36]}-{number}" for number in range(2, 100))]
        return next((each for each in names if self.why_not_named(each) is None), name)


def look_at(path: Path, own: Path | None) -> ConfigPlace:
    """Return what is at a place. Nothing is written.

    Raises:
        ConfigError: A config is there that cannot be read as a whole.
        Problem: It cannot be written to, is a link, or is not safely the operator's.

    """
    _require_writable(path)
    if not path.exists():
        return ConfigPlace(path, own, None)
    toml = TomlText(read_text(path, safe(str(path))), safe(str(path)))
    before = _bytes_of(path)
    document = toml.parse()
    if not document:
        return ConfigPlace(path, own, before)
    tables, default = document.get("profiles"), document.get("default_profile")
    names = tuple(tables) if isinstance(tables, dict) else ()
    broken = tuple(each.name for each in _profiles(toml, path, own, None) if isinstance(each, BrokenProfile))
    known = default if isinstance(default, str) else ""
    return ConfigPlace(path, own, before, names, known, broken, is_empty=False)


def append(
    place: ConfigPlace,
    name: str,
    section: str,
    new: str,
    *,
    makes_default: bool,
    environment: Mapping[str, str],
    is_meant: Callable[[Profile], bool],
) -> Placed:
    """Write a profile to the end of a config, or a new config.

    Args:
        place: Where to.
        name: The profile's name.
        section: Its tables.
        new: A whole config with them, if there is none yet.
        makes_default: Whether it becomes the default profile of a config that exists.
        environment: The environment variables, which say where it is kept how to undo it.
        is_meant: Whether a profile that was read back is the one that was to be written.

    Raises:
        ConfigError: The config with the profile could not be read. Nothing was written.
        Problem: The profile's name is taken by now, or a file cannot be written. The config is as it was.

    """
    placed = None
    while placed is None:
        placed = _append_once(place, name, (section, new), environment, is_meant, makes_default=makes_default)
    return placed


def _append_once(
    place: ConfigPlace,
    name: str,
    texts: tuple[str, str],
    environment: Mapping[str, str],
    is_meant: Callable[[Profile], bool],
    *,
    makes_default: bool,
) -> Placed | None:
    """Do what `append` does; return None if another program made the config meanwhile."""
    path, (section, new) = place.path, texts
    with file_locked(path) as was_there:
        current = look_at(path, place.own)
        if (fault := current.why_not_named(name)) is not None:
            raise Problem(f"{fault}. Nothing was written", ProblemKind.USAGE)
        if current.before is None:
            _read_back(new, path, place.own, name, is_meant)
            return Placed(path, None, name, ()) if create_file(path, new.encode()) else None
        if not was_there:
            return None
        makes_default = makes_default or current.is_empty
        after = _appended(current.before, new if current.is_empty else section)
        if makes_default and not current.is_empty:
            after = _with_default(after, name, path)
        broken = _read_back(after.decode("utf-8-sig"), path, place.own, name, is_meant)
        if not current.is_empty:
            _require_kept(current.before, after, path, name, is_default=makes_default)
        backup = write_locked(ConfigEdit(path, current.before, after, f"writing profile {name}"), environment)
        return Placed(path, backup, name if makes_default else current.default, broken)


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT)


def _require_writable(path: Path) -> None:
    """Require that a config can be replaced safely. Raises `Problem`."""
    where = safe(str(path))
    if path.is_symlink():
        target = shown(Path(os.path.realpath(path)))
        raise Problem(
            f"{where} is a symbolic link, and was not changed. Name its target: --config {target}", ProblemKind.REFUSED
        )
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        _require_directory(path)
        return
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
        raise Problem(f"{where} cannot be inspected: {reason}") from None
    if not stat.S_ISREG(found.st_mode):
        raise Problem(f"{where} is not a regular file; name another with --config", ProblemKind.USAGE)
    why_not = why_shared(path)
    if why_not is not None or found.st_uid != os.geteuid():
        raise Problem(f"{where} was not changed: {why_not or 'another user owns this file'}", ProblemKind.REFUSED)
    if found.st_nlink > 1:
        raise Problem(
            f"{where} has a second name (a hard link), which would keep the old text. Replace the file with a copy of"
            " its own",
            ProblemKind.REFUSED,
        )
    _require_directory(path)


def _require_directory(path: Path) -> None:
    above = next((each for each in absolute(path).parents if each.exists()), Path("/"))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise Problem(
            f"{safe(str(path))} cannot be written: {safe(str(above))} is not a directory that you may write to. Name"
            " another place with --config, or print the profile with --output -"
        )


def _appended(before: bytes, section: str) -> bytes:
    """Return a config with a section at its end, in its own line ends; all of it before that is as it was."""
    ends = b"\r\n" if before.count(b"\r\n") * 2 > before.count(b"\n") else b"\n"
    gap = b"" if not before or before.endswith(b"\n") else ends
    return before + gap + ends + section.encode().replace(b"\n", ends)


def _with_default(text: bytes, name: str, path: Path) -> bytes:
    """Return a config with another default profile; only that value changes. Raises `Problem` if it is not found."""
    decoded = text.decode("utf-8-sig")
    top = re.search(r"^[ \t]*\[", decoded, re.MULTILINE)
    found = _DEFAULT.search(decoded, 0, len(decoded) if top is None else top.start())
    if found is None:
        raise Problem(
            f"{safe(str(path))} has no line default_profile that could be changed; write it there yourself:"
            f' default_profile = "{name}"',
            ProblemKind.CONFIG,
        )
    changed = f'{decoded[: found.start()]}{found[1]}"{name}"{decoded[found.end() :]}'
    mark = b"\xef\xbb\xbf" if text.startswith(b"\xef\xbb\xbf") else b""
    return mark + changed.encode()


def _profiles(
    toml: TomlText, path: Path, own: Path | None, names: list[str] | None
) -> tuple[Profile | BrokenProfile, ...]:
    """Read profiles of a text that is or will be at a path. Raises `ConfigError` if the text as a whole is wrong."""
    try:
        return read_profiles(toml, names, why_no_programs=why_not_own(path, own), why_no_tokens=None)
    except ConfigError:
        known = toml.parse().get("profiles")
        if names is None and isinstance(known, dict) and known and toml.parse().get("schema") == 1:
            # Each of its profiles is broken, and a good one may still be added.
            return tuple(BrokenProfile(name, ConfigError()) for name in known)
        raise


def _read_back(
    text: str, path: Path, own: Path | None, name: str, is_meant: Callable[[Profile], bool]
) -> tuple[str, ...]:
    """Require that a config's new text has a profile as it was meant, and return the names of broken ones.

    Raises:
        ConfigError: It cannot be read.
        Problem: It says something else.

    """
    if len(text.encode()) > SIZE_LIMIT:
        raise Problem(
            f"{safe(str(path))} would be larger than {SIZE_LIMIT // 1_048_576} MB, the limit for a config",
            ProblemKind.CONFIG,
        )
    toml = TomlText(text, safe(str(path)))
    (read,) = _profiles(toml, path, own, [name])
    if isinstance(read, BrokenProfile):
        raise read.error
    if not is_meant(read):
        raise Problem(f"{safe(str(path))} would not say what was meant of profile {name}; nothing was written")
    others = _profiles(toml, path, own, None)
    return tuple(each.name for each in others if isinstance(each, BrokenProfile))


def _require_kept(before: bytes, after: bytes, path: Path, name: str, *, is_default: bool) -> None:
    """Require that a new text has everything of the old one. Raises `Problem`."""
    old, new = (TomlText(each.decode("utf-8-sig"), safe(str(path))).parse() for each in (before, after))
    tables = new.get("profiles")
    rest = {key: value for key, value in tables.items() if key != name} if isinstance(tables, dict) else {}
    kept = {**new, "profiles": rest} | ({"default_profile": old.get("default_profile")} if is_default else {})
    if kept != {"profiles": {}} | old or not (is_default or after.startswith(before)):
        raise Problem(f"{safe(str(path))} would lose something; nothing was written")
