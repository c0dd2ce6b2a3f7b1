"""`config edit`: the operator's editor on a private copy, which replaces the config only when it is valid."""

import shlex
import shutil
import subprocess
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.editing import (
    ChangedMeanwhileError,
    ConfigEdit,
    make_draft,
    read_config,
    write_edit,
)
from console.services.config.load import default_config_path
from console.services.config.own_config import trust_of, why_not_editable
from console.services.config.toml_text import SIZE_LIMIT, Fault
from console.services.config.validation import validate_draft
from console.services.system.private_file import PrivateFileError, read_private
from console.services.tokens.terminal import NoTerminalError, ask_choice, has_terminal


def run(path: Path) -> ExitCode:
    """Edit a config file. Raises `Problem` if it was not replaced; what was typed is then in the draft it names."""
    if (words := why_not_editable(path)) is not None:
        raise Problem(words, ProblemKind.REFUSED)
    if not has_terminal() or not current().stdin.isatty():
        raise Problem(
            f"an editor needs a terminal. Change {safe(str(path))} and check it with: gateway-console config validate",
            ProblemKind.USAGE,
        )
    command = _editor()
    before = read_config(path)
    draft = make_draft(path, before)
    try:
        return _edit(path, before, draft, command)
    except NoTerminalError:
        raise Problem(f"the terminal is gone; the draft is kept: {safe(str(draft))}") from None


def _editor() -> list[str]:
    """Return the editor's command. Raises `Problem` if there is none."""
    environment = current().environment
    named = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        command = shlex.split(named)
    except ValueError:
        command = []
    if not command:
        raise Problem(
            "no editor is named, or not as a shell would read it; set EDITOR, such as: export EDITOR=nano",
            ProblemKind.USAGE,
        )
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        raise Problem(f"the editor {safe(command[0], limit=80)} was not found; set EDITOR to one", ProblemKind.USAGE)
    return command


def _edit(path: Path, before: bytes, draft: Path, command: list[str]) -> ExitCode:
    kept = f"the draft is kept: {safe(str(draft))}"
    while True:
        try:
            ended = subprocess.run([*command, str(draft)], check=False, env=dict(current().environment))  # noqa: S603
        except OSError:
            draft.unlink(missing_ok=True)
            raise Problem(f"the editor {safe(command[0], limit=80)} cannot be started") from None
        if ended.returncode != 0:
            raise Problem(f"the editor ended with code {ended.returncode}, so nothing was replaced; {kept}")
        after = _read(draft, kept)
        if after == before:
            draft.unlink(missing_ok=True)
            output.note("nothing was changed")
            return ExitCode.OK
        faults = validate_draft(after, safe(str(path)), trust_of(path, default_config_path(current().environment)))
        if not faults:
            return _replace(ConfigEdit(path, before, after, "the edit"), draft, kept)
        _show(faults)
        match ask_choice("e edits again, k keeps the draft, d discards it", "ekd"):
            case "d":
                draft.unlink(missing_ok=True)
                output.note("the draft was discarded; the config is as it was")
                return ExitCode.OK
            case "k":
                raise Problem(f"the config is as it was; {kept}", ProblemKind.CONFIG)
            case _:
                continue


def _read(draft: Path, kept: str) -> bytes:
    try:
        data = read_private(draft, SIZE_LIMIT)
    except PrivateFileError as error:
        raise Problem(f"the draft cannot be used, so nothing was replaced: {error}") from None
    if data is None:
        raise Problem(f"the editor left no draft, so nothing was replaced; expected {kept.partition(': ')[2]}")
    return data


def _replace(edit: ConfigEdit, draft: Path, kept: str) -> ExitCode:
    try:
        backup = write_edit(edit, current().environment)
    except ChangedMeanwhileError as error:
        raise ChangedMeanwhileError(f"{error}; {kept}") from None
    except PrivateFileError as error:
        raise Problem(f"{error}; {kept}", error.kind) from None
    draft.unlink(missing_ok=True)
    output.note(
        f"replaced {safe(str(edit.path))}. Before: {safe(str(backup))}. To undo it: gateway-console config undo"
    )
    return ExitCode.OK


def _show(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        output.complain(str(fault))
