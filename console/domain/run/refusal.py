"""Why a command of a run is not carried out, or an event cannot follow."""

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why a command was not carried out."""

    OVER = "over"
    NOT_WAITING = "not_waiting"
    OTHER_GATE = "other_gate"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    REASON = "reason"
    FOUR_EYES = "four_eyes"
    UNSIGNED = "unsigned"
    """Only the operator's signature is missing: with it the command is carried out."""
    HUMAN = "human"
    OUT_OF_ORDER = "out_of_order"
    BUDGET = "budget"
    ROUTE = "route"
    SECRET = "secret"  # noqa: S105  # a code, no secret
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was not carried out: nothing happened."""

    code: RefusalCode
    message: str
