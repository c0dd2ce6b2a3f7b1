"""A run that is told step by step: the stepper's reports and the operators' commands, with no model and no ledger."""

import base64
from dataclasses import dataclass, field, replace
from functools import reduce
from hashlib import sha256
from typing import Any

from console.domain.errors.category import Blame, Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.signature import NAMESPACE, signer_of
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.agent_event import (
    AgentBegun,
    AgentEnded,
    AgentEnding,
    AgentLost,
    AgentWriter,
    FileGuard,
    Isolation,
    NetworkGuard,
    OutsideDraft,
)
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded
from console.domain.run.command import BringDraft, Command, Decide, ReportEvent, SignDecision
from console.domain.run.decide import decide
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    DraftBrought,
    Entry,
    GateOpened,
    InstructionPinned,
    PreflightFinished,
    RunCreated,
    RunEvent,
    SourcesChecked,
)
from console.domain.run.fold import apply
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict
from console.domain.run.pinned import PinnedRoute, PinnedSource, Repository, RouteProof, RunPolicy
from console.domain.run.refusal import Refusal
from console.domain.run.state import Phase, RunState
from console.domain.run.transition import why_not_follow


def signature_by(name: str, namespace: str = NAMESPACE) -> str:
    """Return what has the form of a signature; the rules of a run rest on one that was verified before."""
    strings = (len(each).to_bytes(4, "big") + each.encode() for each in (f"key of {name}", namespace, "", "sha512"))
    return base64.b64encode(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(strings)).decode()


ANN, BEN, CAT = (Actor(ActorKind.OPERATOR, name, signer_of(signature_by(name))) for name in ("ann", "ben", "cat"))
_KEYS = {each.key_fingerprint: each.id for each in (ANN, BEN, CAT)}
KEYLESS = Actor(ActorKind.OPERATOR, "dan")
MACHINE = Actor(ActorKind.CONSOLE, "gateway-console")
READY, REVISE, BLOCK = GateVerdict
POLICY = RunPolicy(75, "", 3, 2, four_eyes=False)
TYPED = "typed by an operator"

MODELS = {
    Role.PLANNER: "gpt-5-mini",
    Role.WRITER: "gpt-5",
    Role.REVISION: "gpt-5-codex",
    Role.REVIEWER: "claude-opus-4",
    Role.CRITIC: "gemini-2.5-pro",
    Role.FALLBACK: "mistral-large",
}
FAMILIES = {Role.REVIEWER: EndpointFamily.ANTHROPIC_MESSAGES, Role.CRITIC: EndpointFamily.CHAT_COMPLETIONS}


def hashed(text: str) -> str:
    """Return a hash as the ledger has them."""
    return sha256(text.encode()).hexdigest()


ROUTES = tuple(
    PinnedRoute(role, model, family, family.standard_path, hashed(model))
    for role, model in MODELS.items()
    for family in [FAMILIES.get(role, EndpointFamily.RESPONSES)]
)


CODEX = AgentWriter("codex", call_limit=40, time_limit_s=1800)
OUTSIDE = OutsideDraft(hashed("a draft from outside"), 20, "Zoe, by hand")


def created(policy: RunPolicy = POLICY, **changes: Any) -> RunCreated:
    """Return a run's first event."""
    repository = Repository("git.example", "acme", "widgets", "0" * 40, is_dirty=False)
    event = RunCreated(
        "patch", hashed("task"), 4, repository, "demo", "https://gateway.example", hashed("config"), "0.1",
        False, hashed("inputs"), policy, ROUTES,
    )  # fmt: skip
    return replace(event, **changes)


def pinned() -> InstructionPinned:
    """Return a pinned instruction source."""
    source = PinnedSource("AGENTS.md", "repository", "always", hashed("rules"), 5, 5, is_dirty=False)
    return InstructionPinned("codex", "AGENTS.md", "repository", (source,), hashed("all rules"), ())


def preflight() -> PreflightFinished:
    """Return a preflight against which nothing stands."""
    return PreflightFinished((RouteProof(Role.WRITER, 3, "ok"),), (), "found", False, False, "read")


def intended(state: RunState, call_id: str = "", **changes: Any) -> CallIntended:
    """Return the call that is due, or that the agent at work may make."""
    role = state.role or Role.WRITER
    route = state.route(role)
    call = CallIntended(
        call_id or f"call-{len(state.calls) + 1}", role, state.gate, state.attempt,
        "" if route is None else route.fingerprint, hashed("brief"), 5, 0, 1000, 2000,
        turn_id=state.intended.turn_id if isinstance(state.intended, AgentBegun) else "",
    )  # fmt: skip
    return replace(call, **changes)


def agent_begun(state: RunState, turn_id: str = "", **changes: Any) -> AgentBegun:
    """Return the beginning of the agent's turn that is due."""
    route = state.route(Role.WRITER)
    held = Isolation(FileGuard.BUBBLEWRAP, NetworkGuard.LANDLOCK)
    turn = AgentBegun(
        turn_id or f"turn-{len(state.turns) + 1}", Role.WRITER, Gate.WRITER, state.attempt,
        "" if route is None else route.fingerprint, "codex", "0.171.0", held, hashed("task"), 4, "",
    )  # fmt: skip
    return replace(turn, **changes)


def agent_ended(state: RunState, **changes: Any) -> AgentEnded:
    """Return the good end of the turn under way."""
    assert isinstance(state.intended, AgentBegun)
    end = AgentEnded(state.intended.turn_id, Role.WRITER, AgentEnding.EXITED, 0, 900, 70, 0)
    return replace(end, **changes)


def agent_lost(state: RunState) -> AgentLost:
    """Return the loss of the turn under way."""
    assert isinstance(state.intended, AgentBegun)
    return AgentLost(state.intended.turn_id, state.intended.role)


def _under_way(state: RunState) -> CallIntended:
    """Return the call that ends next; of those of an agent, the first."""
    return state.intended if isinstance(state.intended, CallIntended) else state.open_calls[0]


def recorded(state: RunState, **changes: Any) -> CallRecorded:
    """Return the end of the call that is under way."""
    call = _under_way(state)
    route = state.route(call.role)
    end = CallRecorded(
        call.call_id, call.role, None if route is None else route.model, None, 200, "req-1", "stop",
        100, 50, 10, 20, 300,
    )  # fmt: skip
    return replace(end, **changes)


def failed(state: RunState, **changes: Any) -> CallFailed:
    """Return the end of the call that is under way: an answer that cannot be read."""
    call = _under_way(state)
    end = CallFailed(
        call.call_id, call.role, Category.CONTRACT_VIOLATION, Blame.CONTENT, False, 1, 200, "req-2", 100, 50, 20, 300
    )
    return replace(end, **changes)


def opened(state: RunState, verdict: GateVerdict = READY, **changes: Any) -> GateOpened:
    """Return the opening of the gate at which the run stands."""
    opening = GateOpened(state.gate, state.attempt, verdict, artifact_sha256=state.subject_sha256)
    return replace(opening, **changes)


_MADE = {Gate.PLANNER: ArtifactRole.PLAN, Gate.WRITER: ArtifactRole.DRAFT}


def next_draft(state: RunState) -> OutsideDraft:
    """Return the draft that somebody brings to an attempt."""
    if state.attempt == 1:
        return OUTSIDE
    return replace(OUTSIDE, sha256=hashed(f"draft {state.attempt} from outside"), made_by="Zoe, once more")


@dataclass
class Story:
    """A run as it is told."""

    policy: RunPolicy = POLICY
    creator: Actor = ANN
    entries: list[Entry] = field(default_factory=list)
    state: RunState = field(default_factory=lambda: RunState("01J0000000000000000000000A"))
    writer: AgentWriter | None = None
    """The coding agent that writes the drafts."""
    outside: OutsideDraft | None = None
    """The draft that the run begins with."""

    def __post_init__(self) -> None:
        self.does(ReportEvent(created(self.policy, writer=self.writer, outside=self.outside)), self.creator)
        self.signs(self.creator)
        self.does(ReportEvent(ArtifactStored(ArtifactRole.TASK, 1, hashed("task"), 4)))

    # --- What happens ------------------------------------------------------------------------------------------------

    def tries(self, command: Command, actor: Actor = MACHINE) -> tuple[RunEvent, ...] | Refusal:
        """Give a command; what it leads to happens."""
        result = decide(self.state, command, actor)
        for event in () if isinstance(result, Refusal) else result:
            assert (found := why_not_follow(self.state, event)) is None, found
            seq = self.state.seq + 1
            entry = Entry(seq, 1_000 * seq, actor, hashed(f"{self.state.head} {seq}"), event)
            self.entries.append(entry)
            self.state = apply(self.state, entry)
        return result

    def does(self, command: Command, actor: Actor = MACHINE) -> tuple[RunEvent, ...]:
        """Give a command that must be carried out."""
        result = self.tries(command, actor)
        assert not isinstance(result, Refusal), result
        return result

    def reports(self, *events: RunEvent) -> None:
        """Let the stepper report."""
        for event in events:
            self.does(ReportEvent(event))

    # --- A gate's work -----------------------------------------------------------------------------------------------

    def calls(self, **changes: Any) -> None:
        """Make the call that is due."""
        self.reports(intended(self.state, **changes))

    def answers(self, text: str = "", **changes: Any) -> None:
        """Let the call under way be answered, and keep what it made."""
        self.reports(recorded(self.state, **changes))
        gate, attempt = self.state.gate, self.state.attempt
        sha256 = hashed(text or f"{gate} {attempt}")
        self.reports(ArtifactStored(ArtifactRole.ANSWER, attempt, sha256, 9))
        if gate in _MADE:
            self.reports(ArtifactStored(_MADE[gate], attempt, sha256, 9))

    def writes(self, calls: int = 2) -> None:
        """Let the agent write a draft with so many calls."""
        self.reports(agent_begun(self.state))
        for _ in range(calls):
            self.reports(intended(self.state))
            self.reports(recorded(self.state))
        self.reports(agent_ended(self.state))
        self.keeps_draft()

    def keeps_draft(self) -> None:
        """Keep what the agent wrote."""
        sha256 = hashed(f"draft of {self.state.attempt}")
        for role in (ArtifactRole.ANSWER, ArtifactRole.DRAFT):
            self.reports(ArtifactStored(role, self.state.attempt, sha256, 9))

    def brings(self) -> None:
        """Bring the draft of the attempt: the one that the run began with, or what somebody made of it since."""
        if self.state.attempt == 1:
            self.reports(DraftBrought(1, OUTSIDE))
        else:
            self.does(BringDraft(next_draft(self.state)), ANN)

    def works(self) -> None:
        """Do the work of the gate, well."""
        match self.state.gate:
            case Gate.WRITER if self.writer is not None:
                self.writes()
            case Gate.WRITER if self.outside is not None:
                self.brings()
            case Gate.INSTRUCTION:
                self.reports(pinned())
            case Gate.PREFLIGHT:
                self.reports(preflight())
            case Gate.SOURCE_CHECK:
                self.reports(SourcesChecked(()))
            case gate if gate in GATES_WITH_A_CALL:
                self.calls()
                self.answers()
            case _:
                pass

    def opens(self, verdict: GateVerdict = READY, **changes: Any) -> None:
        """Do the gate's work as far as it is due, and judge it."""
        if self.state.gate is Gate.PREFLIGHT:
            self.reports(replace(preflight(), needs_human=True))
        elif self.state.phase is Phase.DUE:
            self.works()
        self.reports(opened(self.state, verdict, **changes))

    def decision(self, verdict: GateVerdict = READY, reason: str = TYPED, **changes: Any) -> Decide:
        """Return a decision on what waits, by somebody who sees it."""
        artifact = None if self.state.opened is None else self.state.opened.artifact_sha256
        command = Decide(self.state.gate, verdict, reason, self.state.head, artifact)
        return replace(command, **changes)

    def signs(self, actor: Actor) -> None:
        """Sign what is begun or decided next, where the policy wants it and the operator has a key."""
        if self.policy.four_eyes and actor.key_fingerprint is not None:
            self.does(SignDecision(signature_by(_KEYS[actor.key_fingerprint]), hashed("signers")), actor)

    def says(self, verdict: GateVerdict = READY, actor: Actor = ANN, **changes: Any) -> None:
        """Decide what waits."""
        if not changes.get("is_machine"):
            self.signs(actor)
        self.does(self.decision(verdict, **changes), actor)

    def passes(self) -> None:
        """Do the gate's work, and let it pass."""
        if self.state.gate is Gate.PREFLIGHT:
            self.works()
            return
        self.opens()
        self.says()

    def reaches(self, gate: Gate) -> "Story":
        """Let every gate before this one pass."""
        while self.state.gate is not gate:
            self.passes()
        return self


def waiting_at(gate: Gate, policy: RunPolicy = POLICY, creator: Actor = ANN, **opening: Any) -> Story:
    """Return a run that waits at a gate."""
    story = Story(policy, creator).reaches(gate)
    story.opens(**opening)
    return story


def failed_at(gate: Gate, policy: RunPolicy = POLICY) -> Story:
    """Return a run that waits at a gate whose call gave nothing to judge."""
    story = Story(policy).reaches(gate)
    story.calls()
    story.reports(failed(story.state))
    story.opens(REVISE, needs_human=True, is_final=True, failure=Category.CONTRACT_VIOLATION)
    return story


def writing(*, calls: int = 0, policy: RunPolicy = POLICY) -> Story:
    """Return a run in which an agent is at work, with so many calls under way."""
    story = Story(policy, writer=CODEX).reaches(Gate.WRITER)
    story.reports(agent_begun(story.state))
    for _ in range(calls):
        story.calls()
    return story


def lost_at(gate: Gate) -> Story:
    """Return a run whose call was cut off."""
    story = Story().reaches(gate)
    story.calls()
    assert story.state.intended is not None
    story.reports(CallLost(story.state.intended.call_id, story.state.intended.role))
    return story


def refold(story: Story) -> RunState:
    """Return the state that the entries lead to, from the beginning."""
    return reduce(apply, story.entries, RunState(story.state.run_id))
