"""Handing a bundle over: shown whole, asked for, and written to a new file."""

import argparse
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.token.input import confirm
from console.domain.escalation.bundle import Bundle
from console.domain.exchange.kept import KeptExchange
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.route import Route
from console.domain.text.safe import safe
from console.services.escalation.gather import default_path
from console.services.escalation.guard import require_clean_bundle, require_clean_text, save_new
from console.services.escalation.scenario import scenario_of
from console.services.system.directories import absolute
from console.view.bundle_words import bundle_lines

_STDOUT = Path("-")


def hand_over(arguments: argparse.Namespace, bundle: Bundle) -> ExitCode:
    """Show a bundle and write it, as the command line says.

    Raises:
        EscalationError: It seems to hold a secret, or the file exists.
        PrivateFileError: The file cannot be written.

    """
    require_clean_bundle(bundle)
    text = _document(bundle) if arguments.json else "\n".join(bundle_lines(bundle)) + "\n"
    return hand_over_text(arguments, text, "bundle", default_path(bundle, "json" if arguments.json else "md"))


def hand_over_scenario(arguments: argparse.Namespace, route: Route, kept: KeptExchange | None) -> ExitCode:
    """Show a call as a scenario and write it, as the command line says.

    Raises:
        EscalationError: No scenario can show it, it seems to hold a secret, or the file exists.
        PrivateFileError: The file cannot be written.

    """
    text = scenario_of(route, kept)
    at_s = int(current().now().timestamp())
    return hand_over_text(arguments, text, "scenario", Path(f"gateway-console-scenario-{route.key}-{at_s}.toml"))


def hand_over_text(arguments: argparse.Namespace, text: str, what: str, default: Path) -> ExitCode:
    """Show a text and write it, as the command line says: `--json`, or no terminal, goes to stdout alone.

    Raises:
        EscalationError: It seems to hold a secret, or the file exists.
        PrivateFileError: The file cannot be written.
        InputError: The operator said no.

    """
    require_clean_text(text, what)
    is_for_file = arguments.yes or arguments.output not in (None, _STDOUT)
    is_asking = current().stdin.isatty() and current().stdout.isatty() and not arguments.json
    if arguments.output == _STDOUT or not (is_for_file or is_asking):
        output.write_exact(text)
        return ExitCode.OK
    if arguments.read_only:
        raise Problem(f"--read-only: the {what} was not written. Use --output -", ProblemKind.REFUSED)
    path = absolute(arguments.output or default)
    if path.exists() or path.is_symlink():
        words = "exists and was not changed; name another file with --output"
        raise Problem(f"{safe(str(path))} {words}", ProblemKind.USAGE)
    if is_asking and not arguments.yes:
        for line in text.splitlines():
            output.write_line(line)
        confirm(f"Write this {what} to {safe(str(path))}?", is_sure=False, command="gateway-console bundle")
    save_new(path, text)
    output.note(f"wrote {safe(str(path))}, for you alone. Nothing was sent: read it, then send it yourself")
    return ExitCode.OK


def _document(bundle: Bundle) -> str:
    import msgspec

    from console.cli.reports.documents.support.bundle import BundleDocument

    return msgspec.json.format(msgspec.json.encode(BundleDocument.of(bundle)), indent=2).decode() + "\n"
