"""What the run screen asks before each command: the facts that the operator decides on, and what carries it out."""

import os
from functools import partial
from pathlib import Path

from console.app.dialogs.run_dialogs import Ask, CarryOut
from console.app.panes.stepper_bar import short_id
from console.app.runs.bridge import RunBridge
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.money import usd_text
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentBegun
from console.domain.run.command import AllowRepeat, MoveRoute, Stop, operator_verdict
from console.domain.run.gate import GateVerdict
from console.domain.run.state import RunState
from console.domain.run.terms import terms_of
from console.domain.text.safe import safe
from console.view.console_state import ConsoleState
from console.view.run_sign import gate_sign
from console.view.run_words import agent_words, author_words
from console.view.sign import Tone

_NO_LIMIT = "without a limit: the policy sets none for a run; run_tokens and run_usd would"
_SUFFIXES = {ArtifactKind.PATCH: ".patch", ArtifactKind.ARTICLE: ".md"}


def verdict_ask(bridge: RunBridge, run: RunState, verdict: GateVerdict) -> Ask | None:
    """Return what is asked before a verdict; None if no gate waits."""
    terms = terms_of(run, verdict)
    if run.opened is None or terms is None:
        return None
    computed, said = gate_sign(run.opened.verdict), gate_sign(verdict)
    total = "" if run.opened.total is None else f", {run.opened.total} of 100"
    about = "the run" if run.opened.artifact_sha256 is None else f"artifact {run.opened.artifact_sha256[:12]}"
    against = f"   against the computed {computed}{total}; recorded" if terms.is_override else ""
    facts = [
        ("you say", f"{said}{against}", Tone.WARN if terms.is_override else said.tone),
        ("about", f"{run.gate.words} · attempt {run.attempt} · {about}", Tone.TEXT),
    ]
    if terms.needs_signature:
        facts.append(("signed", "with your key; the policy requires two operators", Tone.TEXT))
    facts += [
        ("before you", f"signed by {each.key_fingerprint}", Tone.DIM)
        for each in (terms.behind if terms.is_second else ())
        if each is not None
    ]

    async def carry_out(reason: str) -> str:
        return await bridge.command(operator_verdict(run, run.gate, verdict, reason))

    is_needed = terms.needs_reason
    return Ask(f"decide · {run.gate.words}", tuple(facts), carry_out, is_needed, why_past=partial(_why_past, run))


def _why_past(asked: RunState, state: ConsoleState) -> str:
    """Return what became of a gate while its decision was being typed; nothing if it is as it was."""
    now = None if state.run is None else state.run.state
    if now is None or now.run_id != asked.run_id or now.head == asked.head:
        return ""
    where = f"{asked.gate.words}, attempt {asked.attempt}"
    decided = next(
        (each for each in now.decisions if (each.decided.gate, each.decided.attempt) == (asked.gate, asked.attempt)),
        None,
    )
    if decided is not None:
        who = "automatic steps" if decided.decided.is_machine else decided.actor.id
        return f"{who} decided first: {decided.decided.verdict} at {where}; nothing of yours was stored"
    if len(now.handovers) > len(asked.handovers):
        left = now.handovers[-1]
        return f"{left.actor.id} left {where} to {left.handed.to}: {left.handed.note}; read it, then decide"
    return f"the run changed at {where} while you typed: look at it again, then decide"


def repeat_ask(bridge: RunBridge, run: RunState) -> Ask | None:
    """Return what is asked before a call is repeated; None if none was made."""
    if run.intended is None:
        return None
    if isinstance(run.intended, AgentBegun):
        of_agent = (
            ("again", f"{agent_words(run.intended.agent)} works once more, on the same route", Tone.TEXT),
            ("costs", "calls of its own, each set aside from the budgets before it is sent", Tone.TEXT),
            ("note", "its calls so far are in the record, and may have been billed; its changes are lost", Tone.WARN),
        )
        return Ask("try again", of_agent, lambda reason: bridge.command(AllowRepeat(reason)), is_needed=True)
    cost = "price unknown" if run.intended.cost.microusd is None else f"at most {usd_text(run.intended.cost.microusd)}"
    facts = (
        ("again", f"one more call by {run.intended.role}, on the same route: {cost}", Tone.TEXT),
        ("note", "the earlier call may have been billed, and so may this one", Tone.WARN),
    )
    return Ask("try again", facts, lambda reason: bridge.command(AllowRepeat(reason)), is_needed=True)


def fallback_ask(bridge: RunBridge, run: RunState) -> Ask | None:
    """Return what is asked before a role moves to the fallback; None if no role works at the gate."""
    role = run.role
    if role is None:
        return None
    now, fallback = run.route(role), run.route(Role.FALLBACK)
    facts = (
        ("role", role.value, Tone.TEXT),
        ("now", "" if now is None else f"{now.model} on {now.endpoint_family}", Tone.TEXT),
        ("then", "" if fallback is None else f"{fallback.model} on {fallback.endpoint_family}", Tone.ACCENT),
        ("note", "recorded; independence is computed again, and may block", Tone.WARN),
    )
    return Ask("move to the fallback", facts, lambda why: bridge.command(MoveRoute(role, why)), is_needed=True)


def bring_ask(bridge: RunBridge, run: RunState) -> Ask | None:
    """Return what is asked before the next draft from outside is brought; None if the run makes its drafts."""
    if run.outside is None:
        return None
    most = 1 if run.created is None else run.created.policy.max_attempts
    facts = (
        ("brings", f"the draft of attempt {run.attempt} of {most}, {author_words(run.outside.made_by)}", Tone.TEXT),
        ("note", "it is checked at once; `run bring --made-by` on the command line names another author", Tone.DIM),
    )
    return Ask("bring the next draft", facts, bridge.bring_draft, label="file", words="the path of its patch")


def handover_ask(bridge: RunBridge, run: RunState) -> Ask:
    """Return what is asked before a run is left to another operator."""

    async def carry_out(typed: str) -> str:
        to, colon, note = typed.partition(":")
        if not colon:
            return "type a name, a colon and your note, such as mia: look at the cache first"
        return await bridge.hand_over(to.strip(), note)

    facts = (
        ("leaves", f"run {short_id(run.run_id)} at {run.gate.words}, attempt {run.attempt}", Tone.TEXT),
        ("note", "it is recorded and shown at the gate; anyone may still decide", Tone.DIM),
    )
    words = "a name, a colon and your note, such as mia: look at the cache first"
    return Ask("hand the run over", facts, carry_out, label="to", words=words)


def end_ask(bridge: RunBridge, run: RunState) -> Ask:
    """Return what is asked before a run is ended."""
    facts = (
        ("ends", f"run {short_id(run.run_id)} at {run.gate.words}", Tone.TEXT),
        ("note", "this does not count as a failed draft; the record says that you ended it", Tone.DIM),
    )
    return Ask("end the run", facts, lambda reason: bridge.command(Stop(reason)))


def save_ask(bridge: RunBridge, run: RunState) -> Ask | None:
    """Return what is asked before the candidate is saved; None if none is sealed."""
    if run.sealed is None or run.created is None:
        return None
    suffix = _SUFFIXES.get(ArtifactKind(run.created.kind), ".txt")
    facts = (
        ("candidate", run.sealed.artifact_sha256, Tone.TEXT),
        ("note", "a file that exists is not overwritten; nothing is applied or published", Tone.DIM),
    )
    name = f"{run.run_id}{suffix}"
    return Ask("save the candidate", facts, bridge.save_candidate, label="file", words="its path", typed=path_of(name))


def bundle_ask(name: str, carry_out: CarryOut) -> Ask:
    """Return what is asked before a bundle for support is written.

    Args:
        name: The file's name, unless the operator types another one.
        carry_out: Writes it; returns why not, or nothing.

    """
    facts = (
        ("writes", "what is above, to a new file for you alone; nothing is sent", Tone.TEXT),
        ("note", "read it first: you send it yourself, to the address at its top", Tone.DIM),
    )
    return Ask("write the bundle", facts, carry_out, label="file", words="its path", typed=path_of(name))


def auto_ask(run: RunState) -> Ask:
    """Return what is asked before a run steps by itself."""
    policy = None if run.created is None else run.created.policy
    left = []
    if policy is not None and policy.run_microusd is not None:
        left.append(usd_text(max(0, policy.run_microusd - run.spent.microusd)))
    if policy is not None and policy.run_tokens is not None:
        left.append(f"{max(0, policy.run_tokens - run.spent.tokens):,} tokens")
    cost = f"at most {' and '.join(left)}: what is left of the run's budget" if left else _NO_LIMIT
    facts = (
        ("AUTO", "does each gate's work and accepts the computed verdicts, recorded as the machine's", Tone.WARN),
        ("costs", cost, Tone.WARN),
        ("until", "a gate needs a person, the run is over, or you press A, x or a key that decides", Tone.TEXT),
    )
    return Ask("step automatically", facts)


def path_of(name: str) -> str:
    """Return the path of a new file, to be typed over."""
    whole = str(_directory() / name)
    return whole if whole == safe(whole) else f"./{name}"  # a directory may have any name


def _directory() -> Path:
    """Return the working directory, or the home directory where that was deleted or cannot be written."""
    try:
        here = Path.cwd()
    except OSError:
        return Path.home()
    return here if os.access(here, os.W_OK) else Path.home()
