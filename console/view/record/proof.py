"""What proves a record, as text for both faces: how its checkpoints sign it, and what verifying it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from console.domain.ledger.checkpoint import Checkpoint, moment
from console.domain.ledger.line import ChainFault
from console.domain.text.safe import safe
from console.view.record.summary import Fact
from console.view.sign import Sign, Tone

_CHAIN_ONLY = Sign("·", "chain only", Tone.DIM)
_CLAIMED = Sign("~", "signed", Tone.WARN)
"""There are signatures, and nothing has verified them."""
_SIGNED = Sign("✓", "signed", Tone.OK)
_IN_PART = Sign("~", "in part", Tone.WARN)
_HOLDS = Sign("✓", "holds", Tone.OK)
_UNSEEN = Sign("~", "holds", Tone.WARN)
"""The lines hold, and there are signatures that nothing has verified."""
_BROKEN = Sign("×", "broken", Tone.FAIL)
_NOT_READ = Sign("×", "not read", Tone.FAIL)
_PRUNED = Sign("·", "pruned", Tone.DIM)
_UNVERIFIED = Sign("~", "not verified", Tone.WARN)
_PROBLEM = Sign("!", "not signed", Tone.WARN)


class Proven(Protocol):
    """What verifying a run found, as `services/record/verify_chain.py` returns it."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def lines(self) -> int:
        """How many lines were read."""

    @property
    def head(self) -> str:
        """The hash of the last line."""

    @property
    def faults(self) -> tuple[ChainFault, ...]:
        """What is wrong, each with its place."""

    @property
    def signatures(self) -> int:
        """How many signatures hold."""

    @property
    def unverified(self) -> int:
        """How many signatures were not verified, because no list of signers was named."""

    @property
    def unread(self) -> str:
        """Why the lines could not be read; empty if they were."""

    @property
    def checkpoints(self) -> int:
        """How many checkpoints were held against the lines."""

    @property
    def signed_lines(self) -> int:
        """How many lines, from the first, a valid signature covers."""

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signed, as the list of signers names them."""

    @property
    def pruned_at_ms(self) -> int | None:
        """When the lines were deleted because they were old; None if they were not."""

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""

    @property
    def is_signed(self) -> bool:
        """Whether valid signatures cover the whole run."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run's checkpoints say of it, before anything is verified."""

    lines: int
    """How many lines the run has."""
    checkpoints: int = 0
    signed_lines: int = 0
    """How many lines, from the first, the newest signed checkpoint names; 0 if none is signed."""
    key: str = ""
    """The fingerprint of that checkpoint's key."""
    problem: str = ""
    """Why the checkpoints cannot be read; empty if they can."""


def claim_of(checkpoints: Sequence[Checkpoint], lines: int) -> Claim:
    """Return what the checkpoints of a run with so many lines say."""
    signed = [each for each in checkpoints if each.signature is not None]
    if not signed:
        return Claim(lines, len(checkpoints))
    newest = max(signed, key=lambda each: each.count)
    return Claim(lines, len(checkpoints), newest.count, newest.key_fingerprint or "")


def claim_fact(claim: Claim) -> Fact:
    """Return how a run is signed, as one fact of its summary; nothing is verified by it."""
    if claim.problem:
        return Fact("signed", _NOT_READ, claim.problem)
    if claim.signed_lines:
        upto = f"up to line {claim.signed_lines} of {claim.lines}"
        return Fact("signed", _UNVERIFIED, f"by {claim.key} {upto}; v or record verify checks it")
    kept = f"{claim.checkpoints} checkpoint(s), none signed" if claim.checkpoints else "no checkpoint"
    return Fact("signed", _CHAIN_ONLY, f"{kept}: a missing end or a rewritten run may not show")


def problem_fact(words: str) -> Fact:
    """Return why the newest checkpoint of a run is not as the policy wants it."""
    return Fact("checkpoint", _PROBLEM, words)


def proof_sign(proven: Proven | None, *, is_signed: bool) -> Sign:
    """Return how far a run is proven, for a list.

    Args:
        proven: What verifying it found; None if it was not verified.
        is_signed: Whether a checkpoint of it has a signature.

    """
    if proven is None:
        return _CLAIMED if is_signed else _CHAIN_ONLY
    if proven.unread:
        return _NOT_READ
    if not proven.holds:
        return _BROKEN
    if proven.pruned_at_ms is not None:
        return _PRUNED
    if proven.is_signed:
        return _SIGNED
    if proven.signed_lines:
        return _IN_PART
    return _UNSEEN if proven.unverified else _HOLDS


def proof_facts(proven: Proven) -> tuple[Fact, ...]:
    """Return what verifying a run found: the result, and each fault with its place."""
    if proven.unread:
        return (Fact("verified", _NOT_READ, proven.unread),)
    sign = _HOLDS if proven.holds else _BROKEN
    head = f", head {proven.head[:12]}" if proven.head else ""
    facts = [Fact("verified", sign, f"{proven.lines} lines{head}, {signed_words(proven)}")]
    facts += [Fact(f"line {each.seq}", _BROKEN, each.words) for each in proven.faults]
    if proven.unverified:
        words = f"{proven.unverified} signature(s): the policy names no allowed_signers to verify them by"
        facts.append(Fact("signatures", _UNVERIFIED, words))
    return tuple(facts)


def signed_words(proven: Proven) -> str:
    """Return how a run that was verified is signed."""
    words = []
    if proven.pruned_at_ms is not None:
        words.append(f"pruned at {moment(proven.pruned_at_ms)}")
    if proven.signers:
        names = ", ".join(safe(each, limit=80) for each in proven.signers)
        upto = "" if proven.signed_lines >= proven.lines else f" up to line {proven.signed_lines}"
        words.append(f"signed by {names}{upto}")
    elif proven.checkpoints:
        words.append(f"{proven.checkpoints} checkpoint(s) agree, none verified as signed")
    else:
        words.append("chain only")
    if proven.signatures:
        words.append(f"{proven.signatures} signature(s) hold")
    return ", ".join(words)
