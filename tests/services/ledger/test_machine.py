"""Two consoles on one ledger, in any order of deeds: each sees one history, and it is the one that was acknowledged."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.examples import examples
from support.ledger.ledgers import ANN, BOB, CREATED, Clock, call, decision, holder, new_id, score, summary

from console.domain.ledger.line import Line, NewLine, check_chain
from console.services.ledger.ledger import (
    LEASE_MS,
    ConflictError,
    FencedError,
    Lease,
    LeaseHeldError,
    LedgerError,
    Summary,
)
from console.services.ledger.sqlite import SqliteLedger

_Value = TypeVar("_Value")
HANDLES = st.integers(0, 1)
ATTEMPTS = st.integers(1, 2)
CALLS = st.sampled_from(["call-1", "call-2"])
ENDS = st.sampled_from(["CallRecorded", "CallFailed", "CallLost"])


class Consoles(RuleBasedStateMachine):
    """Two handles on one file; the model is a list of lines and the fence that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.place = tempfile.TemporaryDirectory()
        self.directory = Path(self.place.name) / "state"
        self.clock = Clock()
        self.run_id = new_id()
        self.lines: list[Line] = []
        self.shown = summary(self.run_id)
        self.seen = [0, 0]
        """How many lines each console has seen."""
        self.leases: list[Lease | None] = [None, None]
        self.fence = 0
        self.until = 0
        self.number = 0

    def done(self, work: Coroutine[Any, Any, _Value]) -> _Value:
        return self.loop.run_until_complete(work)

    async def opened(self) -> SqliteLedger:
        return await SqliteLedger.open(self.directory, clock=self.clock.unix, boot_clock=self.clock.boot)

    @initialize()
    def begin(self) -> None:
        self.handles = [self.done(self.opened()), self.done(self.opened())]
        self.lines += self.done(self.handles[0].create(self.run_id, [CREATED], actor=ANN, summary=summary(self.run_id)))
        self.seen = [1, 1]

    def append(self, handle: int, *new: NewLine, fence: int | None = None) -> LedgerError | None:
        """Append what follows the last line that this console has seen; return how it was refused."""
        self.number += 1
        shown = summary(self.run_id, f"status {self.number}")
        head = self.lines[self.seen[handle] - 1].sha256
        actor = (ANN, BOB)[handle]
        try:
            kept = self.done(
                self.handles[handle].append(
                    self.run_id, new, expected_head=head, actor=actor, summary=shown, fence=fence
                )
            )
        except LedgerError as error:
            refused = error
        else:
            self.lines += kept
            self.seen[handle] = len(self.lines)
            self.shown: Summary = shown
            return None
        if isinstance(refused, ConflictError):
            assert refused.head == self.lines[-1].sha256
            assert set(refused.instead) <= set(self.lines)
            assert refused.by in (ANN, BOB)
        return refused

    def said(self, *kinds: str, **fields: object) -> bool:
        return any(
            line.kind in kinds and all(getattr(line, name) == value for name, value in fields.items())
            for line in self.lines
        )

    @rule(handle=HANDLES)
    def look(self, handle: int) -> None:
        self.seen[handle] = len(self.done(self.handles[handle].read(self.run_id)))

    @rule(handle=HANDLES)
    def reopen(self, handle: int) -> None:
        self.done(self.handles[handle].close())
        self.handles[handle] = self.done(self.opened())

    @rule(handle=HANDLES, count=st.integers(1, 3))
    def write(self, handle: int, count: int) -> None:
        is_stale = self.seen[handle] < len(self.lines)
        assert isinstance(self.append(handle, *map(score, range(count))), ConflictError) == is_stale

    @rule(handle=HANDLES, attempt=ATTEMPTS)
    def decide(self, handle: int, attempt: int) -> None:
        is_late = self.seen[handle] < len(self.lines) or self.said("GateDecided", attempt=attempt)
        assert isinstance(self.append(handle, decision(attempt=attempt)), ConflictError) == is_late

    @rule(handle=HANDLES, call_id=CALLS)
    def intend(self, handle: int, call_id: str) -> None:
        is_late = self.seen[handle] < len(self.lines) or self.said("CallIntended", call_id=call_id)
        assert isinstance(self.append(handle, call("CallIntended", call_id)), ConflictError) == is_late

    @rule(handle=HANDLES, call_id=CALLS, kind=ENDS)
    def end(self, handle: int, call_id: str, kind: str) -> None:
        ends = ("CallRecorded", "CallFailed", "CallLost")
        is_open = self.said("CallIntended", call_id=call_id) and not self.said(*ends, call_id=call_id)
        is_stale = self.seen[handle] < len(self.lines)
        assert (self.append(handle, call(kind, call_id)) is None) == (is_open and not is_stale)

    @rule(handle=HANDLES)
    def acquire(self, handle: int) -> None:
        is_free = self.clock.boot_ms >= self.until
        try:
            lease = self.done(self.handles[handle].acquire(self.run_id, holder(pid=handle, started=0)))
        except LeaseHeldError:
            assert not is_free
            return
        assert is_free
        assert lease.fence == self.fence + 1
        self.leases[handle] = lease
        self.fence, self.until = lease.fence, self.clock.boot_ms + LEASE_MS

    @rule(handle=HANDLES)
    def write_fenced(self, handle: int) -> None:
        lease = self.leases[handle]
        if lease is not None:
            refused = self.append(handle, score(), fence=lease.fence)
            assert isinstance(refused, FencedError) == (lease.fence != self.fence)

    @rule(handle=HANDLES)
    def renew(self, handle: int) -> None:
        lease = self.leases[handle]
        if lease is None:
            return
        try:
            self.done(self.handles[handle].renew(lease))
        except FencedError:
            assert lease.fence != self.fence
        else:
            assert lease.fence == self.fence
            self.until = self.clock.boot_ms + LEASE_MS

    @rule(ms=st.sampled_from([1, LEASE_MS // 2, LEASE_MS]), jump_ms=st.sampled_from([0, -3_600_000, 3_600_000]))
    def wait(self, ms: int, jump_ms: int) -> None:
        """Time passes, and somebody may set the clock."""
        self.clock.passes(ms)
        self.clock.unix_ms += jump_ms

    @invariant()
    def there_is_one_history(self) -> None:
        for handle in self.handles if self.lines else ():
            assert list(self.done(handle.read(self.run_id))) == self.lines
            assert self.done(handle.runs(10)) == (self.shown,)
        assert check_chain(self.lines) == ()

    def teardown(self) -> None:
        for handle in getattr(self, "handles", ()):
            self.done(handle.close())
        self.loop.close()
        self.place.cleanup()


TestConsoles = Consoles.TestCase
TestConsoles.settings = settings(examples(20), stateful_step_count=25)
