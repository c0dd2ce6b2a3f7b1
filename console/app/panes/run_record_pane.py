"""The record pane: the safe facts of a run, computed from the ledger; none of them was typed in."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.view.console_state import ConsoleState
from console.view.run_words import proof_words
from console.view.sign import Tone

_LABEL = 13


class RunRecordPane(LinePane):
    """Pane 4 of the run screen."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the facts."""
        return tuple(record_lines(state, size.width))


def record_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the record of the run in view so far."""
    if state.run is None or state.run.state is None:
        yield line(dim("no run in view"))
        return
    record = record_of(state.run.state)
    for label, words in _facts(record):
        yield from labelled(label, words, width, label_width=_LABEL)
    yield BLANK
    yield line(dim("routes"))
    keys = {key.partition(".")[0]: key for key in record.chosen_routes}
    key_width = max([_LABEL, *(len(key) + 1 for key in keys.values())])
    for route in record.routes:
        yield line(
            cell(keys.get(route.role, route.role), key_width, Tone.DIM),
            cell(route.endpoint_family, 19, Tone.ACCENT),
            cell(route.model, max(0, width - key_width - 19)),
        )
    yield BLANK
    yield from (line(dim(piece)) for piece in wrap("safe fields only: no prompt, no answer, no secret", width))


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    repository = record.repository_state
    yield "run", record.run_id
    if repository is not None:
        dirty = ", with uncommitted changes" if repository.is_dirty else ""
        owner = f"{repository.owner}/" if repository.owner else ""
        yield "repository", f"{owner}{repository.name} @ {repository.commit[:10]}{dirty}"
    yield (
        "profile",
        f"{record.profile or '?'}{', simulated: no evidence of a real gateway' if record.is_simulated else ''}",
    )
    source = record.instruction_source
    yield "instructions", "not pinned yet" if source is None else (source or "none was found")
    if record.instructions_sha256:
        yield "", f"{len(record.instructions)} file(s), sha256 {record.instructions_sha256[:12]}"
    if record.instruction_conflicts:
        yield "conflicts", ", ".join(record.instruction_conflicts)
    if record.proofs:
        yield "preflight", proof_words(record.proofs)
    if record.publisher_token_available is not None:
        exposed = [
            name
            for name, is_there in (
                ("publisher", record.publisher_token_available),
                ("cloud", record.cloud_token_available),
            )
            if is_there
        ]
        yield "tokens", f"{' and '.join(exposed)} token in reach" if exposed else "no publisher or cloud token in reach"
    if record.source_urls_checked:
        yield "sources", f"{len(record.source_urls_checked)} page(s) read"
    for gate in record.gates:
        if gate.decided is not None:
            over = ", against the computed verdict" if gate.is_override else ""
            why = f": {gate.reason}" if gate.reason else ""
            yield gate.gate.words.removesuffix(" source"), f"{gate.decided} by {gate.decided_by}{over}{why}"
    yield "ledger", f"{record.lines} lines, head {record.head[:12]}"
