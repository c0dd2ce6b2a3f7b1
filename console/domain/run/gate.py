"""Gates: the points of a run at which something can block the result, and what may be said at them."""

from enum import StrEnum

from console.domain.routes.role import Role


class Gate(StrEnum):
    """A point where a run waits or may be blocked, in the order of a run."""

    INSTRUCTION = "instruction"
    PREFLIGHT = "preflight"
    PLANNER = "planner"
    WRITER = "writer"
    SOURCE_CHECK = "source_check"
    REVIEWER = "reviewer"
    CRITIC = "critic"
    CANDIDATE = "candidate"

    @property
    def words(self) -> str:
        """Return what a person calls the gate."""
        return "instruction source" if self is Gate.INSTRUCTION else self.value.replace("_", " ")

    @property
    def after(self) -> "Gate | None":
        """Return the gate that follows when this one says ready; None after the last."""
        order = list(Gate)
        place = order.index(self) + 1
        return order[place] if place < len(order) else None


class GateVerdict(StrEnum):
    """What is said at a gate, from the best to the worst."""

    READY = "ready"
    REVISE = "revise"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Return 0 for the best verdict and more for a worse one."""
        return list(GateVerdict).index(self)


def worst(*verdicts: GateVerdict) -> GateVerdict:
    """Return the worst of some verdicts; ready where there is none."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=GateVerdict.READY)


GATES_WITH_A_CALL = frozenset({Gate.PLANNER, Gate.WRITER, Gate.REVIEWER, Gate.CRITIC})
"""The gates whose work is a model's: the only ones at which a call is paid for."""

_ALLOWED = {
    Gate.INSTRUCTION: (GateVerdict.READY, GateVerdict.BLOCK),
    Gate.PREFLIGHT: (),
    Gate.CANDIDATE: (GateVerdict.READY, GateVerdict.BLOCK),
}


def allowed_verdicts(gate: Gate) -> tuple[GateVerdict, ...]:
    """Return what an operator may say at a gate: there is nothing to revise where no model wrote anything.

    The preflight takes no decision: what it finds stops the run, or the run goes on.
    """
    return _ALLOWED.get(gate, tuple(GateVerdict))


def role_at(gate: Gate, attempt: int) -> Role | None:
    """Return the role whose route does the work of a gate; None where no model does it.

    Args:
        gate: The gate.
        attempt: Which writer pass it is, counted from 1: later drafts come from the revision route.

    """
    match gate:
        case Gate.PLANNER:
            return Role.PLANNER
        case Gate.WRITER:
            return Role.WRITER if attempt == 1 else Role.REVISION
        case Gate.REVIEWER:
            return Role.REVIEWER
        case Gate.CRITIC:
            return Role.CRITIC
        case _:
            return None
