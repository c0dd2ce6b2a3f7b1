"""What became of an agent that was to be proven: its shapes, what has changed in them, and where they are kept."""

from dataclasses import dataclass, replace
from pathlib import Path

from console.domain.facts.row import FactsError
from console.domain.probes.agent import Agent, agents
from console.domain.probes.agent_capture import AgentChange, change_between
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.agent_settings import AgentSettings
from console.services.agent_capture.capture import Capture, CaptureOrder, capture_agent
from console.services.facts.captured import keep_agent, known_agent
from console.services.system.os_reason import os_reason


@dataclass(frozen=True, slots=True)
class Proved:
    """What became of one agent."""

    settings: AgentSettings
    capture: Capture | None
    """None if it is not installed."""
    before: Agent | None = None
    """What its shapes are compared with: those captured last, or else those that came with the console."""
    change: AgentChange | None = None
    kept: Path | None = None
    """Where its shapes are kept."""

    @property
    def id(self) -> str:
        """The agent's id, as `--agent` takes it."""
        return self.settings.id.replace("_", "-")

    @property
    def is_refused(self) -> bool:
        """Whether it speaks none of the families, so that the relay refused it."""
        return self.settings.foreign is not None


async def prove_agent(settings: AgentSettings, program: Path | None, order: CaptureOrder) -> Proved:
    """Capture an agent, compare its shapes with those known before, and keep them.

    Args:
        settings: How it is set up.
        program: Its program; None if it is not installed.
        order: Where and how to capture it.

    Raises:
        Problem: Its home cannot be written, or its shapes cannot be kept.

    """
    if program is None:
        return Proved(settings, None)
    known = agents().get(settings.id.replace("_", "-"))
    before = None if known is None else known_agent(known.id, order.environment).agent
    try:
        capture = await capture_agent(settings, program, known, order)
    except OSError as error:
        words = f"the home of an agent cannot be written: {os_reason(error)}. Set TMPDIR to another directory"
        raise Problem(words, ProblemKind.FAILED) from None
    if capture.agent is None:
        return Proved(settings, capture, before)
    try:
        kept = keep_agent(capture.agent, order.environment)
    except FactsError as error:
        return Proved(settings, replace(capture, agent=None, problem=f"its shapes cannot be kept: {error}"), before)
    return Proved(settings, capture, before, change_between(before, capture.agent) if before else None, kept)
