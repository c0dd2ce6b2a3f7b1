"""A smoke test's end, for a person and as JSON."""

from collections.abc import Sequence

from console.cli import output
from console.cli.reports.classification import classification_document
from console.cli.reports.finding import finding_document, show_finding
from console.domain.finding import Severity
from console.domain.probes.smoke import SmokeResult
from console.view.call_sign import result_sign
from console.view.explanation import reading_lines


def show_result(result: SmokeResult, widths: Sequence[int]) -> None:
    """Write one smoke test's end for a person."""
    cells = (str(result_sign(result)), result.role, result.model, result.endpoint_family)
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
            show_finding("   ", finding)


def _figures(result: SmokeResult) -> str:
    if result.total_ms is None:
        return ""
    ttft = "ttft      -   " if result.ttft_ms is None else f"ttft {result.ttft_ms:6.0f} ms"
    parts = [ttft, f"total {result.total_ms:6.0f} ms"]
    if result.output_tokens is not None:
        parts.append(f"{'?' if result.input_tokens is None else result.input_tokens} in {result.output_tokens} out")
    if result.finish is not None:
        parts.append(result.finish)
    return "  ".join(parts)


def result_document(result: SmokeResult) -> dict[str, object]:
    """Return a smoke result as the JSON documents name it; times in milliseconds."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 1)

    classification = result.classification
    return {
        "role": result.role.value,
        "model": result.model,
        "model_reported": result.model_reported,
        "served_as": result.service.served_as.value if result.service else None,
        "shape": result.shape.value,
        "endpoint_family": result.endpoint_family,
        "endpoint_path": result.endpoint_path,
        "status": result.status.value,
        **classification_document(classification),
        "http_status": result.http_status,
        "requests_sent": result.requests_sent,
        "request_written_ms": rounded(result.request_written_ms),
        "first_byte_ms": rounded(result.first_byte_ms),
        "ttft_ms": rounded(result.ttft_ms),
        "total_ms": rounded(result.total_ms),
        "input_tokens": result.input_tokens,
        "output_tokens": result.output_tokens,
        "finish": result.finish,
        "request_id": result.request_id,
        "findings": [finding_document(finding) for finding in result.findings],
    }
