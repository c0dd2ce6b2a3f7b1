"""The settings that match the route table: shown, or written into the agent's own user file."""

import argparse
import shlex
from pathlib import Path

from console.cli import output
from console.cli.agents.subject import RELAY_PORT, workspace
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile, offline_checks, same_profile
from console.cli.token.input import confirm
from console.domain.agent_settings.edit import EditError
from console.domain.agent_settings.reading_facts import reading_facts
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.admission import RouteDesk
from console.domain.text.safe import safe
from console.services.agent_settings.matching import Matching, matching
from console.services.agent_settings.places import place
from console.services.agent_settings.receipts import Receipts
from console.services.agent_settings.writing import diff_lines, edited, own_file, put
from console.services.open_gateway import require_base_url
from console.services.system.private_file import shown


def show_or_write(arguments: argparse.Namespace, agent: str) -> ExitCode:
    """Show the settings, or write them after asking. Raises any kind of `Problem`."""
    if arguments.json:
        raise Problem("--json has no place beside --write and --settings", ProblemKind.USAGE)
    profile = chosen_profile(arguments, uses_gateway=False)
    if arguments.direct and profile.is_embedded:
        raise Problem("the embedded gateway lives as long as the console: use --relay", ProblemKind.USAGE)
    base_url = require_base_url(profile, current().environment) if arguments.direct else None
    desk = RouteDesk(offline_checks(profile))
    found = matching(agent, profile, desk, arguments.route, base_url=base_url, port=arguments.port or RELAY_PORT)
    path = None if found.write is None else place(found.write.path, workspace(arguments))
    if arguments.settings is not None:
        _show(arguments, found, path)
        return ExitCode.OK
    if path is None or found.write is None:
        _show(arguments, found, None)
        raise Problem(f"nothing was written: {reading_facts()[agent].why_not_written}", ProblemKind.USAGE)
    _write(arguments, found, path, found.write.format)
    return ExitCode.OK


def _show(arguments: argparse.Namespace, found: Matching, path: Path | None) -> None:
    names = tuple(found.choice.settings.files)
    if found.lines:
        where = str(path) if path is not None else f"{names[0]}, in the directory of {found.agent.name}"
        output.write_line(f"# {safe(where, limit=300)}")
    for line in found.lines.splitlines():
        output.write_line(line)
    for name, value in found.exports:
        if value != f"${name}":
            output.write_line(f"export {name}={_for_shell(value, found)}")
    _next(arguments, found)


def _for_shell(value: str, found: Matching) -> str:
    """Return a value for a shell, which fills in the variable of the key and nothing in a model's name."""
    return f'"{value}"' if value == f"${found.key_variable}" else shlex.quote(value)


def _next(arguments: argparse.Namespace, found: Matching) -> None:
    """Say what else has to be so."""
    if arguments.direct:
        output.note(f"the token has to be in the variable {found.key_variable}; it was not written anywhere")
        return
    port = arguments.port or RELAY_PORT
    words = f"gateway-console{same_profile(arguments)} relay --port {port} --for {found.agent.id.replace('_', '-')}"
    output.note(f"start the relay with: {words}")
    output.note(f"then set the variable {found.key_variable} to the key that it prints")


def _write(arguments: argparse.Namespace, found: Matching, path: Path, form: str) -> None:
    file = own_file(path)
    where = safe(str(path), limit=300)
    try:
        new = edited(file, form, found.change)
    except EditError as error:
        for line in found.lines.splitlines():
            output.write_line(line)
        words = f"{where} {error}. Add the lines above by hand; nothing was written"
        raise Problem(words, ProblemKind.CONFIG) from None
    if new == file.data:
        output.note(f"{where} already has these settings; nothing was written")
        return
    for line in diff_lines(file.data, new, where):
        output.write_line(line)
    confirm(f"Write these settings of {found.agent.name}?", is_sure=arguments.yes, command=_again(arguments))
    receipts = Receipts(current().environment)
    receipt = receipts.keep(found.agent.id, file, new, current().now())
    try:
        put(file, new)
    except Problem:
        receipts.drop(receipt)
        raise
    output.note(f"wrote {where}. Undo it with: gateway-console agents --undo {receipt.name}")
    for name, value in found.exports:
        if value != f"${name}":
            output.note(f"to be exported beside it: {name}={_for_shell(value, found)}")
    _next(arguments, found)


def _again(arguments: argparse.Namespace) -> str:
    given = "".join(
        f" {option} {shown(Path(str(value)))}"
        for option, value in (("--route", arguments.route), ("--port", arguments.port))
        if value is not None
    )
    how = " --direct" if arguments.direct else ""
    return f"gateway-console{same_profile(arguments)} agents --write {arguments.write}{given}{how}"
