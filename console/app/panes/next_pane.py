"""The pane of next steps: what can be done now with the run in view, with which key, and with what result."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.geometry import Size

from console.app.actions import action_named
from console.app.widgets.line import Line, Span, cell, dim, fit, line
from console.app.widgets.line_pane import LinePane
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase
from console.domain.run.terms import terms_of
from console.view.console_state import ConsoleState
from console.view.run_words import agent_words
from console.view.sign import Tone

if TYPE_CHECKING:
    from console.domain.run.state import RunState

_VERDICT_KEYS = {GateVerdict.READY: "run.ready", GateVerdict.REVISE: "run.revise", GateVerdict.BLOCK: "run.block"}


class NextPane(LinePane):
    """The pane below the others on the run screen."""

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="next", can_focus=False)

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line for each possible action."""
        return tuple(next_lines(state, size.width))


def next_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield what can be done now; a key that does not work is left out, and says why when pressed."""
    reasons: list[str] = []
    has_any = False
    for action_id, words in _possible(state):
        action = action_named(action_id)
        if (reason := action.why_not(state, 0)) is not None:
            reasons.append(reason)
            continue
        has_any = True
        yield line(cell(f"{action.shown_key} {action.label}", 18, Tone.ACCENT), Span(fit(words, width - 18)))
    if reasons and not has_any:
        yield line(dim(fit(reasons[0], width)))
    bound = _bound_to(state)
    if bound:
        yield line(dim(fit(bound, width)))


def _possible(state: ConsoleState) -> Iterator[tuple[str, str]]:
    run = None if state.run is None else state.run.state
    if run is None or state.run is None:
        yield "run.new", "begin a run on this machine"
        return
    if state.run.is_stepping:
        if state.run.is_auto:
            yield "run.auto", "ends automatic steps with the work in progress"
        yield "run.cut", _cut_words(run)
        yield "run.close", "the step continues in the background"
        return
    if run.is_over:
        yield "run.save", "writes the candidate to a new file; publishes nothing"
        yield "run.draft", "shows the whole of what is above"
        yield "run.new", "begin another run"
        return
    yield "run.step", _step_words(run)
    yield "run.bring", "judges the next draft from outside"
    if run.is_call_due:
        what = (
            "what the agent will be given; starts nothing" if run.is_agents_turn else "what will be sent; sends nothing"
        )
        yield "run.preview", f"shows exactly {what}"
    for verdict, action_id in _VERDICT_KEYS.items():
        yield action_id, _verdict_words(run, verdict)
    if run.phase is Phase.WAITING:
        yield "run.draft", "the whole of what you decide on, word for word"
    again = "lets the agent work once more" if run.is_agents_turn else "repeats the call on its route"
    yield "run.repeat", f"{again}; it may be billed again"
    if run.failure is not None or run.phase is Phase.LOST:
        yield "run.fallback", f"the fallback route serves {run.role} from here on"
    if run.phase in (Phase.DUE, Phase.WAITING):
        yield "run.auto", "steps by itself until a gate needs a person"
    if run.phase is not Phase.WAITING:
        yield "run.end", "ends here; this does not count as a failed draft"


def _step_words(run: "RunState") -> str:
    role = run.role
    if run.phase in (Phase.CALLING, Phase.WRITING):
        what = "call in progress" if run.phase is Phase.CALLING else "agent at work"
        return f"find out about the {what} elsewhere, or cut off"
    if run.is_call_due:
        first = "" if run.calls else "; it is shown to you first"
        if run.is_agents_turn and run.writer is not None:
            return f"{agent_words(run.writer.agent)} writes, with paid calls on the writer's route{first}"
        return f"a paid call by {role}{first}"
    if run.gate is Gate.WRITER and run.phase is Phase.DUE:
        return "check the draft from outside; nothing is sent"
    return {
        Gate.INSTRUCTION: "find and pin the instruction source; nothing is sent",
        Gate.PREFLIGHT: "check the boundary, and each route as far as the policy says",
        Gate.SOURCE_CHECK: "read the pages that the draft claims; no model is called",
    }.get(run.gate, "judge what is there; nothing is sent")


def _cut_words(run: "RunState") -> str:
    if run.phase is Phase.WRITING and run.writer is not None:
        return f"ends {agent_words(run.writer.agent)}: its changes are lost; once more ends the step"
    return "a call that was sent may still be billed"


def _verdict_words(run: "RunState", verdict: GateVerdict) -> str:
    computed = "" if run.opened is None or run.opened.verdict is not verdict else " · the computed verdict"
    if verdict is GateVerdict.BLOCK:
        return f"ends the run; the record says why{computed}"
    if verdict is GateVerdict.REVISE:
        back = "planner" if run.gate is Gate.PLANNER else "writer"
        most = 1 if run.created is None else run.created.policy.max_attempts
        if run.attempt >= most:
            return f"ends the run: {most} of {most} attempts are used{computed}"
        return f"back to the {back}, attempt {run.attempt + 1} of {most}{computed}"
    after = run.gate.after
    where = "seals the candidate" if after is None else f"on to the {after.words}"
    terms = terms_of(run, verdict)
    return f"{where}{'; an override: needs a reason' if terms is not None and terms.is_override else computed}"


def _bound_to(state: ConsoleState) -> str:
    run = None if state.run is None else state.run.state
    if run is None or run.opened is None or run.phase is not Phase.WAITING:
        return ""
    sha256 = run.opened.artifact_sha256
    what = "the run" if sha256 is None else f"artifact {sha256[:12]}"
    return f"bound to {what}; a newer one voids the decision"
