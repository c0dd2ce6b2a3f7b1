"""The ledger on the command line: opened to read only, and a run's id as typed."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from console.cli.context import current
from console.domain.ledger.ulid import is_run_id
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.artifacts import Artifacts
from console.services.ledger.ledger import Ledger
from console.services.ledger.sqlite import SqliteLedger
from console.services.system.directories import state_directory
from console.services.system.leak_guard import LEAK_GUARD

_SHORTEST_PART = 4


class RunNameError(Problem):
    """No run, or more than one, matches this name."""

    kind = ProblemKind.USAGE


@asynccontextmanager
async def ledger_to_read() -> AsyncIterator[Ledger]:
    """Open this machine's ledger to read only: what steps and decides is not loaded.

    Raises:
        LedgerError: The state directory cannot be used.

    """
    directory = state_directory(current().environment)
    async with await SqliteLedger.open(directory, is_hit=LEAK_GUARD.is_hit, is_looking=True) as ledger:
        yield ledger


@asynccontextmanager
async def ledger_to_write() -> AsyncIterator[Ledger]:
    """Open this machine's ledger to add to it. Raises `LedgerError` as `ledger_to_read` does."""
    async with await SqliteLedger.open(state_directory(current().environment), is_hit=LEAK_GUARD.is_hit) as ledger:
        yield ledger


@contextmanager
def artifacts_to_read() -> Iterator[Artifacts]:
    """Open this machine's artifacts; nothing is created."""
    artifacts = Artifacts(state_directory(current().environment))
    try:
        yield artifacts
    finally:
        artifacts.close()


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
