"""The result of a `token` command, as one line or one JSON document."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from console.cli import output
from console.cli.token.subject import Subject
from console.domain.tokens.state import TokenState
from console.services.tokens.advice import next_step, said_of
from console.services.tokens.reference import Reference
from console.services.tokens.sources import TokenAnswer
from console.services.tokens.stores.store import OtherOriginError, StoreError


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one action. It holds no token, no part of one, and not its length."""

    action: str
    result: str
    message: str
    reference: Reference
    origin: str | None = None
    source: str = ""
    fingerprint: str | None = None
    next_command: str = ""


def show(report: Report, subject: Subject, *, as_json: bool) -> None:
    """Write a report, and its line in the audit log."""
    audit(subject, report.action, report)
    if as_json:
        from console.cli.reports.documents.token import TokenAction, TokenActionDocument, TokenResult

        document = TokenActionDocument(
            action=TokenAction(report.action),
            profile=subject.profile.name,
            reference=str(report.reference),
            result=TokenResult(report.result),
            origin=report.origin,
            source=report.source or None,
            fingerprint=report.fingerprint,
            message=report.message,
            next=report.next_command or None,
        )
        output.write_document(document)
        return
    output.write_line(report.message)
    if report.fingerprint is not None:
        output.write_line(f"fingerprint {report.fingerprint}")
    if report.next_command:
        output.note(f"next: {report.next_command}")


@contextlib.contextmanager
def failures_told(subject: Subject, action: str, reference: Reference) -> Iterator[None]:
    """Write a store's failure to the audit log, and add the next command to its message.

    Raises:
        StoreError: The store failed; the message names the reference and says what to do.

    """
    try:
        yield
    except StoreError as error:
        audit(subject, action, Report(action, error.state.value, "", reference, subject.origin))
        words = said_of(reference, error.reason)
        is_bound_elsewhere = isinstance(error, OtherOriginError)
        is_out_of_reach = error.state in (TokenState.LOCKED, TokenState.TIMEOUT, TokenState.UNAVAILABLE)
        if action != "unlock" and (is_bound_elsewhere or is_out_of_reach):
            answer = TokenAnswer(error.state, reason=error.reason, is_bound_elsewhere=is_bound_elsewhere)
            words = f"{words}. {next_step(answer, reference)}"
        raise StoreError(error.state, words) from None


def audit(subject: Subject, action: str, report: Report) -> None:
    """Write a line to the audit log; print a note if that fails."""
    try:
        subject.audit.write(
            action,
            str(report.reference),
            report.result,
            origin=report.origin,
            source=report.source,
            fingerprint=report.fingerprint,
        )
    except StoreError as error:
        output.note(f"not in the audit log: {error.reason}")
