"""What calls in an agent's shape showed, for a person."""

from collections.abc import Sequence

from console.cli import output
from console.cli.reports.call import cost_text, show_refusal
from console.cli.reports.finding import show_finding
from console.domain.finding import Severity
from console.domain.probes.agent_result import AgentResult
from console.view.rung_sign import rung_sign


def show_agents(results: Sequence[AgentResult]) -> None:
    """Write each agent's verdict, beside the verdicts on the roles."""
    for result in results:
        output.write_line()
        about = f"{result.agent} on {result.model}, {result.endpoint_family}"
        output.write_line(f"{about}: {rung_sign(result)}{cost_text(result) if result.requests_sent else ''}")
        output.write_line(f"  routes of {', '.join(result.keys)}")
        for note in result.notes:
            output.write_line(f"      {note}")
        if result.classification is not None:
            show_refusal(result.classification)
        told = "" if result.classification is None else result.classification.evidence
        for finding in dict.fromkeys(result.findings):
            is_shown = finding.severity is not Severity.INFO or finding.id.startswith("AGT-")
            if is_shown and not told.startswith(finding.id):
                show_finding("     ", finding)
