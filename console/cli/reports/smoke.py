"""A smoke test's result, for a person."""

from collections.abc import Sequence

from console.cli import output
from console.cli.reports.finding import show_finding
from console.domain.finding import Severity
from console.domain.probes.smoke import SmokeResult
from console.view.call_sign import result_sign, ttft_figure
from console.view.explanation import reading_lines


def show_result(result: SmokeResult, widths: Sequence[int]) -> None:
    """Write one smoke test's result for a person."""
    cells = (str(result_sign(result)), result.key, result.model, result.endpoint_family)
    output.write_line(output.table_line((*cells, _figures(result)), (*widths, 0)))
    if result.classification is not None:
        if result.requests_sent:
            status = "no reply" if result.http_status is None else result.http_status
            request = f" · {result.request_id}" if result.request_id else ""
            output.write_line(f"    POST {result.endpoint_path} → {status}{request}")
        why, *further = reading_lines(result.classification)
        output.write_line(f"    {result.classification.category}: {why}")
        for words in further:
            output.write_line(f"    {words}")
    for finding in result.findings:
        is_told = result.classification is not None and result.classification.evidence.startswith(finding.id)
        if finding.severity is not Severity.INFO and not is_told:
            show_finding(f"    {result.key}", finding)


def _figures(result: SmokeResult) -> str:
    if result.total_ms is None:
        return ""
    ttft = "ttft      -   " if result.ttft_ms is None else f"ttft {ttft_figure(result, result.ttft_ms):>6} ms"
    parts = [ttft, f"total {result.total_ms:6.0f} ms"]
    if result.output_tokens is not None:
        parts.append(f"{'?' if result.input_tokens is None else result.input_tokens} in {result.output_tokens} out")
    if result.finish is not None:
        parts.append(result.finish)
    return "  ".join(parts)
