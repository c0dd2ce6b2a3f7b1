"""What an agent's settings add up to: where it calls, how, which models, and where its keys are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.agent_settings.source import Said
from console.domain.routes.family import EndpointFamily


class KeyKind(StrEnum):
    """How an agent gets its key."""

    LITERAL = "literal"
    """It is written into a file of settings."""
    STORE = "store"
    """It is in a file that the agent writes its credentials to."""
    VARIABLE = "variable"
    COMMAND = "command"
    """A program prints it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, by its place; never its text."""

    kind: KeyKind
    where: Said | None
    """Where it is, or is named; its text is the variable's name for `VARIABLE`, and empty for all others."""
    is_set: bool = True
    """For a variable: whether it is set here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Settings with which the agent does not start, or does not do what they say."""

    message: str
    where: Said | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What an agent will really call."""

    default_url: str
    """The base that it calls if no setting names one; empty if it then calls nothing."""
    base_url: Said | None = None
    overridden: tuple[Said, ...] = ()
    """Other base URLs that are said and do not count, because a stronger source says another one."""
    ending: str = ""
    """What it adds to the base."""
    family: EndpointFamily | None = None
    family_from: Said | None = None
    protocol: str = ""
    """What it speaks if that is none of the families, or not known."""
    models: tuple[Said, ...] = ()
    """The models that it names, the one for its main work first."""
    key: Key | None = None
    faults: tuple[Fault, ...] = ()


ENDINGS: Mapping[EndpointFamily, str] = {
    EndpointFamily.RESPONSES: "/responses",
    EndpointFamily.ANTHROPIC_MESSAGES: "/messages",
    EndpointFamily.CHAT_COMPLETIONS: "/chat/completions",
}
"""What most clients add to a base that has the version part."""
