"""The inbox: the runs of a ledger that wait for the operator of this process, those left to them first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from console.domain.problem import Problem
from console.domain.team.inbox import Waiting, waiting_for
from console.services.ledger.ledger import EVERY_RUN, Ledger, Summary, Wanted
from console.services.run.opening import Operators
from console.services.run.run_log import RunLog

LIMIT = 100_000
"""The most waiting runs that are looked at."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A run that waits for this operator."""

    run: Summary
    waiting: Waiting


class Inbox:
    """What waits for one operator. A run is read again only if its entry in the list of runs has changed."""

    def __init__(self, ledger: Ledger, operators: Operators) -> None:
        """Start without having read anything.

        Args:
            ledger: Where the runs are.
            operators: Who the operator of this process is in each run.

        """
        self._ledger = ledger
        self._operators = operators
        self._known: dict[str, tuple[Summary, Waiting | None]] = {}
        self.problems: dict[str, str] = {}
        """The waiting runs that cannot be read, with why."""

    def forget(self, run_ids: Iterable[str]) -> None:
        """Read these runs again the next time: they were appended to."""
        for each in run_ids:
            self._known.pop(each, None)

    async def read(self, wanted: Wanted = EVERY_RUN, *, known: RunLog | None = None) -> tuple[InboxRow, ...]:
        """Return what waits for the operator: what was left to them first, then the oldest.

        Args:
            wanted: Which of the runs are wanted.
            known: A run as it was read last, which need not be read again for this.

        Raises:
            LedgerError: The list of runs cannot be read. A single run that cannot is in `problems`.

        """
        waiting = await self._ledger.runs(LIMIT, replace(wanted, status="waiting"))
        seen, self._known = self._known, {}
        rows = []
        for each in waiting:
            before, found = seen.get(each.run_id, (None, None))
            if before != each:
                found = await self._look_at(each, known)
            self._known[each.run_id] = each, found
            if found is not None:
                rows.append(InboxRow(each, found))
        self.problems = {run_id: why for run_id, why in self.problems.items() if run_id in self._known}
        return tuple(sorted(rows, key=lambda row: row.waiting.order))

    async def _look_at(self, run: Summary, known: RunLog | None) -> Waiting | None:
        self.problems.pop(run.run_id, None)
        try:
            is_known = known is not None and known.state.run_id == run.run_id
            if known is not None and is_known and await self._ledger.head(run.run_id) == known.state.head:
                log = known
            else:
                log = await RunLog.open(self._ledger, run.run_id)
            return waiting_for(log.state, log.entries, await self._operators.of(log.state))
        except Problem as error:  # a run that is damaged does not hide the others
            self.problems[run.run_id] = str(error)
            return None
