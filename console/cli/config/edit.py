"""`config edit`: the operator's editor on a private copy, which replaces the config only when it is valid."""

import shlex
import shutil
import signal
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
from console.services.system.os_reason import os_reason
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
    except KeyboardInterrupt:
        output.note(f"the config is as it was; the draft is kept: {safe(str(draft))}")
        raise


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
        code = _run_editor(command, draft)
        after = _read(draft)
        if after == before:
            draft.unlink(missing_ok=True)
            output.note(
                "nothing was changed" if code == 0 else f"the editor ended with code {code}; nothing was changed"
            )
            return ExitCode.OK if code == 0 else ExitCode.FAILED
        if code != 0:
            raise Problem(f"the editor ended with code {code}, so nothing was replaced; {kept}")
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


def _run_editor(command: list[str], draft: Path) -> int:
    """Run the editor to its end, and return its exit code. A ctrl+c that is typed in it is the editor's own."""
    previous = signal.signal(signal.SIGINT, lambda *_: None)  # a handler, which the editor does not inherit
    try:
        return subprocess.run([*command, str(draft)], check=False, env=dict(current().environment)).returncode  # noqa: S603
    except OSError:
        draft.unlink(missing_ok=True)
        raise Problem(f"the editor {safe(command[0], limit=80)} cannot be started; set EDITOR to another") from None
    finally:
        signal.signal(signal.SIGINT, previous)


def _read(draft: Path) -> bytes:
    """Read the draft, which an editor may have replaced by a file that others can read."""
    try:
        if not draft.is_symlink():
            draft.chmod(0o600)
        data = read_private(draft, SIZE_LIMIT)
    except FileNotFoundError:
        data = None
    except OSError as error:
        raise Problem(f"{safe(str(draft))}, the draft, cannot be read: {os_reason(error)}") from None
    except PrivateFileError as error:
        raise Problem(f"nothing was replaced, because the draft cannot be used: {error}", error.kind) from None
    if data is None:
        raise Problem(f"the editor removed the draft {safe(str(draft))}, so nothing was replaced")
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
