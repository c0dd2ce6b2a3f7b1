"""Verifying: whether a run's lines are unchanged, whether they form a run, what was signed of it, and by whom.

What was said of a run elsewhere is held against its lines: the checkpoints that the ledger has, the one that is kept
beside it, and any that the operator names. They show what a chain alone cannot: an end that is missing, and a run that
was rewritten.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from console.domain.ledger.checkpoint import Checkpoint, CheckpointKind, moment
from console.domain.ledger.line import ChainFault, Line
from console.domain.ledger.signature import RUN_NAMESPACE, SignatureFormError, signer_of
from console.services.ledger.codec import CodecError, entry_of
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.ledger.one_pass import Followed, Following, Signed, pass_over
from console.services.ledger.pass_process import passed_over, processes_for
from console.services.record.checkpoints import CheckpointError, is_of, runs_outside, said_of
from console.services.record.signing import Signers, SigningError, verify


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of verifying a run."""

    run_id: str
    lines: int
    head: str
    faults: tuple[ChainFault, ...]
    signatures: int = 0
    """How many signatures are valid, according to the list of signers: of decisions, checkpoints and the tombstone."""
    unverified: int = 0
    """How many signatures were not checked, because no list was named."""
    unread: str = ""
    """Why the lines could not be read, so that nothing is known of them; empty if they were."""
    checkpoints: int = 0
    """How many checkpoints were held against the lines."""
    signed_lines: int = 0
    """How many lines, from the first, a valid signature of a checkpoint covers."""
    signers: tuple[str, ...] = ()
    """Who signed them, as the list of signers names them."""
    pruned_at_ms: int | None = None
    """When the run's lines were deleted because they were old, as its tombstone says; None if they were not."""

    @property
    def holds(self) -> bool:
        """Whether the lines were read and no fault was found."""
        return not self.faults and not self.unread

    @property
    def is_signed(self) -> bool:
        """Whether valid signatures cover the whole run."""
        return self.holds and 0 < self.lines <= self.signed_lines


@dataclass(frozen=True, slots=True)
class Against:
    """What a run is verified against."""

    signers: Signers | None = None
    """Whose signatures count; None leaves them unverified."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Gives the PATH to find `ssh-keygen`."""
    copies: tuple[Checkpoint, ...] = ()
    """Checkpoints that were kept elsewhere."""


class _Lines(Protocol):
    """Where a run's lines are."""

    async def head_of(self, count: int) -> str | None:
        """Return the hash of a line by its number; None if the run is shorter."""


@dataclass(frozen=True, slots=True)
class _InLedger:
    ledger: Ledger
    run_id: str

    async def head_of(self, count: int) -> str | None:
        return await self.ledger.head_of(self.run_id, count)


@dataclass(frozen=True, slots=True)
class _InMemory:
    lines: Sequence[Line]

    async def head_of(self, count: int) -> str | None:
        return self.lines[count - 1].sha256 if count <= len(self.lines) else None


async def verify_run(ledger: Ledger, run_id: str, against: Against) -> Verified:
    """Check each line's hash and position in the chain, that its event can follow in a run, and all that is signed.

    Args:
        ledger: Where the run is kept.
        run_id: The run's id.
        against: Whose signatures count, and the copies to compare with.

    Raises:
        LedgerError: The run does not exist, or the ledger cannot be read.

    """
    try:
        rows = await ledger.stored(run_id)
    except LedgerError as error:
        if await _has_lines(ledger, run_id):
            raise
        tombstone = await ledger.tombstone(run_id)
        if tombstone is not None:
            return await _verify_tombstone(ledger, tombstone, against)
        return await _verify_absent(ledger, run_id, against, error)
    found = pass_over(rows, await ledger.log_of(run_id), run_id) or await _look_closely(ledger, run_id)
    return await _judged(ledger, found, against)


async def verify_runs(
    ledger: Ledger, run_ids: Sequence[str], against: Against, processes: int | None = None
) -> AsyncGenerator[Verified, None]:
    """Verify many runs, as `verify_run` does each, on all cores if there is enough to do; yield each in order.

    A process passes over the stored lines of a ledger's file alone. The lines of a ledger without a file are read run
    by run by this process, so that no other one gets the right to read them. Here, each run that was not found whole is
    looked at closely, and signatures are verified. A run whose lines cannot be read is yielded with the reason; the
    rest are still verified.

    Args:
        ledger: Where the runs are kept.
        run_ids: The runs' ids.
        against: Whose signatures count, and the copies to compare with.
        processes: How many to start; 0 for none; None for one a core, where the ledger has lines enough.

    Raises:
        LedgerError: The ledger cannot be read at all.

    """
    if processes is None:
        processes = 0 if ledger.path is None else processes_for(len(run_ids), await ledger.last_place())
    if processes == 0 or ledger.path is None:
        for run_id in run_ids:
            yield await _verified_or_unread(ledger, run_id, against)
        return
    named = await ledger.named_runs() | runs_outside(ledger) | {each.run_id for each in against.copies}
    async with contextlib.aclosing(passed_over(ledger.path, ledger.log_id, run_ids, processes)) as passed:
        async for run_id, followed in passed:
            if followed is None:
                yield await _verified_or_unread(ledger, run_id, against)
            elif run_id in named:
                yield await _judged(ledger, followed, against)
            else:
                yield await _with_signatures(followed, against)


async def every_run(ledger: Ledger, against: Against) -> tuple[str, ...]:
    """Return the ids of all runs that the ledger, or a checkpoint of it, names: those too whose lines are gone."""
    listed = await ledger.run_ids()
    named = await ledger.named_runs() | {each.run_id for each in against.copies if each.log_id == ledger.log_id}
    beside = {each for each in runs_outside(ledger) - named - set(listed) if is_of(ledger, each)}
    return (*listed, *sorted((named | beside) - set(listed)))


async def verify_lines(lines: Sequence[Line], checkpoints: Sequence[Checkpoint], against: Against) -> Verified:
    """Verify a run whose lines are not in a ledger of this machine, with the checkpoints that came along."""
    from console.domain.ledger.line import check_chain

    run_id, log_id = lines[0].run_id, lines[0].log_id
    found = _followed(run_id, lines, list(check_chain(lines, run_id=run_id, log_id=log_id)))
    return await _held(_InMemory(lines), found, (*checkpoints, *_copies_of(run_id, against)), log_id, against)


async def _verified_or_unread(ledger: Ledger, run_id: str, against: Against) -> Verified:
    """Verify a run as `verify_run` does; return why its lines cannot be read instead of raising it."""
    try:
        return await verify_run(ledger, run_id, against)
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
    return _followed(run_id, lines, faults)


def _followed(run_id: str, lines: Sequence[Line], faults: list[ChainFault]) -> Followed | Verified:
    """Return what lines say together; what is wrong with them, if anything is."""
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
    for line, entry in zip(lines, entries, strict=True):
        following.take(entry.seq, entry.at_ms, line.previous, entry.event, type(entry.event))
    return following.end(len(lines), head)


# --- What was said of a run ------------------------------------------------------------------------------------------


def _copies_of(run_id: str, against: Against) -> tuple[Checkpoint, ...]:
    return tuple(each for each in against.copies if each.run_id == run_id)


async def _judged(ledger: Ledger, found: Followed | Verified, against: Against) -> Verified:
    """Hold a run that was passed over against all that was said of it."""
    try:
        said = await said_of(ledger, found.run_id, against.copies)
    except (LedgerError, CheckpointError) as error:
        whole = await _with_signatures(found, against)
        return replace(whole, faults=(*whole.faults, ChainFault(found.lines or 1, str(error))))
    log_id = await ledger.log_of(found.run_id)
    held = await _held(_InLedger(ledger, found.run_id), found, said.all, log_id, against)
    lost = [
        ChainFault(
            each.count, f"{_which(each)} is kept beside the ledger, and not in it: it was deleted there, or edited"
        )
        for each in said.beside
        if each not in said.stored
    ]
    return replace(held, faults=(*held.faults, *lost))


async def _held(
    lines: _Lines, found: Followed | Verified, said: Sequence[Checkpoint], log_id: str, against: Against
) -> Verified:
    whole = await _with_signatures(found, against)
    faults = [*whole.faults]
    signatures, unverified, covered = whole.signatures, whole.unverified, 0
    names: list[str] = []
    # The copy beside the ledger is the same as the one in it: each is verified once.
    for each in dict.fromkeys(said):
        fault = await _held_against(lines, each, found.lines, log_id)
        faults += [] if fault is None else [fault]
        if each.signature is None:
            continue
        if against.signers is None:
            unverified += 1
            continue
        try:
            name = await _signer(each, against)
        except SigningError as error:  # said beside the other fault: it may be the checkpoint that is false
            faults.append(ChainFault(each.count, f"{_which(each)}: {error}"))
            continue
        if fault is None:
            names.append(name)
            signatures, covered = signatures + 1, max(covered, each.count)
    return replace(
        whole,
        faults=tuple(dict.fromkeys(faults)),
        signatures=signatures,
        unverified=unverified,
        checkpoints=len(dict.fromkeys(said)),
        signed_lines=covered,
        signers=tuple(dict.fromkeys(names)),
    )


async def _held_against(lines: _Lines, said: Checkpoint, count: int, log_id: str) -> ChainFault | None:
    """Return what a checkpoint says that the lines do not."""
    which = _which(said)
    if said.log_id != log_id:
        return _of_another(said)
    if said.kind is CheckpointKind.TOMBSTONE:
        return ChainFault(said.count, f"{which}, but the run has lines: it was brought back")
    if (head := await lines.head_of(said.count)) is None:
        return ChainFault(count + 1, f"{which} says {said.count} lines, and the ledger has {count}: the end is missing")
    if head != said.head:
        return ChainFault(said.count, f"{which} names another hash for this line: the run was rewritten")
    return None


def _of_another(said: Checkpoint) -> ChainFault:
    return ChainFault(said.count, f"{_which(said)} is of another ledger, {said.log_id}")


def _which(said: Checkpoint) -> str:
    return f"the {said.kind} of {moment(said.at_ms)}"


async def _signer(said: Checkpoint, against: Against) -> str:
    """Return who signed a checkpoint. Raises `SigningError`."""
    if said.signature is None or against.signers is None:
        raise SigningError("it is not signed")
    return await verify(
        said.statement,
        said.signature,
        against.signers,
        against.environment,
        namespace=RUN_NAMESPACE,
        at_ms=said.at_ms,
    )


async def _has_lines(ledger: Ledger, run_id: str) -> bool:
    """Return whether a run has a line, whether or not it can be read."""
    try:
        await ledger.head(run_id)
    except LedgerError:
        return False
    return True


async def _verify_absent(ledger: Ledger, run_id: str, against: Against, absent: LedgerError) -> Verified:
    """Return what was said of a run that has no lines. Raises the error that it is absent if nothing was said."""
    try:
        said = (await said_of(ledger, run_id, against.copies)).all
    except CheckpointError as error:
        return Verified(run_id, 0, "", (ChainFault(1, f"{absent}, and {error}"),))
    if not said:
        raise absent
    words = f"the ledger has none of its lines, and {_which(said[0])} says that it had {said[0].count} line(s)"
    return Verified(run_id, 0, "", (ChainFault(1, f"{words}: all of the run was deleted"),))


async def _verify_tombstone(ledger: Ledger, tombstone: Checkpoint, against: Against) -> Verified:
    """Verify what is left of a run that was pruned, and that what was said of it before agrees."""
    faults: list[ChainFault] = []
    try:
        said = (await said_of(ledger, tombstone.run_id, against.copies)).all
    except CheckpointError as error:
        said = ()
        faults.append(ChainFault(tombstone.count, str(error)))
    log_id = await ledger.log_of(tombstone.run_id)
    for each in dict.fromkeys((tombstone, *said)):
        if each.log_id != log_id:
            faults.append(_of_another(each))
        elif each.count > tombstone.count or (each.count == tombstone.count and each.head != tombstone.head):
            faults.append(ChainFault(each.count, f"{_which(each)} does not agree with the run's tombstone"))
        elif each.signature is not None and tombstone.signature is None:
            words = f"{_which(tombstone)} is not signed, but {_which(each)} is: sign with the policy's key to prune"
            faults.append(ChainFault(tombstone.count, words))
    names: tuple[str, ...] = ()
    is_checked = tombstone.signature is not None and against.signers is not None
    if is_checked:
        try:
            names = (await _signer(tombstone, against),)
        except SigningError as error:
            faults.append(ChainFault(tombstone.count, f"{_which(tombstone)}: {error}"))
    return Verified(
        tombstone.run_id,
        tombstone.count,
        tombstone.head,
        tuple(faults),
        signatures=len(names),
        unverified=int(tombstone.signature is not None and not is_checked),
        signed_lines=tombstone.count if names else 0,
        signers=names,
        pruned_at_ms=tombstone.at_ms,
    )


async def _with_signatures(found: Followed | Verified, against: Against) -> Verified:
    """Verify the signatures in the lines of a run."""
    if isinstance(found, Verified):
        return found
    run_id, lines, head = found.run_id, found.lines, found.head
    if against.signers is None:
        return Verified(run_id, lines, head, found.faults, unverified=len(found.signatures))
    checked = await asyncio.gather(*(_check(each, against.signers, against.environment) for each in found.signatures))
    wrong = [fault for faults in checked for fault in faults]
    good = len(found.signatures) - len(wrong)
    return Verified(run_id, lines, head, (*found.faults, *wrong), signatures=good)


async def _check(signed: Signed, signers: Signers, environment: Mapping[str, str]) -> tuple[ChainFault, ...]:
    """Return the faults of a signature."""
    try:
        if signer_of(signed.signature) != signed.key_fingerprint:
            return (ChainFault(signed.seq, "the signature is not by the key that the line names"),)
        await verify(signed.statement, signed.signature, signers, environment, at_ms=signed.at_ms)
    except (SignatureFormError, SigningError) as error:
        return (ChainFault(signed.seq, str(error)),)
    return ()
