"""The events of a coding agent that writes a run's draft: one turn for each attempt, with calls of its own.

The agent's calls are `CallIntended` and its ends, like those of any role; they name the turn that made them.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.money import Estimate
from console.domain.routes.role import Role
from console.domain.run.gate import Gate
from console.domain.run.pinned import later

OWN_COMMAND = "command"
"""The id of a writer that is a command of the operator's own."""


@dataclass(frozen=True, slots=True)
class AgentWriter:
    """The coding agent that writes a run's drafts, on the route of the writer."""

    agent: str
    """Its id, such as `codex`; `OWN_COMMAND` for a command of the operator's own."""
    call_limit: int
    """The most calls that it may make in one turn."""
    time_limit_s: int
    """The longest that one turn may take, in seconds."""


@dataclass(frozen=True, slots=True)
class OutsideDraft:
    """A draft from outside: the run begins with it, and no model of the run wrote it."""

    sha256: str
    size: int
    """In bytes."""
    made_by: str
    """Who made it, as the operator says; it is not checked."""


class FileGuard(StrEnum):
    """What keeps an agent from the files of this machine, apart from its own directories."""

    NONE = "none"
    LANDLOCK = "landlock"
    """The kernel lets it write to its own directories alone, and hides the operator's home."""
    BUBBLEWRAP = "bubblewrap"
    """The same in namespaces of its own: it sees no other process, and no socket of this machine's programs."""


class NetworkGuard(StrEnum):
    """What keeps an agent from the network."""

    NONE = "none"
    LANDLOCK = "landlock"
    """It can connect by plain TCP to the relay's port alone, on whichever host."""
    NAMESPACE = "namespace"
    """It has a network of its own, in which there is nothing but the relay."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What held an agent while it worked."""

    files: FileGuard
    network: NetworkGuard


@dataclass(frozen=True, slots=True)
class AgentBegun:
    """An agent is about to start; from now on its calls follow."""

    turn_id: str
    role: Role
    gate: Gate
    attempt: int
    fingerprint: str
    """The fingerprint of the route."""
    agent: str
    """As in `AgentWriter`."""
    version: str
    """What it says of its version; empty if it says nothing that can be stored."""
    isolation: Isolation
    brief_sha256: str
    """The hash of the task that it is given."""
    brief_size: int
    content_sha256: str
    """The hash of what the task says, without what is random in it."""

    @property
    def call_id(self) -> str:
        """The id that a permission to repeat names."""
        return self.turn_id

    @property
    def cost(self) -> Estimate:
        """Nothing: each of its calls is set aside on its own."""
        return Estimate(0, 0)


class AgentEnding(StrEnum):
    """How an agent ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    FLOODED = "flooded"
    """It wrote more to its output than it may."""
    CUT_OFF = "cut_off"
    """The operator, or a call that stops a run, ended it."""
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """An agent ended, and none of its processes is left."""

    turn_id: str
    role: Role
    ending: AgentEnding
    exit_code: int | None
    """Negative if a signal ended it; None if it did not end by itself."""
    duration_ms: int
    output_bytes: int
    calls_refused: int
    """The calls that the relay refused; nothing of them was sent."""
    failure: Category | None = None
    """Why its changes cannot be a draft; None if they can."""
    stops: bool = False
    """Whether the failure stops the run."""
    output_sha256: str | None = later(None)
    """The end of what it wrote to its output if its changes are not a draft, stored separately."""

    @property
    def category(self) -> Category:
        """The failure's category."""
        return self.failure or Category.CONTRACT_VIOLATION


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The process that held an agent is gone, and the agent with it: its changes are lost, its calls are recorded."""

    turn_id: str
    role: Role
