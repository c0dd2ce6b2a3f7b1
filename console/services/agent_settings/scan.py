"""All agents' settings on this machine, each read in the agent's own order."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from console.domain.agent_settings.agents import READERS
from console.domain.agent_settings.check import Table, check_agent
from console.domain.agent_settings.literal_key import LiteralKey, literal_keys
from console.domain.agent_settings.reading import Reading
from console.domain.agent_settings.reading_facts import LayerFact, ReadingFacts, reading_facts
from console.domain.agent_settings.source import Level, Source, Stack, State, Tree
from console.domain.agent_settings.state import AgentState, CheckedAgent
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_settings import agent_settings
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.services.agent_settings.called import address, called_by
from console.services.agent_settings.places import Place, files_of
from console.services.agent_settings.read_source import SourceError, parse, read_file
from console.services.agent_settings.version import installed
from console.services.config.settings import Profile
from console.services.instructions.workspace import Workspace

MANAGED = Path("/etc")
_CONTENT = "<text of $"
ENVIRONMENT = "the environment"


def workspace_of(
    repository: Path, directory: Path, environment: Mapping[str, str], home: Path, managed: Path = MANAGED
) -> Workspace:
    """Return where agents are started: real paths, without symbolic links."""
    real = [Path(os.path.realpath(each)) for each in (repository, directory, home, managed)]
    return Workspace(real[0], real[1], real[2], environment, real[3])


async def scan(agents: Sequence[str], workspace: Workspace, profile: Profile, today: date) -> tuple[CheckedAgent, ...]:
    """Read and check the settings of agents, in the order of their ids. Nothing is written, and no agent is run.

    Args:
        agents: The agents' ids.
        workspace: Where they are started.
        profile: The profile with the gateway and the route table.
        today: The date in UTC, for models that retire.

    """
    programs = await asyncio.gather(
        *(installed(agent_settings()[each].program, workspace.environment, workspace.repository) for each in agents)
    )
    checked = []
    for agent, program in zip(agents, programs, strict=True):
        sources = read_sources(reading_facts()[agent], workspace)
        reading = READERS[agent](Stack(sources), reading_facts()[agent].default_url)
        state = AgentState(
            agent_settings()[agent],
            reading_facts()[agent],
            program,
            sources,
            reading,
            called_by(reading),
            tuple(_literals(sources, reading, reading_facts()[agent])),
        )
        checked.append(CheckedAgent(state, check_agent(state, table_for(reading, profile, workspace, today))))
    return tuple(checked)


def _literals(sources: Sequence[Source], reading: Reading, facts: ReadingFacts) -> Iterator[LiteralKey]:
    """Yield the keys in an agent's files; of an `.env` file, which others read too, only those that it takes."""
    used = None if reading.key is None else reading.key.where
    for source in sources:
        for key in literal_keys(source) if source.kind != "environment" else ():
            is_used = used is not None and (used.source.label, used.line) == (source.label, key.line)
            if source.kind != "dotenv" or facts.reads(key.name) or is_used:
                yield key


def table_for(reading: Reading, profile: Profile, workspace: Workspace, today: date) -> Table:
    """Return what a profile has for an agent, with what the facts say of the models that the agent names."""
    base = _base_of(profile, workspace.environment)
    checks: dict[str, RouteCheck] = {}
    family = reading.family
    for said in reading.models if family is not None else ():
        if family is not None:
            route = Route(Role.WRITER, said.text, family, family.standard_path)
            alone = replace(profile, table=RouteTable((route,)))
            checks[said.text] = alone.check(today, workspace.environment)[0]
    return Table(RouteDesk(profile.check(today, workspace.environment)), address(base) if base else None, checks)


def _base_of(profile: Profile, environment: Mapping[str, str]) -> str:
    if profile.is_embedded:
        return ""
    settings = profile.gateway
    return settings.base_url or environment.get((settings.base_url_ref or "").removeprefix("env:"), "")


def read_sources(facts: ReadingFacts, workspace: Workspace) -> tuple[Source, ...]:
    """Read all sources of an agent, the weakest first; the environment is the last, whatever its weight."""
    read: list[Source] = []
    waiting: list[tuple[int, Place]] = []
    for place in files_of(facts.layers, workspace):
        source = _read(place, workspace)
        if place.fact.needs_trust and source.state is not State.ABSENT:
            waiting.append((len(read), place))
        read.append(source)
    for index, _ in waiting:
        if not _is_trusted(facts.agent, read, workspace):
            why = "you have not trusted this project in it, or it does not say so"
            read[index] = replace(read[index], state=State.IGNORED, why=why)
    for fact in facts.layers:
        if fact.path.startswith(_CONTENT):
            read.insert(_index_of(facts, fact, read), _content(fact, workspace.environment))
    variables = dict(workspace.environment)
    is_tried = all(each.is_tried for each in facts.layers if each.kind == "config")
    read.append(Source(ENVIRONMENT, Level.ENVIRONMENT, "environment", tree=Tree(variables), is_tried=is_tried))
    return tuple(each for each in read if each.state is not State.ABSENT)


def _index_of(facts: ReadingFacts, fact: LayerFact, read: Sequence[Source]) -> int:
    """Return where the text of a variable belongs: before the sources of the layers that come over it."""
    above = [each for each in facts.layers[facts.layers.index(fact) + 1 :] if each.kind == "config"]
    count = sum(1 for each in read if each.level is Level.MANAGED and each.kind == "config") if above else 0
    places = [index for index, each in enumerate(read) if each.level is Level.MANAGED and each.kind == "config"]
    return places[0] if count else len(read)


def _read(place: Place, workspace: Workspace) -> Source:
    fact = place.fact
    label = workspace.label(place.path)
    plain = Source(label, fact.level, fact.kind, State.ABSENT, is_store=fact.is_store, is_tried=fact.is_tried)
    try:
        file = read_file(place.path)
        if file is None:
            return plain
        tree = parse(file.text, fact.format)
    except SourceError as error:
        return replace(plain, state=State.BROKEN, why=str(error), line=error.line)
    values = {key: value for key, value in tree.values.items() if key not in fact.ignores}
    found = replace(plain, state=State.READ, tree=Tree(values, tree.line_of), is_open=file.is_open)
    if fact.off_if and workspace.environment.get(fact.off_if, "").lower() in ("1", "true"):
        return replace(found, state=State.IGNORED, why=f"{fact.off_if} is set")
    return (
        replace(found, state=State.IGNORED, why="its command line reads none there") if fact.kind == "unused" else found
    )


def _content(fact: LayerFact, environment: Mapping[str, str]) -> Source:
    variable = fact.path.removeprefix(_CONTENT).removesuffix(">")
    text = environment.get(variable, "")
    found = Source(f"the variable {variable}", fact.level, state=State.ABSENT, is_tried=fact.is_tried)
    if not text:
        return found
    try:
        return replace(found, state=State.READ, tree=parse(text, fact.format))
    except SourceError as error:
        return replace(found, state=State.BROKEN, why=str(error), line=error.line)


def _is_trusted(agent: str, sources: Sequence[Source], workspace: Workspace) -> bool:
    """Return whether the user trusts the project in an agent's own settings."""
    folders = (workspace.directory, *workspace.directory.parents)
    if agent == "gemini":
        if workspace.environment.get("GEMINI_CLI_TRUST_WORKSPACE") == "true":
            return True
        said = {key: value for each in sources if each.kind == "trust" for key, value in each.tree.values.items()}
        return any(said.get(str(each)) == "TRUST_FOLDER" for each in folders) or any(
            said.get(str(each)) == "TRUST_PARENT" for each in _inside(said, folders)
        )
    places = (workspace.directory, workspace.repository)
    own = [each for each in sources if each.level is not Level.PROJECT and each.kind == "config"]
    return any(each.tree.at("projects", str(place), "trust_level") == "trusted" for each in own for place in places)


def _inside(said: Mapping[str, object], folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the listed folders whose parent holds the working directory."""
    for name in said:
        if Path(name).parent in folders:
            yield Path(name)
