"""What is wrong with an agent's settings: held against the gateway, the route table and the facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.domain.agent_settings.reading import KeyKind
from console.domain.agent_settings.source import Level, Said, Source, State
from console.domain.agent_settings.state import AgentState, Called, SettingsFinding
from console.domain.finding import Finding, Severity
from console.domain.relay.admission import Admission, RouteDesk
from console.domain.relay.refusal import RefusedFor, shown
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class Table:
    """What a profile has for agents."""

    desk: RouteDesk
    gateway: Called | None
    """The gateway's base; None if it is the embedded gateway, or its address is not known here."""
    checks: Mapping[str, RouteCheck]
    """What the facts say of each of the agent's models, on the family that it speaks."""


def check_agent(state: AgentState, table: Table) -> tuple[SettingsFinding, ...]:
    """Return the findings on an agent, the most serious first.

    An agent that is neither installed nor set up has none but those on keys that lie in its files.
    """
    found = [*_keys(state), *_files(state)]
    if state.is_set_up or state.installed is not None:
        found += [*_start(state), *_address(state, table), *_protocol(state, table), *_models(state, table)]
        found += _layers(state)
    order = list(Severity)
    return tuple(sorted(found, key=lambda each: order.index(each.finding.severity)))


def _found(
    finding_id: str, severity: Severity, message: str, where: Said | Source | None = None, line: int | None = None
) -> SettingsFinding:
    finding = Finding(finding_id, severity, message)
    match where:
        case Said(source=source, line=own):
            return SettingsFinding(finding, source.label, own)
        case Source():
            return SettingsFinding(finding, where.label, line)
        case _:
            return SettingsFinding(finding)


def _keys(state: AgentState) -> Iterator[SettingsFinding]:
    is_in_use = state.is_set_up or state.installed is not None
    for each in state.literals:
        source = each.source
        if source.kind == "dotenv" and not is_in_use:
            continue  # it is some other program's
        if source.is_store:
            words = f"The agent's own store of credentials holds a key in plain text ({each.name})."
            if source.is_open:
                message = (
                    f"{words} Other users of this machine may read the file. Run chmod 600 on it, and rotate the key."
                )
                yield _found("SET-08", Severity.FAIL, message, source, each.line)
            else:
                yield _found("SET-08", Severity.INFO, words, source, each.line)
            continue
        message = f"A literal key is in the settings ({each.name}). Rotate it, and name a variable or a command instead"
        message += "; other users of this machine may read the file." if source.is_open else "."
        yield _found("SET-07", Severity.FAIL, message, source, each.line)
    key = state.reading.key
    if key is not None and key.kind is KeyKind.COMMAND:
        is_foreign = key.where is not None and key.where.source.level is Level.PROJECT
        severity = Severity.WARN if is_foreign else Severity.INFO
        message = "A command gives the key"
        message += ": it comes from the repository and runs as you. Read it." if is_foreign else "; it was not run."
        yield _found("SET-09", severity, message, key.where)
    if key is not None and key.kind is KeyKind.VARIABLE and not key.is_set and key.where is not None:
        message = f"The key is in the variable {shown(key.where.text)}, which is not set here."
        yield _found("SET-14", Severity.WARN, message, key.where)


def _files(state: AgentState) -> Iterator[SettingsFinding]:
    for source in state.sources:
        if source.state is State.BROKEN:
            message = f"The file {source.why}. Fix it: what the agent calls may differ from what is said here."
            yield _found("SET-10", Severity.FAIL, message, source, source.line)


def _start(state: AgentState) -> Iterator[SettingsFinding]:
    for fault in state.reading.faults:
        yield _found("SET-11", Severity.FAIL, f"{state.agent.name}: {fault.message}.", fault.where)


def _address(state: AgentState, table: Table) -> Iterator[SettingsFinding]:
    reading, called = state.reading, state.called
    said = reading.base_url
    if called is None:
        return
    if called.has_user:
        message = "The base URL holds a user name or a password. Remove it, and rotate the password."
        yield _found("SET-12", Severity.FAIL, message, said)
    if not called.origin and not called.has_user:
        message = "The base URL is not an address that can be called: it needs https:// and a host."
        yield _found("SET-19", Severity.FAIL, message, said)
        return
    if called.is_plain and not called.is_loopback:
        message = "The base URL is plain http to another machine: the key can be read on the way. Write https://."
        yield _found("SET-19", Severity.FAIL, message, said)
    gateway = table.gateway
    is_gateway = gateway is not None and called.origin == gateway.origin
    if said is None:
        message = f"No setting names a base URL, so it calls {called.site}, past the gateway and its route table."
        yield _found("SET-02", Severity.WARN, message)
    elif not is_gateway and not called.is_loopback and called.origin:
        other = "the profile's gateway" if gateway is None else f"the gateway {gateway.site}"
        message = f"It calls {called.site}, not {other} and not the relay on this machine."
        yield _found("SET-01", Severity.FAIL, message, said)
    if said is not None and said.source.level is Level.PROJECT:
        severity = Severity.INFO if is_gateway else Severity.WARN
        message = "The repository's settings decide where it calls, and with it where your key goes."
        yield _found("SET-16", severity, message, said)
    if said is not None and (is_gateway or called.is_loopback):
        yield from _path(state, called, table, is_gateway=is_gateway)


def _path(state: AgentState, called: Called, table: Table, *, is_gateway: bool) -> Iterator[SettingsFinding]:
    """Compare the path with the route's, or with the relay's, which are the standard ones."""
    family = state.reading.family
    if family is None:
        return
    if is_gateway and table.gateway is not None:
        routes = [each for each in table.desk.routes if each.endpoint_family is family]
        prefix = table.gateway.path.rstrip("/")
        wanted = dict.fromkeys(prefix + each.endpoint_path.partition("?")[0] for each in routes)
    else:
        wanted = dict.fromkeys([family.standard_path])
    if wanted and called.path not in wanted:
        path = shown(called.path, is_address=True)
        message = f"It calls the path {path}, and the route's is {next(iter(wanted))}. Correct the base URL."
        yield _found("SET-21", Severity.FAIL, message, state.reading.base_url)


def _protocol(state: AgentState, table: Table) -> Iterator[SettingsFinding]:
    reading = state.reading
    if (
        reading.family is None
        and reading.protocol
        and (reading.base_url is not None or reading.family_from is not None or state.agent.foreign is not None)
    ):
        message = (
            f"It speaks {reading.protocol}, which no route has: the relay refuses it, and nothing here is checked."
        )
        yield _found("SET-20", Severity.WARN, message, reading.family_from)


def _models(state: AgentState, table: Table) -> Iterator[SettingsFinding]:
    reading = state.reading
    if reading.family is None:
        return
    if not reading.models:
        message = "No setting names a model, so the agent's own default is called, which may be in no route."
        yield _found("SET-18", Severity.WARN, message)
    for said in reading.models:
        yield from _model(said, reading.family, state, table)


def _model(said: Said, family: EndpointFamily, state: AgentState, table: Table) -> Iterator[SettingsFinding]:
    name = shown(said.text)
    is_relay = state.called is not None and state.called.is_loopback and state.called.origin != _origin(table)
    answer = table.desk.admit(family, said.text)
    is_role = isinstance(answer, Admission) and answer.is_named_by_role
    check = table.checks.get(said.text)
    is_drift = check is not None and check.verdict is Verdict.DRIFT
    if is_role and not is_relay:
        message = f"It names the role {name} as its model: only the relay knows roles, a gateway wants a model's name."
        yield _found("SET-03", Severity.FAIL, message, said)
    elif not isinstance(answer, Admission) and state.reading.base_url is not None:
        if answer.reason is RefusedFor.MODEL:
            yield _found("SET-03", Severity.FAIL, f"No route of the table has the model {name}.", said)
        elif not is_drift:
            routes = [each for each in table.desk.routes if said.text in (each.key, each.model)]
            others = ", ".join(dict.fromkeys(each.endpoint_family for each in routes)) or "another family"
            message = f"It calls the model {name} on {family}, and the route table has it on {others}."
            yield _found("SET-04", Severity.FAIL, message, said)
    if check is None or is_role:
        return
    for each in check.findings:
        if each.id in ("ROUTE-03", "ROUTE-05"):
            wanted = check.required_family or check.fact.tools_with_reasoning
            message = f"It calls the model {name} on {family}; by the facts it needs {wanted}."
            severity = Severity.FAIL if each.severity is Severity.FAIL else Severity.WARN
            finding = Finding("SET-05", severity, message, each.source_url, each.checked_on)
            yield SettingsFinding(finding, said.source.label, said.line)
        elif each.id == "MOD-06" and each.severity is not Severity.INFO:
            retirement = check.retirement
            when = "" if retirement is None else f" on {retirement.row.retires_on}"
            verb = "was retired" if each.severity is Severity.FAIL else "is retired soon,"
            message = f"The model {name} {verb}{when} by its provider. Choose another one, in the route table too."
            finding = Finding("SET-06", each.severity, message, each.source_url, each.checked_on)
            yield SettingsFinding(finding, said.source.label, said.line)


def _origin(table: Table) -> str:
    return "" if table.gateway is None else table.gateway.origin


def _layers(state: AgentState) -> Iterator[SettingsFinding]:
    reading = state.reading
    for each in reading.overridden:
        if reading.base_url is not None and each.text != reading.base_url.text:
            message = f"This base URL does not count: {reading.base_url.source.label} says another one and is stronger."
            yield _found("SET-15", Severity.WARN, message, each)
    for source in state.sources:
        if source.state is State.IGNORED:
            yield _found("SET-22", Severity.INFO, f"The agent does not use this file: {source.why}.", source)
    untried = any(
        not each.is_tried for each in state.sources if each.state is State.READ and each.level is not Level.ENVIRONMENT
    )
    if untried:
        message = "The order of its sources is from documentation or source code; it was not tried with the agent."
        finding = Finding("SET-17", Severity.INFO, message, state.facts.source, state.facts.checked_on)
        yield SettingsFinding(finding)
    for words in state.facts.unseen:
        yield _found("SET-13", Severity.INFO, f"Not readable from here: {words}.")
