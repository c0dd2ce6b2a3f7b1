"""`init`: a config file, which must not exist yet."""

import argparse
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import profile_of_yaml
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe

if TYPE_CHECKING:
    from console.domain.finding import Finding
    from console.services.config.from_yaml import ConfigFromYaml

_STDOUT = Path("-")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--from",
        dest="yaml",
        type=Path,
        metavar="FILE",
        help="a YAML file with routes, an instruction source and secret references; --profile names the profile",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write, which must not exist; - for stdout (default: the config file, see --help)",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Write the config."""
    if arguments.yaml is None:
        raise Problem(_how_to_begin(), ProblemKind.USAGE)
    path = _place(arguments)
    found = profile_of_yaml(arguments, arguments.yaml)
    findings = _findings(found)
    if path is not None:
        _write(path, found.toml)
    if arguments.json:
        from console.cli.reports.documents.finding import FindingDocument
        from console.cli.reports.documents.init import InitDocument

        output.write_document(
            InitDocument(
                profile=found.profile.name,
                config=None if path is None else safe(str(path)),
                toml=found.toml,
                notes=tuple(map(str, found.notes)),
                findings=tuple(FindingDocument.of(each, f"profile {found.profile.name}") for each in findings),
            )
        )
        return ExitCode.OK
    for line in found.toml.splitlines() if path is None else ():
        output.write_line(line)
    for finding in findings:
        output.note(f"{finding.id}: {finding.message}")
    if path is not None:
        output.note(f"wrote {safe(str(path))}. See its routes with: gateway-console {_option(path)}routes")
    return ExitCode.OK


def _place(arguments: argparse.Namespace) -> Path | None:
    """Return the file to write; None means stdout. Raises `Problem` if none may be written."""
    if arguments.output == _STDOUT:
        return None
    if arguments.read_only:
        raise Problem("--read-only: init writes a file; nothing was done. Use --output -", ProblemKind.REFUSED)
    from console.services.config.load import user_config_path

    path: Path | None = arguments.output or user_config_path(current().environment)
    if path is None:
        raise Problem("HOME is not set. Set it, or name the new config with --output", ProblemKind.USAGE)
    if path.exists() or path.is_symlink():
        raise _taken(path)
    return path


def _write(path: Path, toml: str) -> None:
    from console.services.system.private_file import create_file

    if not create_file(path, toml.encode()):
        raise _taken(path)


def _taken(path: Path) -> Problem:
    words = "exists and was not changed; name another file with --output, or - for stdout"
    return Problem(f"{safe(str(path))} {words}", ProblemKind.USAGE)


def _findings(found: "ConfigFromYaml") -> "tuple[Finding, ...]":
    from console.domain.finding import Severity
    from console.domain.run.needed_roles import check_roles

    profile = found.profile
    roles = [route.role for route in profile.table]
    return tuple(check_roles(profile.name, roles, profile.policy.max_attempts, Severity.WARN))


def _option(path: Path) -> str:
    """Return the option with which other verbs read a config, unless they read it by themselves."""
    from console.services.config.load import user_config_path

    return "" if path == user_config_path(current().environment) else f"--config {quote(safe(str(path)))} "


def _how_to_begin() -> str:
    from console.services.config.load import user_config_path
    from console.services.config.shipped import shipped

    path = user_config_path(current().environment) or Path("config.toml")
    sample, folder, target = (quote(safe(str(each))) for each in (shipped("sample_config.toml"), path.parent, path))
    return (
        "init needs a YAML file to write a config from: gateway-console init --from FILE. To begin without one, copy"
        f" the sample and fill in your gateway: mkdir -p {folder} && cp -n {sample} {target}"
    )
