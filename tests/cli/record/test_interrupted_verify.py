"""An interrupted `record verify --all` ends at once, says how far it came, and leaves no process behind."""

import asyncio
import signal

import pytest
from support.cli.console_process import Console
from support.ledger.ledgers import begun

from console.services.ledger.sqlite import SqliteLedger
from console.services.system.directories import state_directory

RUNS = 4_000


@pytest.mark.long
async def test_an_interrupt_ends_it_between_two_runs(console: Console) -> None:
    async with await SqliteLedger.open(state_directory(console.environment)) as ledger:
        await asyncio.gather(*(begun(ledger) for _ in range(RUNS)))
    async with console.start("record", "verify", "--all") as child:
        assert child.stdout is not None
        await child.stdout.readline()  # it is under way, and waits for us: all that it has to say fits in no pipe
        child.send_signal(signal.SIGINT)
        rest, _ = await child.communicate()
        assert child.returncode == 130
        assert len(rest.splitlines()) < RUNS - 1
