"""Why a run refuses a command, or an event cannot follow."""

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why a command was refused."""

    OVER = "over"
    NOT_WAITING = "not_waiting"
    OTHER_GATE = "other_gate"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    REASON = "reason"
    FOUR_EYES = "four_eyes"
    UNSIGNED = "unsigned"
    """Only the operator's signature is missing; with it the command is allowed."""
    HUMAN = "human"
    OUT_OF_ORDER = "out_of_order"
    BUDGET = "budget"
    ROUTE = "route"
    SECRET = "secret"  # noqa: S105  # a code, not a secret
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused command: nothing happened."""

    code: RefusalCode
    message: str
