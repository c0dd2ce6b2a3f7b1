"""The report of a run: its record, which has forms of its own, and the findings of its gates for SARIF."""

from collections.abc import Mapping

from console.cli.exit_code import ExitCode
from console.cli.outputs.outputs import plain
from console.domain.record.record import Record
from console.view.record.document import readable
from console.view.record.results import Outcome as Became
from console.view.record.results import Result as GateResult
from console.view.record.results import results_of
from console.view.report.report import Outcome, Report, ReportedFinding, Result, with_reason

_OUTCOMES: Mapping[Became, Outcome] = {
    Became.PASSED: Outcome.PASSED,
    Became.OVERRIDDEN: Outcome.PASSED,
    Became.FAILED: Outcome.FAILED,
    Became.STOPPED: Outcome.ERROR,
    Became.WAITING: Outcome.SKIPPED,
    Became.NOT_REACHED: Outcome.SKIPPED,
    Became.NOT_NEEDED: Outcome.SKIPPED,
}


def report_of_run(verb: str, record: Record, code: ExitCode, document: object) -> Report:
    """Return the report of a run as its record has it.

    Args:
        verb: The verb with its kind, as in `run show`.
        record: The run's.
        code: The exit code of the command.
        document: The document of `--json`.

    """
    return Report(
        verb,
        f"run {record.run_id}",
        int(code),
        tuple(_of_gate(record, each) for each in results_of(record)),
        (("run", record.run_id), ("status", record.status.value)),
        record.is_simulated,
        readable(plain(document)),
        record,
    )


def _of_gate(record: Record, result: GateResult) -> Result:
    found = () if result.gate is None or result.check is not None else result.gate.findings
    outcome, run = _OUTCOMES[result.outcome], f"run {record.run_id}"
    code = ExitCode.BLOCKED if outcome in (Outcome.FAILED, Outcome.ERROR) else ExitCode.OK
    findings = tuple(ReportedFinding(each.id, each.severity, run, result.name, result.words) for each in found)
    made = Result(run, result.name, outcome, result.words, int(code), findings)
    return with_reason(made, None if outcome is not Outcome.ERROR else "stopped", result.words)
