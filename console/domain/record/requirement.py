"""Requirements of a record: what a merge gate, or a colleague, wants to hold of a run before relying on it."""

from dataclasses import dataclass

from console.domain.record.record import Record
from console.domain.run.gate import Gate, GateVerdict

SIGNED, FOUR_EYES, NO_OVERRIDE, INDEPENDENCE = "signed", "four-eyes", "no-override", "independence"
FORMS = f"{SIGNED}, {FOUR_EYES}, {NO_OVERRIDE}, {INDEPENDENCE}=0 to 3, or a gate and its verdict as in critic=ready"


class RequirementFormError(ValueError):
    """A text is not a requirement; the message says which forms there are."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that has to hold of a run."""

    name: str
    """One of the names above, or a gate's."""
    value: str = ""
    """The least level, or the gate's verdict; empty for the others."""

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.name}={self.value}" if self.value else self.name


def read_requirement(text: str) -> Requirement:
    """Return the requirement that a text states.

    Raises:
        RequirementFormError: It states none.

    """
    name, _, value = text.partition("=")
    gates, verdicts = [each.value for each in Gate], [each.value for each in GateVerdict]
    is_known = (
        (name in (SIGNED, FOUR_EYES, NO_OVERRIDE) and text == name)
        or (name == INDEPENDENCE and value in ["0", "1", "2", "3"])
        or (name in gates and value in verdicts)
    )
    if not is_known:
        raise RequirementFormError(f"wants {FORMS}; the gates are {', '.join(gates)}")
    return Requirement(name, value)


def why_unmet(requirement: Requirement, record: Record, *, is_signed: bool) -> str | None:
    """Return why a record does not meet a requirement; None if it does.

    Args:
        requirement: What has to hold.
        record: The run's record, from lines that were verified.
        is_signed: Whether valid signatures cover the whole run.

    """
    match requirement.name:
        case "signed":
            return None if is_signed else "valid signatures do not cover all of the run"
        case "four-eyes":
            return None if record.four_eyes else "two operators, told apart by their keys, did not pass the candidate"
        case "no-override":
            over = [f"{each.gate}, attempt {each.attempt}" for each in record.gates if each.is_override]
            return f"an operator decided better than the computed verdict at {'; '.join(over)}" if over else None
        case "independence":
            return _why_dependent(record, int(requirement.value))
        case gate:
            return _why_not_decided(record, gate, requirement.value)


def _why_dependent(record: Record, least: int) -> str | None:
    if not record.independence:
        return "no judge was compared with the author of the draft"
    close = [f"{pair} is {level}" for pair, level in record.independence if level < least]
    if close:
        return ", ".join(close)
    if least and record.unproven_independence:
        return f"unproven, because names may be aliases: {', '.join(record.unproven_independence)}"
    return None


def _why_not_decided(record: Record, gate: str, verdict: str) -> str | None:
    newest = next((each for each in reversed(record.gates) if each.gate == gate), None)
    if newest is None:
        return "the run did not reach the gate"
    if newest.decided is None:
        return "nothing is decided at the gate"
    return None if newest.decided == verdict else f"the decision is {newest.decided}"
