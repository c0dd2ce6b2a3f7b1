"""What became of the agents that `prove` ran, for a person."""

from typing import TYPE_CHECKING

from console.cli import output
from console.cli.reports.finding import show_finding
from console.services.agent_capture.capture import Capture, CapturedRun

if TYPE_CHECKING:
    from console.services.agent_capture.proved import Proved


def show_proved(proved: "Proved") -> None:
    """Write what became of one agent."""
    settings, capture = proved.settings, proved.capture
    if capture is None:
        output.write_line(f"– {settings.name}: not installed, so not tried. To install it: {settings.install}")
        return
    title = f"{settings.name} {capture.version}".rstrip()
    if capture.agent is None:
        output.write_line(f"{'!' if proved.is_refused else '×'} {title}: {capture.problem}")
        if proved.is_refused:
            _show_refused(capture)
        _show_runs(capture)
        return
    output.write_line(f"✓ {title}: captured")
    _show_runs(capture)
    for name, words in (("betas", _union(capture, "betas")), ("tools", _union(capture, "tool_types"))):
        if words:
            output.write_line(f"    {name}  {words}")
    output.write_line(f"    {_change_words(proved)}")
    output.write_line(f"    kept in {proved.kept}; to send it: gateway-console check --level 5 --agent {proved.id}")


def _show_refused(capture: Capture) -> None:
    refused = sum(len(run.refused) for run in capture.runs)
    asked = sorted({f"{each.method} {each.path}" for run in capture.runs for each in run.requests})
    output.write_line(
        f"    it asked for {', '.join(asked) or 'nothing'}; the relay refused {refused}, and sent nothing"
    )


def _show_runs(capture: Capture) -> None:
    rows: list[tuple[str, ...]] = [("family", "model", "requests", "largest", "answered", "ended")]
    rows += [_row(run) for run in capture.runs]
    if len(rows) == 1:
        return
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(f"    {output.table_line(row, widths)}")
    for finding in dict.fromkeys(each for run in capture.runs for each in run.findings):
        show_finding("   ", finding)
    if any(run.failed and run.family is not None for run in capture.runs):
        output.write_line("    the embedded gateway has none of the vendors' models; the first call is what counts")


def _row(run: CapturedRun) -> tuple[str, ...]:
    largest = max((each.size_bytes for each in run.requests), default=0)
    families = dict.fromkeys(each.family.value for each in run.requests if each.family is not None)
    return (
        ", ".join(families) or "none",
        run.model,
        str(len(run.requests)),
        f"{largest:,} B",
        f"{run.passed} of {run.passed + run.failed}",
        run.ran.words,
    )


def _union(capture: Capture, field: str) -> str:
    return ", ".join(
        dict.fromkeys(word for run in capture.runs for each in run.requests for word in getattr(each, field))
    )


def _change_words(proved: "Proved") -> str:
    if proved.before is None or proved.change is None:
        return "nothing to compare it with"
    words = proved.change.words or "nothing"
    return f"changed since {proved.before.shape_source}: {words}"
