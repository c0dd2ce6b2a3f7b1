"""The kinds of `config` that change the operator's config: fix, undo, edit."""

import argparse
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile, config_request, offline_checks
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.editing import ConfigEdit, plan_fix, plan_undo, write_edit, write_undo
from console.services.config.precedence import choose
from console.services.tokens.terminal import NoTerminalError, confirm_on_terminal


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one of them. Raises any kind of `Problem`."""
    match arguments.kind:
        case "fix":
            return _fix(arguments)
        case "undo":
            return _undo(arguments)
        case _:
            from console.cli.config import edit

            return edit.run(own_file(arguments))


def own_file(arguments: argparse.Namespace) -> Path:
    """Return the file that is used. Raises `Problem` if it is the built-in sample."""
    path = choose(config_request(arguments)).path
    if path is None:
        raise Problem(
            "the built-in sample is in use, which cannot be changed; write your own config: gateway-console init",
            ProblemKind.CONFIG,
        )
    return path


def _fix(arguments: argparse.Namespace) -> ExitCode:
    profile = chosen_profile(arguments, uses_gateway=False)
    check = next((each for each in offline_checks(profile) if each.route.key == arguments.route), None)
    if check is None:
        known = ", ".join(route.key for route in profile.table)
        words = f"{profile.source}: profile {profile.name} has no route {arguments.route}; it has {known}"
        raise Problem(words, ProblemKind.CONFIG)
    edit = plan_fix(None if profile.is_built_in else Path(profile.source), profile.name, check)
    if not _is_confirmed(edit, arguments, f"Write {edit.what}?"):
        return ExitCode.OK
    backup = write_edit(edit, current().environment)
    if arguments.json:
        _write_document("fix", edit, backup)
    else:
        where = safe(str(backup))
        output.note(f"wrote {edit.what}. Before: {where}. To undo it: gateway-console config undo")
    return ExitCode.OK


def _undo(arguments: argparse.Namespace) -> ExitCode:
    environment = current().environment
    edit = plan_undo(own_file(arguments), environment)
    if not _is_confirmed(edit, arguments, f"Go on with {edit.what}?"):
        return ExitCode.OK
    write_undo(edit, environment)
    if arguments.json:
        _write_document("undo", edit, None)
    else:
        output.note(f"{edit.what}: done")
    return ExitCode.OK


def _is_confirmed(edit: ConfigEdit, arguments: argparse.Namespace, question: str) -> bool:
    """Show a change, and ask whether to write it, unless the command line says so."""
    if not arguments.json:
        output.write_line(safe(str(edit.path)))
        for line in edit.diff:
            output.write_line(line)
    if arguments.yes:
        return True
    try:
        is_wanted = confirm_on_terminal(question)
    except NoTerminalError:
        raise Problem(
            "nothing was written: your yes is missing, and no terminal is open to ask on; add --yes", ProblemKind.USAGE
        ) from None
    if not is_wanted:
        output.note("nothing was written")
    return is_wanted


def _write_document(action: str, edit: ConfigEdit, backup: Path | None) -> None:
    from console.cli.reports.documents.setup.config import ConfigChangeDocument

    output.write_document(
        ConfigChangeDocument(
            action="fix" if action == "fix" else "undo",
            config=safe(str(edit.path)),
            diff=tuple(safe(line) for line in edit.diff),
            backup=None if backup is None else safe(str(backup)),
        )
    )
