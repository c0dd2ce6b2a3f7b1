"""Gates: the points of a run where the result can be blocked, and the verdicts allowed there."""

from enum import StrEnum

from console.domain.routes.role import Role


class Gate(StrEnum):
    """A point where a run waits or can be blocked, in the order of a run."""

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
        """The gate's name for people."""
        return "instruction source" if self is Gate.INSTRUCTION else self.value.replace("_", " ")

    @property
    def after(self) -> "Gate | None":
        """The gate that follows after ready; None after the last."""
        return _AFTER[self]


_AFTER: dict[Gate, Gate | None] = dict(zip(Gate, (*list(Gate)[1:], None), strict=True))


class GateVerdict(StrEnum):
    """The verdict at a gate, from best to worst."""

    READY = "ready"
    REVISE = "revise"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """The rank: 0 for the best verdict, higher for a worse one."""
        return list(GateVerdict).index(self)


def worst(*verdicts: GateVerdict) -> GateVerdict:
    """Return the worst of some verdicts; ready if there are none."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=GateVerdict.READY)


GATES_WITH_A_CALL = frozenset({Gate.PLANNER, Gate.WRITER, Gate.REVIEWER, Gate.CRITIC})
"""The gates where a model does the work: the only ones with paid calls."""

_ALLOWED = {
    Gate.INSTRUCTION: (GateVerdict.READY, GateVerdict.BLOCK),
    Gate.PREFLIGHT: (GateVerdict.READY, GateVerdict.BLOCK),
    Gate.CANDIDATE: (GateVerdict.READY, GateVerdict.BLOCK),
}


_ALL = tuple(GateVerdict)


def allowed_verdicts(gate: Gate) -> tuple[GateVerdict, ...]:
    """Return the verdicts that an operator may give at a gate: without a model's work there is nothing to revise.

    The preflight waits for a decision only if it found something that needs a person; mostly it stops the run, or the
    run goes on.
    """
    return _ALLOWED.get(gate, _ALL)


def role_at(gate: Gate, attempt: int) -> Role | None:
    """Return the role whose route does the work of a gate; None if no model does.

    Args:
        gate: The gate.
        attempt: The writer pass, counted from 1: later drafts come from the revision route.

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
