"""`facts`: the tables of facts, how old they are, and newer ones over the built-in ones. Nothing is fetched."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.reports.facts import note_of_table, show_table, show_tables
from console.domain.facts.load import AGENT_SHAPES, UPDATABLE, facts_names
from console.domain.probes.agent_id import AGENT_IDS
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe

if TYPE_CHECKING:
    from console.services.facts.tables import FactsTable


_CAPTURED = tuple(f"{AGENT_SHAPES}/{each.replace('-', '_')}" for each in AGENT_IDS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(action="show", name=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    show = commands.add_parser("show", help="show all tables, or one with its sources", allow_abbrev=False)
    show.add_argument("name", nargs="?", metavar="NAME", help="the table")
    show.set_defaults(action="show")
    update = commands.add_parser(
        "update",
        help=f"install a newer table ({' or '.join(UPDATABLE)}), or go back to the built-in one",
        allow_abbrev=False,
    )
    way = update.add_mutually_exclusive_group(required=True)
    way.add_argument("--from", type=Path, dest="file", metavar="FILE", help="a TOML file with the table; nothing else")
    way.add_argument(
        "--reset",
        nargs="?",
        const="all",
        choices=(*UPDATABLE, *_CAPTURED, "all"),
        metavar="NAME",
        help="remove what was installed, or what prove captured",
    )
    update.set_defaults(action="update")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Show tables, install one or remove installed ones."""
    if arguments.action == "show":
        return _show(arguments.name, as_json=arguments.json)
    if arguments.read_only:
        raise Problem("--read-only: a table is written to disk; nothing was changed", ProblemKind.REFUSED)
    if arguments.file is not None:
        return _install(arguments.file, as_json=arguments.json)
    return _reset((*UPDATABLE, *_CAPTURED) if arguments.reset == "all" else (arguments.reset,), as_json=arguments.json)


def _show(name: str | None, *, as_json: bool) -> ExitCode:
    from console.services.facts.tables import facts_table, facts_tables

    environment = current().environment
    if name is None:
        tables = facts_tables(environment)
    elif name in facts_names():
        tables = (facts_table(name, environment),)
    else:
        raise Problem(f'unknown table "{safe(name, limit=60)}"; gateway-console facts lists them', ProblemKind.USAGE)
    if as_json:
        _write(tables, "show")
    elif name is None:
        show_tables(tables, current().today())
    else:
        show_table(tables[0], current().today())
    broken = [each for each in tables if each.installed is not None and each.installed.problem]
    for each in broken if not as_json else ():
        output.note(note_of_table(each))
    return ExitCode.FAILED if broken else ExitCode.OK


def _install(file: Path, *, as_json: bool) -> ExitCode:
    from console.services.facts.installed import install, read_candidate
    from console.services.facts.tables import facts_table
    from console.services.system.directories import absolute

    environment, path = current().environment, absolute(file)
    name, text = read_candidate(path)
    install(name, text, f"{current().today()} from {path}", environment)
    table = facts_table(name, environment)
    if as_json:
        _write((table,), "update")
    else:
        show_table(table, current().today())
        output.note(note_of_table(table))
    return ExitCode.OK


def _reset(names: Sequence[str], *, as_json: bool) -> ExitCode:
    from console.services.facts.captured import TABLES, forget_agent
    from console.services.facts.installed import reset
    from console.services.facts.tables import facts_table

    environment = current().environment
    removed = [
        name
        for name in names
        if (forget_agent(TABLES[name], environment) if name in TABLES else reset(name, environment))
    ]
    if as_json:
        _write([facts_table(name, environment) for name in names], "reset")
        return ExitCode.OK
    for name in removed:
        output.write_line(f"{name}: the installed table was removed; the built-in one is in use")
    if not removed:
        output.write_line("no table was installed; the built-in ones are in use")
    return ExitCode.OK


def _write(tables: "Sequence[FactsTable]", action: str) -> None:
    from console.cli.reports.documents.facts import FactsAction, FactsDocument

    output.write_document(FactsDocument.of(tables, FactsAction(action), current().today()))
