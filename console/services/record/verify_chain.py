"""Verifying: whether a run's lines are unchanged, whether they form a run, and who signed it."""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.ledger.line import ChainFault
from console.domain.ledger.signature import SignatureFormError, signer_of
from console.services.ledger.codec import CodecError, entry_of
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.ledger.one_pass import Followed, Following, Signed, pass_over
from console.services.ledger.pass_process import passed_over, processes_for
from console.services.record.signing import SigningError, verify


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of verifying a run."""

    run_id: str
    lines: int
    head: str
    faults: tuple[ChainFault, ...]
    signatures: int = 0
    """How many signatures are valid, according to the list of signers."""
    unverified: int = 0
    """How many signatures were not checked, because no list was named."""
    unread: str = ""
    """Why the lines could not be read, so that nothing is known of them; empty if they were."""

    @property
    def holds(self) -> bool:
        """Whether the lines were read and no fault was found."""
        return not self.faults and not self.unread


async def verify_run(ledger: Ledger, run_id: str, signers: Path | None, environment: Mapping[str, str]) -> Verified:
    """Check each line's hash and position in the chain, that its event can follow in a run, and each signature.

    Args:
        ledger: Where the run is kept.
        run_id: The run's id.
        signers: The list of signers whose signatures count; None if none was named.
        environment: Gives the PATH to find `ssh-keygen`.

    Raises:
        LedgerError: The run does not exist, or the ledger cannot be read.

    """
    found = pass_over(await ledger.stored(run_id), ledger.log_id, run_id) or await _look_closely(ledger, run_id)
    return found if isinstance(found, Verified) else await _judged(found, signers, environment)


async def verify_runs(
    ledger: Ledger,
    run_ids: Sequence[str],
    signers: Path | None,
    environment: Mapping[str, str],
    processes: int | None = None,
) -> AsyncGenerator[Verified, None]:
    """Verify many runs, as `verify_run` does each, on all cores if there is enough to do; yield each in order.

    A process passes over the stored lines alone. Here, each run that it did not find whole is looked at closely, and
    signatures are verified. A run whose lines cannot be read is yielded with the reason; the rest are still verified.

    Args:
        ledger: Where the runs are kept.
        run_ids: The runs' ids.
        signers: The list of signers whose signatures count; None if none was named.
        environment: Gives the PATH to find `ssh-keygen`.
        processes: How many to start; 0 for none; None for one a core, where the ledger has lines enough.

    Raises:
        LedgerError: The ledger cannot be read at all.

    """
    if processes is None:
        processes = processes_for(len(run_ids), await ledger.last_place())
    if processes == 0:
        for run_id in run_ids:
            yield await _verified_or_unread(ledger, run_id, signers, environment)
        return
    async with contextlib.aclosing(passed_over(ledger.path, ledger.log_id, run_ids, processes)) as passed:
        async for run_id, followed in passed:
            if followed is None:
                yield await _verified_or_unread(ledger, run_id, signers, environment)
            else:
                yield await _judged(followed, signers, environment)


async def _verified_or_unread(
    ledger: Ledger, run_id: str, signers: Path | None, environment: Mapping[str, str]
) -> Verified:
    """Verify a run as `verify_run` does; return why its lines cannot be read instead of raising it."""
    try:
        return await verify_run(ledger, run_id, signers, environment)
    except LedgerError as error:
        return Verified(run_id, 0, "", (), unread=str(error))


async def _look_closely(ledger: Ledger, run_id: str) -> Followed | Verified:
    """Apply each rule to each line on its own, and say which one does not hold."""
    faults = list(await ledger.check(run_id))
    try:
        lines = await ledger.read(run_id)
    except LedgerError:
        if not faults:
            raise
        return Verified(run_id, 0, "", tuple(faults))
    following = Following(run_id)
    entries = []
    for line in lines:
        try:
            entries.append(entry_of(line))
        except CodecError as error:
            faults.append(ChainFault(line.seq, str(error)))
    head = lines[-1].sha256 if lines else ""
    if faults:
        return Verified(run_id, len(lines), head, tuple(faults))
    for entry in entries:
        following.take(entry.seq, entry.event, type(entry.event))
    return following.end(len(lines), head)


async def _judged(followed: Followed, signers: Path | None, environment: Mapping[str, str]) -> Verified:
    """Verify the signatures of a run whose lines are whole."""
    run_id, lines, head = followed.run_id, followed.lines, followed.head
    if signers is None:
        return Verified(run_id, lines, head, followed.faults, unverified=len(followed.signatures))
    wrong = [fault for each in followed.signatures for fault in await _check(each, signers, environment)]
    good = len(followed.signatures) - len(wrong)
    return Verified(run_id, lines, head, (*followed.faults, *wrong), signatures=good)


async def _check(signed: Signed, signers: Path, environment: Mapping[str, str]) -> tuple[ChainFault, ...]:
    """Return the faults of a signature."""
    try:
        if signer_of(signed.signature) != signed.key_fingerprint:
            return (ChainFault(signed.seq, "the signature is not by the key that the line names"),)
        await verify(signed.statement, signed.signature, signers, environment)
    except (SignatureFormError, SigningError) as error:
        return (ChainFault(signed.seq, str(error)),)
    return ()
