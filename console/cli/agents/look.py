"""The settings of agents and what is wrong with them, for a person or as a document."""

import argparse

from console.cli import output
from console.cli.agents.subject import AGENTS, workspace
from console.cli.context import current
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.profile import chosen_profile, same_profile
from console.domain.agent_settings.reading import KeyKind, Reading
from console.domain.agent_settings.state import CheckedAgent, SettingsFinding
from console.domain.finding import Severity
from console.domain.relay.refusal import shown
from console.domain.text.safe import safe
from console.services.agent_settings.scan import scan
from console.view.finding_sign import severity_sign

_CODES = {
    "SET-04": ExitCode.DRIFT,
    "SET-05": ExitCode.DRIFT,
    "SET-07": ExitCode.REFUSED,
    "SET-08": ExitCode.REFUSED,
    "SET-10": ExitCode.CONFIG,
    "SET-12": ExitCode.REFUSED,
}
"""The exit codes of findings that fail; of all others, it is 1."""


async def look(arguments: argparse.Namespace, named: tuple[str, ...]) -> ExitCode:
    """Show the agents, and return the exit code of their findings. Raises `Problem`."""
    profile = chosen_profile(arguments, uses_gateway=False)
    checked = await scan(named or AGENTS, workspace(arguments), profile, current().today())
    code = code_of(checked)
    if arguments.json:
        from console.cli.reports.documents.agents.settings import AgentsDocument

        output.write_document(AgentsDocument.of(profile.name, checked))
        return code
    heads = [(each.state.agent.name, each.verdict, _installed(each)) for each in checked]
    widths = output.column_widths(heads)
    for each, head in zip(checked, heads, strict=True):
        output.write_line(output.table_line(head, widths))
        _show(each, is_whole=bool(named))
    count = sum(1 for each in checked for finding in each.findings if finding.finding.severity is Severity.FAIL)
    output.note(f"profile {safe(profile.name, limit=40)}: {count} finding(s) fail")
    if count:
        output.note(f"the settings that match: gateway-console{same_profile(arguments)} agents --settings AGENT")
    return code


def code_of(checked: tuple[CheckedAgent, ...]) -> ExitCode:
    """Return the exit code of all findings."""
    fails = (each.finding for agent in checked for each in agent.findings if each.finding.severity is Severity.FAIL)
    return most_actionable(_CODES.get(each.id, ExitCode.FAILED) for each in fails)


def _show(checked: CheckedAgent, *, is_whole: bool) -> None:
    state = checked.state
    if checked.verdict == "not set up" and not is_whole and not checked.findings:
        return
    reading = state.reading
    rows = [("calls", _calls(checked)), ("family", _family(reading))]
    rows += [("model", f"{shown(each.text)}  ({_place(each.source.label, each.line)})") for each in reading.models]
    rows.append(("key", _key(reading)))
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line("  " + output.table_line(row, widths))
    for finding in checked.findings:
        if finding.finding.severity is not Severity.INFO or is_whole:
            _show_finding(finding)


def _show_finding(found: SettingsFinding) -> None:
    finding = found.finding
    place = f"{found.place}: " if found.place else ""
    source = f"  ({finding.source_url}, read {finding.checked_on})" if finding.source_url else ""
    output.write_line(f"  {severity_sign(finding.severity)}  {finding.id}  {place}{finding.message}{source}")


def _installed(checked: CheckedAgent) -> str:
    found = checked.state.installed
    if found is None:
        return "not installed"
    return f"installed {found.version}" if found.version else f"installed, version not known: {found.why_no_version}"


def _calls(checked: CheckedAgent) -> str:
    state = checked.state
    if state.called is None:
        return f"not known: {state.reading.protocol or 'no setting says where'}"
    said = state.reading.base_url
    where = "its own address, no setting says another" if said is None else _place(said.source.label, said.line)
    return f"{state.called.url or 'an address that is not shown'}  ({where})"


def _family(reading: Reading) -> str:
    return reading.protocol if reading.family is None else reading.family.value


def _key(reading: Reading) -> str:
    key = reading.key
    if key is None:
        return "none is named"
    place = "" if key.where is None else f"  ({_place(key.where.source.label, key.where.line)})"
    match key.kind:
        case KeyKind.LITERAL:
            return f"written into a file{place}"
        case KeyKind.STORE:
            return f"in the agent's own store{place}"
        case KeyKind.COMMAND:
            return f"printed by a command{place}"
        case KeyKind.VARIABLE:
            name = "" if key.where is None else shown(key.where.text)
            return f"in the variable {name}{'' if key.is_set else ', which is not set'}{place}"


def _place(label: str, line: int | None) -> str:
    return label if line is None else f"{label}, line {line}"
