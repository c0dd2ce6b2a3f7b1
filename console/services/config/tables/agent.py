"""The settings of what holds for coding agents: those behind the relay, and those that write a run's drafts."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from console.services.config.field_types import OwnCommand, OwnDirectories, Seconds
from console.services.config.settings import AgentSettings, RelaySettings
from console.services.config.tables.table import Table


class RelayModel(Table):
    """`[profiles.NAME.relay]`: what `gateway-console relay` holds coding agents to."""

    suspected_secrets: Literal["refuse", "pass"] = RelaySettings.suspected_secrets
    """What happens to a call that seems to hold a secret. A token that this console knows is never sent."""
    max_output_tokens: Annotated[int, Strict(), Field(ge=256, le=1_000_000)] = RelaySettings.max_output_tokens
    """What an answer is taken to need if the agent sets no limit: so much of the budget is set aside, and a longer
    answer is cut off. Reasoning that the gateway hides is not seen, so it cannot be cut off."""
    breaker_s: Annotated[float, Strict(), Field(ge=0, le=86_400)] = RelaySettings.breaker_s
    """How long a route takes no call after the gateway refused it for its account, its model or its family, in seconds.
    Calls within this time are answered with the cause and not sent; 0 sends each."""
    calls_at_once: Annotated[int, Strict(), Field(ge=1, le=500)] = RelaySettings.calls_at_once
    """The most calls of one agent in flight."""
    deadline_s: Seconds = RelaySettings.deadline_s
    """The longest that one relayed call may take in total, in seconds. An agent that waits less long ends it itself."""
    idle_timeout_s: Seconds = RelaySettings.idle_timeout_s
    """The longest that a relayed call may wait for the next bytes, in seconds: a model may think for minutes in
    silence before an agent's turn. The gateway's own `deadline_s` and `idle_timeout_s` do not hold for relayed
    calls."""


class AgentModel(Table):
    """`[profiles.NAME.agent]`: what holds for a coding agent that writes the drafts of a run."""

    command: OwnCommand = AgentSettings.command
    """The command of `run start --writer command`: your own agent. It gets the task on stdin and the settings of an
    OpenAI or Anthropic SDK in its environment. It is split into words as a shell would, but run without one."""
    time_limit_s: Annotated[int, Strict(), Field(ge=10, le=86_400)] = AgentSettings.time_limit_s
    """The longest that an agent may work on one draft, in seconds."""
    calls: Annotated[int, Strict(), Field(ge=1, le=10_000)] = AgentSettings.calls
    """The most calls that an agent may make for one draft."""
    readable: OwnDirectories = AgentSettings.readable
    """Directories that an agent may read although they are hidden from it, each absolute or from `~/`: all homes are
    hidden. Where the agent is installed needs no entry, and a directory around your home is not shown."""
    isolation: Literal["ask", "required"] = AgentSettings.isolation
    """What happens where neither bubblewrap nor the kernel's Landlock can hold an agent: its draft waits for a person,
    or the run cannot begin."""
