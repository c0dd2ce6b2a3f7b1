"""The bridge for records: the one place that connects record services and the screen."""

import asyncio
import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.runs.bridge import RunBridge
from console.app.session import Session
from console.domain.problem import Problem

if TYPE_CHECKING:
    from console.services.ledger.ledger import Ledger, Summary
    from console.services.record.verify_chain import Against, Verified
    from console.view.record.exports import Form
    from console.view.record.records_view import RecordRow

_READING = ("console.app.runs.reading", "console.domain.record.projection", "console.view.record.proof")
_VERIFYING = ("console.services.record.verify_chain",)
_EXPORTING = (
    "console.services.record.export",
    "console.services.record.envelope",
    "console.view.record.document",
    "console.view.record.exports",
)
_PARTS = 100
"""Into about how many parts the results of a long verification are drawn."""


class RecordBridge:
    """The records of this machine, in one session. Its coroutines run as the app's named workers."""

    def __init__(self, session: Session, runs: RunBridge, environment: Mapping[str, str] = os.environ) -> None:
        """Start without having read anything.

        Args:
            session: The session whose policy names the signers.
            runs: Has the ledger open.
            environment: The environment variables; the PATH finds `ssh-keygen`.

        """
        self._session = session
        self._runs = runs
        self._environment = environment
        self._wanted = 0
        self._task: asyncio.Task[object] | None = None
        """The verification in progress."""

    async def list_records(self, *, more: bool = False) -> None:
        """Read the newest records; `more` reads another page of older ones too."""
        from console.view.record.records_view import PAGE, RecordsListed, RecordsUnread

        ledger = self._ledger
        if ledger is None:
            view = self._session.state.run
            self._session.dispatch(RecordsUnread(view.failure) if view and view.failure else RecordsListed((), False))
            return
        self._wanted = self._wanted + PAGE if more else max(self._wanted, PAGE)
        try:
            found = await ledger.runs(self._wanted + 1)
        except Problem as error:
            self._session.dispatch(RecordsUnread(str(error)))
            return
        rows = tuple(map(_row, found[: self._wanted]))
        self._session.dispatch(RecordsListed(rows, len(found) > self._wanted))

    async def look_at(self, run_id: str) -> None:
        """Read the record of a run."""
        ledger = self._ledger
        if ledger is None:
            return
        await self._session.load(_READING)
        from console.app.runs.reading import read_claim
        from console.domain.record.projection import record_of
        from console.services.run.run_log import RunLog
        from console.view.record.records_view import RecordRead

        try:
            log = await RunLog.open(ledger, run_id)
        except Problem as error:
            self._session.dispatch(RecordRead(run_id, None, problem=str(error)))
            return
        claim = await read_claim(ledger, run_id, log.state.seq)
        self._session.dispatch(RecordRead(run_id, record_of(log.state), claim))

    async def verify(self, run_id: str | None) -> None:
        """Verify a run, or all of them, until cancelled; `claim_verify` was called before."""
        from console.view.record.records_view import VerifyBegun, VerifyEnded

        with self._session.noted():
            problem, is_over = "", False
            self._task = asyncio.current_task()
            try:
                await self._session.load(_VERIFYING)
                ledger, against = self._ledger, self._against()
                if ledger is not None:
                    from console.services.record.verify_chain import every_run

                    run_ids = [run_id] if run_id is not None else await every_run(ledger, against)
                    self._session.dispatch(VerifyBegun(len(run_ids)))
                    await self._verify(ledger, run_ids, against)
                is_over = True
            except Problem as error:
                problem, is_over = str(error), True
            finally:
                self._task = None
                self._session.dispatch(VerifyEnded(is_cancelled=not is_over, problem=problem))

    def claim_verify(self) -> None:
        """Note at once that runs are being verified, so that no key can start it twice."""
        from console.view.record.records_view import VerifyBegun

        self._session.dispatch(VerifyBegun(0))

    def stop(self) -> None:
        """End the verification in progress, also one whose work has not begun."""
        from console.view.record.records_view import VerifyEnded

        if self._task is not None:
            self._task.cancel()
        else:
            self._session.dispatch(VerifyEnded(is_cancelled=True))

    async def _verify(self, ledger: "Ledger", run_ids: Sequence[str], against: "Against") -> None:
        from console.services.record.verify_chain import verify_runs
        from console.view.record.records_view import RunsVerified

        found: list[Verified] = []
        async with contextlib.aclosing(verify_runs(ledger, run_ids, against)) as results:
            async for result in results:
                found.append(result)
                if len(found) * _PARTS >= len(run_ids):
                    self._session.dispatch(RunsVerified(tuple(found)))
                    found.clear()
        if found:
            self._session.dispatch(RunsVerified(tuple(found)))

    def _against(self) -> "Against":
        """Return whose signatures count. Raises `SigningError`: an unreadable list says nothing about a record."""
        from console.services.record.signing import Signers, require_readable, revoked_of, signers_of
        from console.services.record.verify_chain import Against

        policy = self._session.profile.policy
        allowed = signers_of(policy)
        signers = None if allowed is None else Signers(allowed, revoked_of(policy))
        if signers is not None:
            require_readable(signers)
        return Against(signers, self._environment)

    async def export(self, run_id: str, form: "Form", path: str, *, is_simulated_allowed: bool) -> str:
        """Write a record to a new file. Return why not; nothing if it was written."""
        ledger = self._ledger
        if ledger is None:
            return "no ledger is open"
        if not path.strip():
            return "name the file to write"
        await self._session.load((*_READING, *_EXPORTING))
        from console.domain.record.projection import record_of
        from console.domain.record.timeline import timeline_of
        from console.services.record.envelope import signed_bundle
        from console.services.record.export import require_clean, require_evidence, save_export
        from console.services.run.run_log import RunLog
        from console.services.system.directories import absolute
        from console.view.record.document import readable
        from console.view.record.exports import Form, exported

        try:
            log = await RunLog.open(ledger, run_id)
            record = record_of(log.state)
            require_evidence(run_id, is_simulated=record.is_simulated, is_allowed=is_simulated_allowed)
            require_clean(readable(record))
            text = exported(form, record, timeline_of(log.entries))
            if form is Form.IN_TOTO:
                statements = text.encode().splitlines()
                text = (await signed_bundle(statements, self._session.profile.policy, self._environment)).text
            await asyncio.to_thread(save_export, absolute(Path(path.strip())), text.encode(), is_forced=False)
        except Problem as error:
            return str(error)
        return ""

    @property
    def _ledger(self) -> "Ledger | None":
        context = self._runs.runs.context
        return None if context is None else context.ledger


def _row(summary: "Summary") -> "RecordRow":
    from console.view.record.records_view import RecordRow

    return RecordRow(
        summary.run_id,
        summary.repository,
        summary.verdict,
        summary.status,
        summary.category,
        summary.started_at_ms,
        summary.updated_at_ms,
        summary.is_simulated,
        summary.is_signed,
    )
