"""`record export`: a record in a form that other tools read, to a file or to stdout."""

import argparse
import hashlib
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import run_id_of
from console.domain.problem import Problem, ProblemKind
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.record.timeline import timeline_of
from console.domain.run.state import RunStatus
from console.services.config.settings import Profile
from console.services.ledger.ledger import Ledger
from console.services.record.export import require_clean, require_evidence, save_export
from console.services.run.run_log import RunLog
from console.services.system.directories import absolute
from console.view.record.document import readable
from console.view.record.exports import Form, exported


async def export(ledger: Ledger, profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Write a run's record in a form.

    Raises:
        ExportError: The run is simulated, a text in it seems to hold a secret, or the file exists.
        SigningError: It is to be signed, and cannot be.

    """
    form = Form(arguments.form)
    if arguments.unsigned and form is not Form.IN_TOTO:
        raise Problem(f"the form {form} has no signature; leave --unsigned out", ProblemKind.USAGE)
    path = None if str(arguments.output or "-") == "-" else absolute(arguments.output)
    if arguments.force and path is None:
        raise Problem("--force replaces a file; name it with --output FILE", ProblemKind.USAGE)
    log = await RunLog.open(ledger, await run_id_of(ledger, arguments.run_id))
    record = record_of(log.state)
    require_evidence(record.run_id, is_simulated=record.is_simulated, is_allowed=arguments.allow_simulated)
    require_clean(readable(record))
    text, signer = exported(form, record, timeline_of(log.entries)), None
    if form is Form.IN_TOTO and not arguments.unsigned:
        from console.services.record.envelope import signed_bundle

        bundle = await signed_bundle(text.encode().splitlines(), profile.policy, current().environment)
        text, signer = bundle.text, bundle.key_fingerprint
    if path is not None:
        save_export(path, text.encode(), is_forced=arguments.force)
    if arguments.json:
        _write_document(record, form, text, path, signer)
    elif path is None:
        output.write_exact(text)
    _say(record, form, path, signer, is_json=arguments.json)
    return ExitCode.OK


def _say(record: Record, form: Form, path: Path | None, signer: str | None, *, is_json: bool) -> None:
    if path is not None and not is_json:
        signed = "" if signer is None else f", signed by {signer}"
        output.note(f"record of run {record.run_id} written to {path} as {form}{signed}")
    if record.status is RunStatus.ACTIVE:
        output.note("the run is not over: this is its record so far")
    if form is Form.IN_TOTO and record.status in (RunStatus.ACTIVE, RunStatus.STOPPED):
        output.note("it has no test result: nothing was judged to its end")
    if record.is_simulated:
        output.note(f"simulated: the embedded gateway answered; this is not evidence of a real gateway{_less(form)}")


def _less(form: Form) -> str:
    return ", so there is neither a test result nor a verification result" if form is Form.IN_TOTO else ""


def _write_document(record: Record, form: Form, text: str, path: Path | None, signer: str | None) -> None:
    from console.cli.reports.documents.runs import RecordExportDocument

    data = text.encode()
    document = RecordExportDocument(
        run_id=record.run_id,
        form=form,
        is_simulated=record.is_simulated,
        signed_by=signer,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        output=None if path is None else str(path),
        text=text if path is None else None,
    )
    output.write_document(document)
