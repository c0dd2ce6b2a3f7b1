"""Verifying: whether a run's lines are what was once written, and whether they are a run at all."""

from dataclasses import dataclass

from console.domain.ledger_line import ChainFault
from console.services.ledger.codec import CodecError
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.run.run_log import entry_of


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying a run came to."""

    run_id: str
    lines: int
    head: str
    faults: tuple[ChainFault, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing was found."""
        return not self.faults


async def verify_run(ledger: Ledger, run_id: str) -> Verified:
    """Check each line's hash and its place in the chain, and that each holds an event.

    Raises:
        LedgerError: There is no such run, or the ledger cannot be read.

    """
    faults = list(await ledger.check(run_id))
    try:
        lines = await ledger.read(run_id)
    except LedgerError:
        if not faults:
            raise
        return Verified(run_id, 0, "", tuple(faults))
    for line in lines:
        try:
            entry_of(line)
        except CodecError as error:
            faults.append(ChainFault(line.seq, str(error)))
    return Verified(run_id, len(lines), lines[-1].sha256 if lines else "", tuple(faults))
