"""Changing a config file: whole or not at all, with a backup beside it, and a receipt with which it can be undone."""

import codecs
import difflib
import hashlib
import os
import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.domain.problem import Problem, ProblemKind
from console.domain.routes.contract import RouteCheck, fix_lines
from console.domain.text.safe import safe
from console.services.config.own_config import Trust, why_not_editable
from console.services.config.toml_edit import UneditableError, with_values
from console.services.config.toml_text import SIZE_LIMIT, ConfigError, Fault, KeyPath, TomlText, decoded, too_large
from console.services.config.validation import validate_draft
from console.services.system.directories import state_directory
from console.services.system.file_lock import file_locked
from console.services.system.os_reason import os_reason
from console.services.system.private_file import create_file, read_private, replace_file, write_private

_RECEIPTS = "config-changes.json"
_RECEIPT_LIMIT = 50
"""The most changes that can be undone, one after the other."""
_RECEIPT_BYTES = 262_144
_ROUTE_KEYS = frozenset(("model", "endpoint_family", "endpoint_path"))


class ChangedMeanwhileError(Problem):
    """The file is another one than the change was made from; nothing was written."""


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """A change of a config file, before it is written."""

    path: Path
    before: bytes
    after: bytes
    what: str
    """What it does, in our words."""

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines that go, with `-`, and those that come, with `+`, each with its number."""
        return tuple(_diff(_lines(self.before), _lines(self.after)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A change that was written."""

    path: str
    before_sha256: str
    after_sha256: str
    backup: str
    what: str


def read_config(path: Path) -> bytes:
    """Read a config file that is to be changed.

    Raises:
        ConfigError: It cannot be read, or is too large.

    """
    source = safe(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(Fault("is not a regular file, so it is not changed", source))
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise ConfigError(Fault("no such file; write one with: gateway-console init", source)) from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
        raise ConfigError(Fault(f"cannot be read: {reason}", source)) from None
    if len(data) > SIZE_LIMIT:
        raise ConfigError(Fault(too_large(SIZE_LIMIT), source))
    return data


def plan_fix(path: Path | None, profile: str, check: RouteCheck) -> ConfigEdit:
    """Return the change that fixes a route in its config file; nothing is written.

    Raises:
        ConfigError: The file cannot be read.
        Problem: The file is not the operator's own, or nothing is to be fixed.
        UneditableError: The lines have to be changed by hand; the message has them.

    """
    lines = fix_lines(check)
    route = check.route
    if not lines:
        raise Problem(f"{route.key} has no drift and its model no due retirement: there is nothing to fix")
    if path is None or (words := why_not_editable(path)) is not None:
        words = why_not_editable(path) or ""
        raise Problem(f"{words}. The lines: {', '.join(lines)}", ProblemKind.REFUSED)
    wanted: dict[str, Any] = tomllib.loads("\n".join(lines))
    by_hand = f"change it by hand, in {safe(str(path))}: {', '.join(lines)}"
    if not wanted.keys() <= _ROUTE_KEYS:
        raise UneditableError(f"the fix of {route.key} changes what other routes use too; {by_hand}")
    place: KeyPath = ("profiles", profile, "routes", route.role.value, *([route.name] if route.name else []))
    before, source = read_config(path), safe(str(path))
    text = decoded(before, source)
    TomlText(text, source).parse()
    mark = "\ufeff" if before.startswith(codecs.BOM_UTF8) else ""
    try:
        after = (mark + with_values(text, {(*place, key): value for key, value in wanted.items()})).encode()
    except UneditableError as error:
        raise UneditableError(f"{error}; {by_hand}") from None
    if faults := validate_draft(after, source, Trust()):
        raise UneditableError(f"the fix does not fit to the rest of the config ({faults[0].problem}); {by_hand}")
    return ConfigEdit(path, before, after, f"the fix of {route.key} in profile {profile}")


def write_edit(edit: ConfigEdit, environment: Mapping[str, str]) -> Path:
    """Write a change whole or not at all, and return the backup of what was there.

    A symbolic link stays one: its target is replaced. Who may read the file stays as it was.

    Raises:
        ChangedMeanwhileError: The file is not what the change was made from.
        PrivateFileError: Something cannot be written.

    """
    with file_locked(Path(os.path.realpath(edit.path))):
        return write_locked(edit, environment)


def write_locked(edit: ConfigEdit, environment: Mapping[str, str]) -> Path:
    """Do what `write_edit` does, for a caller that holds the file's lock."""
    target = Path(os.path.realpath(edit.path))
    _require_unchanged(edit.path, edit.before)
    backup = _backup(target, edit.before)
    receipt = Receipt(str(target), _sha256(edit.before), _sha256(edit.after), str(backup), edit.what)
    # The receipt goes first: one without its change is never followed, a change without one cannot be undone.
    _write_receipts([*_read_receipts(environment), receipt][-_RECEIPT_LIMIT:], environment)
    _require_unchanged(edit.path, edit.before)
    replace_file(target, edit.after, mode=_mode_of(target))
    return backup


def plan_undo(path: Path, environment: Mapping[str, str]) -> ConfigEdit:
    """Return what undoes the newest change of a config file that the console made; nothing is written.

    Raises:
        ChangedMeanwhileError: The file was changed since then; the message names the backup.
        Problem: No change is known, or its backup is gone.

    """
    target = os.path.realpath(path)
    known = [each for each in _read_receipts(environment) if each.path == target]
    now = read_config(path)
    found = next((each for each in reversed(known) if each.after_sha256 == _sha256(now)), None)
    if found is None:
        newest = next((each for each in reversed(known) if each.before_sha256 != _sha256(now)), None)
        if newest is None:
            raise Problem(f"{safe(target)}: the console has changed nothing in it that could be undone")
        raise ChangedMeanwhileError(
            f"{safe(target)} was changed since {newest.what}, so nothing was undone. What it was before is in"
            f" {safe(newest.backup)}"
        )
    backup = read_private(Path(found.backup), SIZE_LIMIT)
    if backup is None or _sha256(backup) != found.before_sha256:
        raise Problem(f"{safe(found.backup)}, the backup, is gone or was changed; nothing was undone")
    return ConfigEdit(path, now, backup, f"undoing {found.what}")


def write_undo(edit: ConfigEdit, environment: Mapping[str, str]) -> None:
    """Put back what a change replaced, and forget the change.

    Raises:
        ChangedMeanwhileError: The file was changed meanwhile.
        PrivateFileError: It cannot be written.

    """
    target = Path(os.path.realpath(edit.path))
    with file_locked(target):
        _require_unchanged(edit.path, edit.before)
        replace_file(target, edit.after, mode=_mode_of(target))
        pair = (str(target), _sha256(edit.after), _sha256(edit.before))
        receipts = _read_receipts(environment)
        last = max((place for place, each in enumerate(receipts) if _pair(each) == pair), default=None)
        _write_receipts([each for place, each in enumerate(receipts) if place != last], environment)


def make_draft(path: Path, data: bytes) -> Path:
    """Write a private copy beside a config file, to be edited, and return it. Raises `PrivateFileError`."""
    target = Path(os.path.realpath(path))
    while True:
        draft = target.with_name(f"{target.stem}.draft-{secrets.token_hex(4)}{target.suffix}")
        if create_file(draft, data):
            return draft


def _pair(receipt: Receipt) -> tuple[str, str, str]:
    return receipt.path, receipt.before_sha256, receipt.after_sha256


def _require_unchanged(path: Path, before: bytes) -> None:
    try:
        is_same = read_config(path) == before
    except ConfigError:
        is_same = False
    if not is_same:
        raise ChangedMeanwhileError(f"{safe(str(path))} was changed by someone else meanwhile; nothing was written")


def _mode_of(path: Path) -> int:
    """Return a file's mode, without what would let others write it."""
    return stat.S_IMODE(path.stat().st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH)


def _backup(target: Path, data: bytes) -> Path:
    """Write a backup beside a file, named by what it holds, so that the same content is kept once."""
    sha256 = _sha256(data)
    for size in (12, 64):
        backup = target.with_name(f"{target.name}.{sha256[:size]}.bak")
        if create_file(backup, data) or read_private(backup, SIZE_LIMIT) == data:
            return backup
    raise Problem(f"{safe(str(backup))} is in the way of a backup; move it")


def _read_receipts(environment: Mapping[str, str]) -> list[Receipt]:
    import msgspec

    path = state_directory(environment) / _RECEIPTS
    data = read_private(path, _RECEIPT_BYTES)
    try:
        return [] if data is None else msgspec.json.decode(data, type=list[Receipt])
    except msgspec.DecodeError:
        raise Problem(f"{safe(str(path))} is not what the console wrote; move it away") from None


def _write_receipts(receipts: list[Receipt], environment: Mapping[str, str]) -> None:
    import msgspec

    write_private(state_directory(environment) / _RECEIPTS, msgspec.json.encode(receipts))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def _diff(before: list[str], after: list[str]) -> list[str]:
    found: list[str] = []
    for kind, old_begin, old_end, new_begin, new_end in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            found += [f"- {number + 1:>4}  {before[number]}" for number in range(old_begin, old_end)]
            found += [f"+ {number + 1:>4}  {after[number]}" for number in range(new_begin, new_end)]
    return found
