"""What is known of one agent on this machine: whether it is installed, what it reads, and what it will call."""

from dataclasses import dataclass
from typing import Literal

from console.domain.agent_settings.literal_key import LiteralKey
from console.domain.agent_settings.reading import Reading
from console.domain.agent_settings.reading_facts import ReadingFacts
from console.domain.agent_settings.source import Level, Source, State
from console.domain.finding import Finding, Severity
from console.domain.relay.agent_settings import AgentSettings


@dataclass(frozen=True, slots=True)
class Called:
    """An address that an agent will call, taken apart."""

    url: str
    """The whole address without a user name, a password or a query; empty if it cannot be read."""
    origin: str = ""
    """Scheme, host and port in the one form in which origins are compared; empty if it has none."""
    site: str = ""
    """The same for a person, without a port that the scheme implies."""
    path: str = ""
    is_loopback: bool = False
    is_plain: bool = False
    """Whether it is plain http."""
    has_user: bool = False
    """Whether it has a user name or a password in it."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An agent's program on PATH."""

    path: str
    version: str
    """Empty if it names none."""
    why_no_version: str = ""


@dataclass(frozen=True, slots=True)
class SettingsFinding:
    """A finding, and where it is."""

    finding: Finding
    label: str = ""
    """The source's name; empty if it is in none."""
    line: int | None = None

    @property
    def place(self) -> str:
        """Where it is, for a person; empty if nowhere."""
        return self.label if self.line is None else f"{self.label}, line {self.line}"


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent."""

    agent: AgentSettings
    facts: ReadingFacts
    installed: Installed | None
    sources: tuple[Source, ...]
    reading: Reading
    called: Called | None
    """Where it calls; None if it calls nothing that is known."""
    literals: tuple[LiteralKey, ...] = ()

    @property
    def is_set_up(self) -> bool:
        """Whether settings of its own say anything, or cannot be read; variables that others read too do not count."""
        if any(each.state is State.BROKEN for each in self.sources) or self.reading.faults:
            return True
        said = (self.reading.base_url, self.reading.family_from, *self.reading.models)
        own = [each for each in said if each is not None and each.source.level is not Level.ENVIRONMENT]
        return bool(own) or (self.facts.has_own_variables and any(said))


@dataclass(frozen=True, slots=True)
class CheckedAgent:
    """An agent, and what is wrong with its settings."""

    state: AgentState
    findings: tuple[SettingsFinding, ...]

    @property
    def verdict(self) -> Literal["ok", "warn", "fail", "not set up"]:
        """The verdict as a word: `ok`, `warn`, `fail`, or `not set up` if it has no settings and is not installed."""
        severities = {each.finding.severity for each in self.findings}
        if Severity.FAIL in severities:
            return "fail"
        if not self.state.is_set_up and self.state.installed is None:
            return "not set up"
        return "warn" if Severity.WARN in severities else "ok"
