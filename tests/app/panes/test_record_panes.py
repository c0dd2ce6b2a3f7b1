"""The panes of records are functions from state to lines: what they claim of a record, at every width."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.app.states import HOSTILE, opened
from support.record.records import overridden, sealed

from console.app.panes.record.detail_pane import detail_lines
from console.app.panes.record.diff_pane import diff_lines
from console.app.panes.record.list_pane import progress_words, record_list_lines
from console.domain.ledger.line import ChainFault
from console.domain.record.diff import diff
from console.services.record.verify_chain import Verified
from console.view.console_state import ConsoleState
from console.view.record.proof import Claim, proof_sign
from console.view.record.records_view import (
    RecordCursorMoved,
    RecordRead,
    RecordRow,
    RecordsListed,
    RunsVerified,
    VerifyBegun,
    VerifyEnded,
)

RUN, OTHER = "01M82D0PD6W60PFK1FGQ8EAC9B", "01M82D0PD6W60PFK1FGQ8EAC9C"
ROW = RecordRow(RUN, f"owner/{HOSTILE}"[:60], "ready", "closed", "", 1_790_000_000_000, 1, True, True)
WHOLE = Verified(RUN, 12, "a" * 64, (), 2, checkpoints=2, signed_lines=12, signers=("ann@example.com",))
BROKEN = Verified(OTHER, 3, "", (ChainFault(2, "it was edited"),))


def listed() -> ConsoleState:
    state = opened().apply(RecordsListed((ROW,), has_more=False))
    claim = Claim(12, 2, 9, "SHA256:abc")
    return state.apply(RecordRead(RUN, replace(sealed()[0], run_id=RUN), claim))


def text(state: ConsoleState, width: int) -> str:
    return "\n".join(map(str, (*record_list_lines(state, width), *detail_lines(state, width))))


@pytest.mark.parametrize("width", [76, 116, 98])
def test_the_list_and_the_detail_fit_and_claim_nothing_before_it_was_verified(width: int) -> None:
    drawn = text(listed(), width)
    assert all(cell_len(each) <= width for each in drawn.splitlines())
    assert "~ signed" in drawn
    assert "sim: owner/" in drawn
    assert "~ not verified by SHA256:abc up to line 9 of 12" in " ".join(drawn.split())
    assert "✓ signed" not in drawn
    assert "\x1b" not in drawn


def test_what_does_not_hold_is_in_sight_even_if_the_list_lacks_it() -> None:
    state = listed().apply(VerifyBegun(2)).apply(RunsVerified((WHOLE, BROKEN)))
    assert state.records is not None
    assert progress_words(state.records) == "verifying 2 of 2 · 1 not whole · x stops"
    assert "✓ signed" in text(state, 116)
    assert "not in the list of runs" in text(state, 116)
    on_it = state.apply(VerifyEnded()).apply(RecordCursorMoved(5))
    assert "line 2       × broken it was edited" in text(on_it, 116)


def test_what_was_proven_of_a_run_says_nothing_once_the_run_went_on() -> None:
    state = listed().apply(VerifyBegun(1)).apply(RunsVerified((WHOLE,)))
    after = state.apply(RecordsListed((replace(ROW, updated_at_ms=2),), has_more=False))
    assert "✓ signed" not in text(after, 116)


@pytest.mark.parametrize(
    ("proven", "shown"),
    [
        (WHOLE, "✓ signed"),
        (replace(WHOLE, signed_lines=9), "~ in part"),
        (replace(WHOLE, signed_lines=0, signers=(), unverified=2), "~ holds"),
        (replace(WHOLE, signed_lines=0, signers=()), "✓ holds"),
        (replace(WHOLE, faults=BROKEN.faults), "× broken"),
        (replace(WHOLE, unread="the disk is faulty"), "× not read"),
        (replace(WHOLE, pruned_at_ms=1), "· pruned"),
    ],
)
def test_only_signatures_that_were_verified_over_the_whole_run_are_signed(proven: Verified, shown: str) -> None:
    assert str(proof_sign(proven, is_signed=True)) == shown


def test_two_records_are_compared_in_all_that_differs() -> None:
    a, b = sealed()[0], overridden()[0]
    drawn = [str(each) for each in diff_lines(a, b, 76)]
    assert all(cell_len(each) <= 76 for each in drawn)
    assert f"{sum(each.counts for each in diff(a, b))} of " in drawn[2]
    named = {each.rstrip() for each in drawn}
    assert {each.field for each in diff(a, b) if each.counts} <= named
