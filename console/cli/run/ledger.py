"""The store on the command line: opened to read only, or to write, and a run's id as typed."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from console.cli.context import current
from console.domain.ledger.ulid import is_run_id
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import Ledger
from console.services.store.door import Store, open_store

_SHORTEST_PART = 4


class RunNameError(Problem):
    """No run, or more than one, matches this name."""

    kind = ProblemKind.USAGE


def store_to_read() -> AbstractAsyncContextManager[Store]:
    """Open the store to read only: what steps and decides is not loaded. Raises what `open_store` does."""
    return open_store(current().environment, is_looking=True)


def store_to_write() -> AbstractAsyncContextManager[Store]:
    """Open the store to add to it or to delete from it. Raises what `open_store` does."""
    return open_store(current().environment)


@asynccontextmanager
async def ledger_to_read() -> AsyncIterator[Ledger]:
    """Open the store's ledger to read only. Raises what `open_store` does."""
    async with store_to_read() as store:
        yield store.ledger


async def run_id_of(ledger: Ledger, name: str) -> str:
    """Return the id of the run that a word names: an id, a unique part of one, or `last`.

    Raises:
        RunNameError: No run, or more than one, matches.

    """
    if is_run_id(name):
        return name
    if name == "last" and (newest := await ledger.runs(1)):
        return newest[0].run_id
    known = {*(each.run_id for each in await ledger.runs(100_000)), *(await ledger.named_runs())}
    found = [each for each in known if len(name) >= _SHORTEST_PART and name.upper() in each]
    if len(found) == 1:
        return found[0]
    how_many = "more than one run has" if found else "no run has"
    raise RunNameError(f"{how_many} {safe(name, limit=40)} in its id; gateway-console run list shows them")
