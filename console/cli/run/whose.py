"""Whose run a command line is about: one of the operator's own, or one of the demo's, which are kept apart."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

from console.cli import output
from console.cli.context import current, running_in
from console.cli.run.ledger import RunNameError, ledger_to_read, run_id_of
from console.services.demo.place import demo_environment
from console.services.store.door import may_have_runs, own_file


def where_runs_are(names: Sequence[str]) -> AbstractContextManager[None]:
    """Return what makes the demo's environment current if its ledger has all of these runs and the own one has none.

    Args:
        names: The runs as typed: ids, unique parts, or `last`.

    Raises:
        LedgerError: A ledger cannot be used; `open_store` says what else.
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    environment = demo_environment(current().environment)
    if not names or not own_file(environment).exists():
        return nullcontext()
    if may_have_runs(current().environment) and asyncio.run(_has_any(names)):
        return nullcontext()
    there = current().within(environment)
    with running_in(there):
        if not asyncio.run(_has_any(names)):
            return nullcontext()
    output.note("this run is one of the demo, whose runs are kept apart from your own")
    return running_in(there)


async def _has_any(names: Sequence[str]) -> bool:
    """Return whether the current ledger has one of these runs."""
    async with ledger_to_read() as ledger:
        known = set(await ledger.run_ids())
        for name in names:
            with suppress(RunNameError):
                if await run_id_of(ledger, name) in known:
                    return True
    return False
