"""Verifying: whether a run's lines are unchanged, whether they form a run, and who signed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.ledger.line import ChainFault
from console.domain.ledger.signature import SignatureFormError, begin_statement, decision_statement, signer_of
from console.domain.run.event import Entry, GateDecided, OperatorSigned
from console.domain.run.fold import apply
from console.domain.run.gate import GateVerdict
from console.domain.run.state import RunState
from console.domain.run.transition import why_not_follow
from console.services.ledger.codec import CodecError, encode_event
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.run.run_log import entry_of
from console.services.run.signing import SigningError, verify


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

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature in a run, and the statement that it must sign."""

    seq: int
    event: OperatorSigned
    statement: bytes


async def verify_run(ledger: Ledger, run_id: str, signers: Path | None, environment: Mapping[str, str]) -> Verified:
    """Check each line's hash and position in the chain, that its event can follow in a run, and each signature.

    Args:
        ledger: Where the run is kept.
        run_id: The run's id.
        signers: The list of signers whose signatures count; None if none was named.
        environment: Gives the PATH to find `ssh-keygen`.

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
    entries = []
    for line in lines:
        try:
            entries.append(entry_of(line))
        except CodecError as error:
            faults.append(ChainFault(line.seq, str(error)))
    head = lines[-1].sha256 if lines else ""
    if faults:
        return Verified(run_id, len(lines), head, tuple(faults))
    signatures, missing = _followed(run_id, entries)
    if signers is None:
        return Verified(run_id, len(lines), head, tuple(missing), unverified=len(signatures))
    wrong = [fault for each in signatures for fault in await _check(each, signers, environment)]
    good = len(signatures) - len(wrong)
    return Verified(run_id, len(lines), head, (*missing, *wrong), signatures=good)


def _followed(run_id: str, entries: Sequence[Entry]) -> tuple[list[_Signed], list[ChainFault]]:
    """Return a run's signatures, and the first event that cannot follow: nothing after it can be judged."""
    found: list[_Signed] = []
    faults: list[ChainFault] = []
    state = RunState(run_id)
    for entry in entries:
        if (refused := why_not_follow(state, entry.event)) is not None:
            faults.append(ChainFault(entry.seq, refused.message))
            break
        if isinstance(entry.event, GateDecided) and state.signed is not None:
            found.append(_Signed(entry.seq - 1, state.signed, _statement(run_id, entry.event)))
        before, state = state, apply(state, entry)
        if before.begun is None and state.begun is not None and state.created is not None:
            found.append(_Signed(entry.seq, state.begun, begin_statement(run_id, encode_event(state.created))))
    if state.begun is None and state.needs_signature(GateVerdict.READY):
        faults.insert(0, ChainFault(1, "the policy requires four eyes, but the beginning of the run is not signed"))
    return found, faults


def _statement(run_id: str, decided: GateDecided) -> bytes:
    return decision_statement(
        run_id,
        decided.saw,
        gate=decided.gate.value,
        attempt=decided.attempt,
        verdict=decided.verdict.value,
        artifact_sha256=decided.artifact_sha256,
        reason=decided.reason,
    )


async def _check(signed: _Signed, signers: Path, environment: Mapping[str, str]) -> tuple[ChainFault, ...]:
    """Return the faults of a signature."""
    try:
        if signer_of(signed.event.signature) != signed.event.key_fingerprint:
            return (ChainFault(signed.seq, "the signature is not by the key that the line names"),)
        await verify(signed.statement, signed.event.signature, signers, environment)
    except (SignatureFormError, SigningError) as error:
        return (ChainFault(signed.seq, str(error)),)
    return ()
