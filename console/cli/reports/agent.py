"""What calls in an agent's shape showed, for a person."""

from collections.abc import Sequence

from console.cli import output
from console.cli.reports.finding import show_finding
from console.domain.finding import Severity
from console.domain.money import usd_text
from console.domain.probes.agent_result import AgentResult
from console.view.explanation import reading_lines
from console.view.rung_sign import rung_sign


def show_agents(results: Sequence[AgentResult]) -> None:
    """Write each agent's verdict, beside the verdicts on the roles."""
    for result in results:
        output.write_line()
        about = f"{result.agent} on {result.model}, {result.endpoint_family}"
        output.write_line(f"{about}: {rung_sign(result)}{_cost(result)}")
        output.write_line(f"  routes of {', '.join(result.roles)}")
        for note in result.notes:
            output.write_line(f"      {note}")
        if result.classification is not None:
            why, *further = reading_lines(result.classification)
            output.write_line(f"      {result.classification.category}: {why}")
            for words in further:
                output.write_line(f"      {words}")
        told = "" if result.classification is None else result.classification.evidence
        for finding in dict.fromkeys(result.findings):
            is_shown = finding.severity is not Severity.INFO or finding.id.startswith("AGT-")
            if is_shown and not told.startswith(finding.id):
                show_finding("     ", finding)


def _cost(result: AgentResult) -> str:
    if not result.requests_sent:
        return ""
    tokens = "tokens unknown" if result.tokens is None else f"{result.tokens} tokens"
    price = "price unknown" if result.price_after_microusd is None else usd_text(result.price_after_microusd)
    return f": {tokens}, {price} ({result.price_before})"
