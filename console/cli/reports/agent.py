"""What calls in an agent's shape showed, for a person."""

from collections.abc import Iterator, Sequence

from console.cli import output
from console.cli.reports.call import cost_text, show_refusal
from console.cli.reports.finding import show_finding
from console.domain.finding import Severity
from console.domain.probes.agent_contract import ContractVerdict
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.assertion import assertions
from console.view.rung_sign import rung_sign

_VERDICTS = {
    ContractVerdict.HOLDS: ("✓", "hold"),
    ContractVerdict.BROKEN: ("×", "broken"),
    ContractVerdict.NOT_JUDGED: ("?", "not judged"),
}


def show_agents(results: Sequence[AgentResult]) -> None:
    """Write each agent's verdict, beside the verdicts on the roles."""
    for result in results:
        output.write_line()
        about = f"{result.agent} on {result.model}, {result.endpoint_family}"
        output.write_line(f"{about}: {rung_sign(result)}{cost_text(result) if result.requests_sent else ''}")
        output.write_line(f"  routes of {', '.join(result.keys)}")
        if result.source is not None and result.requests_sent:
            output.write_line(f"      sent: {result.source}")
        for note in (*_accepted(result), *result.notes):
            output.write_line(f"      {note}")
        if result.classification is not None:
            show_refusal(result.classification)
        told = "" if result.classification is None else result.classification.evidence
        for finding in dict.fromkeys(result.findings):
            is_shown = finding.severity is not Severity.INFO or finding.id.startswith("AGT-")
            if is_shown and not told.startswith(finding.id):
                show_finding("     ", finding)
        _show_contract(result)


def _accepted(result: AgentResult) -> Iterator[str]:
    """Yield what was accepted, in a line for each kind."""
    kinds: dict[str, list[str]] = {}
    for each in result.accepted:
        kinds.setdefault(each.kind.replace("_", " "), []).append(each.name)
    for kind, names in kinds.items():
        yield f"accepted, {kind}: {', '.join(names)}"


def _show_contract(result: AgentResult) -> None:
    """Write the rows of the vendor's contract: what no call has shown as plainly as what is broken."""
    if not result.contract:
        return
    counts = ", ".join(
        f"{sum(row.verdict is verdict for row in result.contract)} {words}" for verdict, (_, words) in _VERDICTS.items()
    )
    output.write_line(f"      the contract of {result.agent} for gateways: {counts}")
    meanings = {row.id: row.meaning.partition("; not tested: ")[0] for row in assertions()}
    for row in result.contract:
        output.write_line(f"        {_VERDICTS[row.verdict][0]} {row.id}  {meanings[row.id]}")
        output.write_line(f"                  {row.words}")
