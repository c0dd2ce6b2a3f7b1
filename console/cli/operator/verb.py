"""`operator`: who may act in a store: each SSH key, bound to a database user. The database holds lines to them."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.ledger.checkpoint import moment
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe

if TYPE_CHECKING:
    from console.services.team.database import TeamDatabase
    from console.services.team.operators import Operators

_KINDS = {
    "list": "list the operators of the store, with their keys",
    "add": "let a key act, bound to a database user; an administrator's",
    "revoke": "revoke an operator's keys for good; an administrator's",
}
_KEY_LIMIT = 8_192


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    for kind in ("add", "revoke"):
        each[kind].add_argument("name", metavar="NAME", help="the operator's name, as records show it")
    each["add"].add_argument(
        "--key", required=True, type=Path, metavar="FILE", help="their public SSH key: the file that ends in .pub"
    )
    each["add"].add_argument(
        "--user", metavar="USER", help="the database user that they connect as (default: their name)"
    )
    each["revoke"].add_argument("--key", metavar="SHA256:…", help="only this key, by its fingerprint (default: all)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb."""
    if arguments.read_only and arguments.kind != "list":
        raise Problem(
            f"--read-only: operator {arguments.kind} changes the store; nothing was done", ProblemKind.REFUSED
        )
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> ExitCode:
    from console.services.store.door import open_store
    from console.services.team.operators import NOT_ENFORCED, add_operator, read_operators, revoke_operator

    async with open_store(current().environment, is_looking=arguments.kind == "list") as store:
        if store.database is None:
            raise Problem(
                f"operators are of a store on PostgreSQL, and runs are in {safe(store.where)}; name a store with"
                " [store] url_ref in your config",
                ProblemKind.CONFIG,
            )
        database: TeamDatabase = store.database
        not_yet = ""
        match arguments.kind:
            case "add":
                key = _public_key(arguments.key)
                not_yet = await add_operator(database, arguments.name, arguments.user or arguments.name, key)
            case "revoke":
                await revoke_operator(database, arguments.name, arguments.key)
        operators = await read_operators(database)
        _show(operators, store.where, not_yet, is_json=arguments.json)
        if not operators.is_enforced:
            output.note(f"! {NOT_ENFORCED}")
        if not_yet:
            output.note("! the database user cannot act yet; an administrator runs in psql:")
            output.note(f"    {not_yet}")
    return ExitCode.OK


def _public_key(path: Path) -> str:
    """Return a public key as its file has it, without the comment. Raises `OperatorError` if it is not one."""
    from console.services.run.opening import fingerprint_of
    from console.services.system.directories import absolute

    whole = absolute(path, ProblemKind.USAGE)
    fingerprint_of(whole)
    kind, blob, *_ = whole.read_text(encoding="ascii")[:_KEY_LIMIT].split()
    return f"{kind} {blob}"


def _show(operators: "Operators", where: str, not_yet: str, *, is_json: bool) -> None:
    if is_json:
        from console.cli.reports.documents.team.operators import OperatorsDocument

        output.write_document(OperatorsDocument.of(operators, where, not_yet))
        return
    cells = [
        (
            each.name,
            each.database_user,
            each.fingerprint,
            f"added {moment(each.added_at_ms)[:10]}",
            "may act" if each.revoked_at_ms is None else f"revoked {moment(each.revoked_at_ms)[:10]}",
        )
        for each in operators.known
    ]
    widths = output.column_widths(cells)
    for row in cells:
        output.write_line(output.table_line(row, widths))
