"""What a preflight found, with its words: an artifact beside the ledger, which itself holds ids alone."""

from collections.abc import Collection, Iterable

import msgspec

from console.domain.finding import Finding, Severity
from console.domain.probes.ladder import RungResult, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.run.event import PreflightFinished, RunStopped
from console.domain.run.reach import Reach
from console.domain.run.state import RunState
from console.domain.run.subject import PreflightNotes, RungNote
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import LedgerError


def notes_of(
    routes: Iterable[ProvenRoute],
    findings: Iterable[Finding],
    reach: Reach | None = None,
    stopping: Collection[Finding] = (),
) -> PreflightNotes:
    """Return what a preflight found: each rung that was tried, the findings once each, gravest first, and the reach.

    Args:
        routes: The routes, as far as they are proven.
        findings: All findings.
        reach: The tokens in reach.
        stopping: The findings that stop the run: a rung that has one of them blocks it, whatever the rung proved.

    """
    rungs = tuple(
        RungNote(str(result.key), int(result.rung), _status(result, stopping).value, _words(result))
        for route in routes
        for result in route.rungs
    )
    weights = list(Severity)
    ordered = sorted(dict.fromkeys(findings), key=lambda each: weights.index(each.severity))
    return PreflightNotes(rungs, tuple(ordered), reach)


def _status(result: RungResult, stopping: Collection[Finding]) -> RungStatus:
    return RungStatus.BLOCKED if any(each in stopping for each in result.findings) else result.status


def _words(result: RungResult) -> str:
    found = result.classification
    refused = () if found is None else (f"{found.category}: {found.evidence}",)
    return "; ".join((*result.notes, *refused))


def encode_notes(notes: PreflightNotes) -> bytes:
    """Return notes as an artifact's content."""
    return msgspec.json.encode(notes)


def decode_notes(data: bytes) -> PreflightNotes:
    """Return the notes in an artifact. Raises `LedgerError` if they have another form."""
    try:
        return msgspec.json.decode(data, type=PreflightNotes)
    except msgspec.MsgspecError as error:
        raise LedgerError(
            "the preflight's notes have a form that this version cannot read; the record still has the findings' ids"
        ) from error


def notes_sha256(state: RunState) -> str | None:
    """Return the hash of the notes of a run's preflight, whether it passed or stopped the run; None if it has none."""
    ended: PreflightFinished | RunStopped | None = state.preflight or state.stopped
    return None if ended is None else ended.notes_sha256


async def read_notes(artifacts: ArtifactStore, state: RunState) -> PreflightNotes | None:
    """Return what a run's preflight found, with its words.

    None if it has not ended, an older version wrote it, or the notes were deleted.

    Raises:
        LedgerError: They cannot be read.

    """
    sha256 = notes_sha256(state)
    data = None if sha256 is None else await artifacts.read(sha256)
    return None if data is None else decode_notes(data)
