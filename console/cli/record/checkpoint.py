"""`record checkpoint`: a checkpoint of a run as it is now, signed with the operator's key, and a copy outside."""

import argparse

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.record.evidence import write_to
from console.cli.run.ledger import run_id_of, store_to_write
from console.services.config.settings import Profile
from console.services.record.checkpoints import Checkpoints
from console.services.run.run_log import RunLog
from console.services.system.clock import unix_ms

_REFERENCE = "gateway-console-checkpoint"


async def make_checkpoint(profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Make a checkpoint, store it in the ledger, and write it where `--to` says.

    Raises:
        SigningError: The policy's key cannot sign; nothing is stored.
        LedgerError: The run does not exist, is damaged, or the ledger cannot be written.
        Problem: The copy cannot be written.

    """
    async with store_to_write() as store:
        ledger = store.ledger
        log = await RunLog.open(ledger, await run_id_of(ledger, arguments.run_id))
        maker = Checkpoints(ledger, profile.policy, current().environment, unix_ms)
        made = await maker.make(log.state)
        await ledger.add_checkpoint(made)
    if made.signature is None:
        output.note("not signed: the policy has no operator_key. The copy shows a missing end, but not who made it")
    await write_to(arguments, made.text, _REFERENCE, f"checkpoint of run {made.run_id}, {made.count} lines,")
    return ExitCode.OK
