"""The document of `agents`: what each agent's own settings call."""

from dataclasses import dataclass
from typing import Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.domain.agent_settings.reading import KeyKind
from console.domain.agent_settings.source import Level, Said, Source, State
from console.domain.agent_settings.state import CheckedAgent, SettingsFinding
from console.domain.relay.refusal import shown
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, kw_only=True)
class PlaceDocument:
    """Where a setting is said."""

    source: str
    """A file, from `~`, the repository or `/` on; `the environment`; or `the variable NAME`."""
    line: int | None
    """From 1; null if the source has no lines."""

    @classmethod
    def of(cls, said: Said | None) -> Self | None:
        """Return the place of a value; None if it is said nowhere."""
        return None if said is None else cls(source=said.source.label, line=said.line)


@dataclass(frozen=True, kw_only=True)
class SettingsSourceDocument:
    """A file or a variable in which the agent looks, and which exists."""

    source: str
    level: Level
    state: State
    why: str | None
    """Why it is ignored or broken; null if it is read."""
    is_tried: bool
    """Whether its place in the order was tried with the real agent."""

    @classmethod
    def of(cls, source: Source) -> Self:
        """Return a source as the document names it."""
        return cls(
            source=source.label,
            level=source.level,
            state=source.state,
            why=source.why or None,
            is_tried=source.is_tried,
        )


@dataclass(frozen=True, kw_only=True)
class AgentModelDocument:
    """A model that the agent names."""

    model: str
    place: PlaceDocument | None

    @classmethod
    def of(cls, said: Said) -> Self:
        """Return a model as the document names it; one that looks like a secret is not shown."""
        return cls(model=shown(said.text), place=PlaceDocument.of(said))


@dataclass(frozen=True, kw_only=True)
class SettingsKeyDocument:
    """How the agent gets its key; never the key."""

    kind: KeyKind
    variable: str | None
    """The variable that holds it; null for all other kinds."""
    is_set: bool | None
    """Whether that variable is set here; null for all other kinds."""
    place: PlaceDocument | None


@dataclass(frozen=True, kw_only=True)
class SettingsFindingDocument(FindingDocument):
    """What is wrong with an agent's settings."""

    place: PlaceDocument | None

    @classmethod
    def of_placed(cls, found: SettingsFinding, agent: str) -> Self:
        """Return a finding on an agent with its place."""
        place = PlaceDocument(source=found.label, line=found.line) if found.label else None
        return cls(**vars(FindingDocument.of(found.finding, agent)), place=place)


@dataclass(frozen=True, kw_only=True)
class AgentSettingsDocument:
    """One agent."""

    agent: str
    name: str
    verdict: Literal["ok", "warn", "fail", "not set up"]
    installed: bool
    version: str | None
    """Of the program on PATH; null if it is not installed or names none."""
    known_version: str
    """The version whose settings are known."""
    checked_on: str
    """ISO date on which that was read or tried."""
    url: str | None
    """What it calls; null if that is not known or cannot be shown."""
    origin: str | None
    """Scheme, host and port of `url`; without a port that the scheme implies."""
    base_url_place: PlaceDocument | None
    """Null if no setting names a base URL: then `url` is the agent's own address."""
    endpoint_family: EndpointFamily | None
    protocol: str | None
    """What it speaks if that is none of the families, or not known."""
    models: tuple[AgentModelDocument, ...]
    """The model for its main work first."""
    key: SettingsKeyDocument | None
    sources: tuple[SettingsSourceDocument, ...]
    """The weakest first; the environment last, whatever its weight."""
    findings: tuple[SettingsFindingDocument, ...]

    @classmethod
    def of(cls, checked: CheckedAgent) -> Self:
        """Return an agent as the document names it."""
        state = checked.state
        reading, called = state.reading, state.called
        return cls(
            agent=state.agent.id,
            name=state.agent.name,
            verdict=checked.verdict,
            installed=state.installed is not None,
            version=(state.installed.version or None) if state.installed is not None else None,
            known_version=state.facts.version,
            checked_on=state.facts.checked_on,
            url=(called.url or None) if called is not None else None,
            origin=(called.site or None) if called is not None else None,
            base_url_place=PlaceDocument.of(reading.base_url),
            endpoint_family=reading.family,
            protocol=reading.protocol or None if reading.family is None else None,
            models=tuple(map(AgentModelDocument.of, reading.models)),
            key=_key(checked),
            sources=tuple(map(SettingsSourceDocument.of, state.sources)),
            findings=tuple(SettingsFindingDocument.of_placed(each, state.agent.id) for each in checked.findings),
        )


def _key(checked: CheckedAgent) -> SettingsKeyDocument | None:
    key = checked.state.reading.key
    if key is None:
        return None
    is_variable = key.kind is KeyKind.VARIABLE and key.where is not None
    name = shown(key.where.text) if is_variable and key.where is not None else None
    return SettingsKeyDocument(
        kind=key.kind, variable=name, is_set=key.is_set if is_variable else None, place=PlaceDocument.of(key.where)
    )


@dataclass(frozen=True, kw_only=True)
class AgentsDocument:
    """What coding agents' own settings call, and whether the route table allows it."""

    schema: Literal["gateway-console/agents/v1"] = "gateway-console/agents/v1"
    profile: str
    agents: tuple[AgentSettingsDocument, ...]

    @classmethod
    def of(cls, profile: str, checked: tuple[CheckedAgent, ...]) -> Self:
        """Return what was found on all agents."""
        return cls(profile=profile, agents=tuple(map(AgentSettingsDocument.of, checked)))
