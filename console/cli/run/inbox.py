"""`run inbox`: the gates that wait for you, with their age and why they wait for you."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.services.config.settings import Profile
from console.services.ledger.ledger import EVERY_RUN, Wanted
from console.services.store.door import Store
from console.view.history.words import age

if TYPE_CHECKING:
    from console.services.team.inbox import InboxRow


async def show_inbox(store: Store, arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Write what waits for the operator, with what was left to them first and then the oldest.

    Args:
        store: Where the runs are.
        arguments: The command line.
        profile: The profile whose operator asks, for runs whose own profile is not on this machine.

    Raises:
        LedgerError: The list of runs cannot be read.

    """
    rows = (await read_inbox(store, EVERY_RUN, profile))[: arguments.limit]
    now_ms = int(current().now().timestamp() * 1000)
    if arguments.json:
        from console.cli.reports.documents.team.inbox import InboxDocument

        output.write_document(InboxDocument.of(rows, now_ms))
        return ExitCode.OK
    _show(rows, now_ms)
    if not rows:
        output.note("nothing waits for you; gateway-console run list --status waiting shows what waits for anyone")
    return ExitCode.OK


async def read_inbox(store: Store, wanted: Wanted, profile: Profile) -> "Sequence[InboxRow]":
    """Return the waiting runs that this operator may take further, and tell which ones cannot be read."""
    from console.services.run.opening import Operators
    from console.services.team.inbox import Inbox
    from console.services.team.operators import identities

    operators = Operators(
        store.artifacts,
        profile,
        current().environment,
        await identities(store),
        is_shared=store.database is not None,
    )
    inbox = Inbox(store.ledger, operators)
    rows = await inbox.read(wanted)
    for run_id, why in inbox.problems.items():
        output.note(f"run {run_id} waits too, and cannot be read: {why}")
    return rows


def _show(rows: "Sequence[InboxRow]", now_ms: int) -> None:
    cells = [
        (
            row.run.run_id,
            row.run.gate.replace("_", " "),
            age(now_ms - row.waiting.since_ms),
            row.run.repository,
            row.waiting.why,
        )
        for row in rows
    ]
    widths = output.column_widths(cells)
    for row_cells in cells:
        output.write_line(output.table_line(row_cells, widths))
