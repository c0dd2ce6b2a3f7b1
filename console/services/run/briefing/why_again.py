"""Why a role is asked again: what the decision that sent the work back was made on, and its reason."""

from console.domain.answers.role_answer import Critique, Review
from console.domain.errors.category import Category
from console.domain.run.event import GateDecided, GateOpened
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunState
from console.services.run.briefing.texts import RunTexts

_JUDGES = (Gate.REVIEWER, Gate.CRITIC)


async def why_again(state: RunState, texts: RunTexts) -> tuple[str, ...]:
    """Return why the newest plan or draft was sent back: our findings, the judge's, and the operator's reason.

    They are those of the one decision that sent it back: a reason for letting a gate pass is not an order.

    Raises:
        LedgerError: A text was deleted or altered.

    """
    decided = state.decisions[-1].decided if state.decisions else None
    if decided is None or decided.verdict is not GateVerdict.REVISE:
        return ()
    opened = next((each for each in reversed(state.openings) if _is_of(each, decided)), None)
    words: list[str] = []
    if opened is not None and _says_something(opened):
        words += [message for name, message in await texts.notes(opened.notes_sha256) if _is_told(name)]
    if opened is not None and opened.failure is None and decided.gate in _JUDGES:
        answer = await texts.answer_at(state, decided.gate, decided.attempt)
        if isinstance(answer, Review | Critique):
            words += [f"{each.severity}: {each.note} (at: {each.quote})" for each in answer.findings]
    words += [decided.reason] if decided.reason else []
    return tuple(dict.fromkeys(words))


def _is_of(opened: GateOpened, decided: GateDecided) -> bool:
    return (opened.gate, opened.attempt) == (decided.gate, decided.attempt)


def _is_told(finding_id: str) -> bool:
    """Return whether the role that is asked again can do something about a finding: not about calls and decisions."""
    return finding_id not in ("CALL-02", "CALL-03", "INDEP-01", "INDEP-02", "JUDGE-03")


def _says_something(opened: GateOpened) -> bool:
    """Return whether a gate's findings concern the role that is asked again: those of an outage concern no role."""
    return opened.failure is None or (opened.failure is Category.CONTRACT_VIOLATION and opened.gate not in _JUDGES)
