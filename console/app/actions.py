"""The action table: the one place that names keys, labels and texts; bindings, key bar, palette and help read it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding

from console.app import disabled_reason as main_reason
from console.app.runs import disabled_reason as run_reason
from console.view.console_state import ConsoleState

WhyNot = Callable[[ConsoleState, int], str | None]
"""Returns why an action is not possible now, from the state and the row cursor."""


def _always(state: ConsoleState, cursor: int) -> str | None:
    return None


class Place(StrEnum):
    """A screen with actions."""

    MAIN = "main"
    RUN = "run"
    AGENTS = "agents"
    """The main screen's pane of agents, while it has the focus: its keys come before the screen's."""


BOTH = (Place.MAIN, Place.RUN)
_RUN = (Place.RUN,)
_AGENTS = (Place.AGENTS,)


@dataclass(frozen=True, slots=True)
class Action:
    """Something the operator can do."""

    id: str
    """`area.verb`: the same in the keymap, the palette and the help."""
    keys: tuple[str, ...]
    """Textual's key names; the first one is shown."""
    label: str
    help: str
    why_not: WhyNot = _always
    is_shown: bool = True
    """Whether it appears in the key bar, if there is room."""
    places: tuple[Place, ...] = (Place.MAIN,)

    @property
    def shown_key(self) -> str:
        """The key as a person writes it."""
        return written(self.keys[0])


_KEY_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "escape": "esc",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
}


def written(key: str) -> str:
    """Return a key as a person writes it."""
    return _KEY_NAMES.get(key, key)


_RUN_ACTIONS = (
    Action(
        "run.step",
        ("enter",),
        "step",
        "Do the gate's work; the first paid call is shown before it is sent.",
        run_reason.why_no_step,
        places=_RUN,
    ),
    Action("run.ready", ("y",), "ready", "Decide ready at the waiting gate.", run_reason.why_no_ready, places=_RUN),
    Action("run.revise", ("v",), "revise", "Send the work back.", run_reason.why_no_revise, places=_RUN),
    Action("run.block", ("b",), "block", "End the run at this gate.", run_reason.why_no_block, places=_RUN),
    Action(
        "run.draft",
        ("d",),
        "whole",
        "Show the whole of what the gate is about: the draft to its end, the plan, each rung of the preflight.",
        run_reason.why_no_whole,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.auto",
        ("A",),
        "auto",
        "Step automatically until a gate needs a person; A again, x or a key that decides ends it.",
        run_reason.why_no_auto,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.save",
        ("w",),
        "save",
        "Save the sealed candidate to a file.",
        run_reason.why_no_save,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.preview",
        ("p",),
        "preview",
        "Show exactly what will be sent, or what was sent last.",
        run_reason.why_no_preview,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.cut",
        ("x",),
        "stop",
        "Stop the step; a call that was sent may be billed. It ends a coding agent first.",
        run_reason.why_no_cut,
        is_shown=False,
        places=_RUN,
    ),
    Action("run.close", ("escape", "r"), "back", "Go back to the routes; a running step continues.", places=_RUN),
    Action(
        "run.new",
        ("n",),
        "new",
        "Begin a run: the task, the repository.",
        run_reason.why_no_new,
        is_shown=False,
        places=BOTH,
    ),
    Action(
        "run.repeat",
        ("t",),
        "try again",
        "Repeat the lost or failed call.",
        run_reason.why_no_repeat,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.fallback",
        ("f",),
        "fallback",
        "Move the gate's role to the fallback route.",
        run_reason.why_no_fallback,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.bring",
        ("o",),
        "bring",
        "Bring the next draft from outside, after the one before was sent back.",
        run_reason.why_no_bring,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.end",
        ("X",),
        "end run",
        "End the run; this does not count as a failed draft.",
        run_reason.why_no_end,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.older",
        ("left_square_bracket",),
        "earlier",
        "Look back at an earlier gate's result.",
        run_reason.why_no_older,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.newer",
        ("right_square_bracket",),
        "later",
        "Look forward to the next gate.",
        run_reason.why_no_newer,
        is_shown=False,
        places=_RUN,
    ),
    Action(
        "run.escalate",
        ("E",),
        "escalate",
        "Show what support needs to know of this run, without its texts, and write it to a file.",
        run_reason.why_no_bundle,
        is_shown=False,
        places=_RUN,
    ),
    Action("run.down", ("j", "down"), "down", "Next run, or scroll the pane.", is_shown=False, places=_RUN),
    Action("run.up", ("k", "up"), "up", "Previous run, or scroll the pane.", is_shown=False, places=_RUN),
    Action("run.first", ("g", "home"), "first", "Newest run, or top of the pane.", is_shown=False, places=_RUN),
    Action("run.last", ("G", "end"), "last", "Oldest run, or end of the pane.", is_shown=False, places=_RUN),
    Action("run.next_pane", ("tab",), "pane", "Go to the next pane.", is_shown=False, places=_RUN),
    Action("run.previous_pane", ("shift+tab",), "pane", "Go to the previous pane.", is_shown=False, places=_RUN),
    Action("run.list", ("1",), "runs", "Go to the list of runs.", is_shown=False, places=_RUN),
    Action("run.gate", ("2",), "gate", "Go to the gate.", is_shown=False, places=_RUN),
    Action("run.output", ("3",), "output", "Go to the output.", is_shown=False, places=_RUN),
    Action("run.record", ("4",), "record", "Go to the record's facts.", is_shown=False, places=_RUN),
)

_AGENT_ACTIONS = (
    Action(
        "agent.cut_off",
        ("x",),
        "cut off",
        "Cut this agent off: its calls in flight end, and each later one is refused until u lets it in again.",
        main_reason.why_no_cut_off,
        places=_AGENTS,
    ),
    Action(
        "agent.let_in",
        ("u",),
        "let in again",
        "Take calls again from an agent that was cut off; its settings stay right.",
        main_reason.why_no_let_in,
        places=_AGENTS,
    ),
    Action(
        "agent.calls",
        ("enter",),
        "calls",
        "Show this agent's newest calls, with every finding in full.",
        main_reason.why_no_agent_calls,
        places=_AGENTS,
    ),
    Action(
        "agent.escalate",
        ("E",),
        "escalate",
        "Show what support needs to know of this agent's newest failed call, and write it to a file.",
        main_reason.why_no_agent_calls,
        is_shown=False,
        places=_AGENTS,
    ),
    Action("agent.down", ("j", "down"), "down", "Next agent.", is_shown=False, places=_AGENTS),
    Action("agent.up", ("k", "up"), "up", "Previous agent.", is_shown=False, places=_AGENTS),
)

ACTIONS: tuple[Action, ...] = (
    *_AGENT_ACTIONS,
    Action(
        "route.smoke", ("s",), "smoke", "Make one live, streamed call through this route.", main_reason.why_no_smoke
    ),
    Action("route.smoke_all", ("S",), "all", "Smoke all routes side by side.", main_reason.why_no_smoke_all),
    Action(
        "route.check",
        ("c",),
        "check",
        "Climb the free rungs of the probe ladder for this route.",
        main_reason.why_no_check,
    ),
    Action(
        "smoke.stop",
        ("x",),
        "stop",
        "Stop the calls in progress; their outcome stays unknown.",
        main_reason.why_no_stop,
    ),
    Action("route.open", ("enter",), "open", "Show everything about this route, in full."),
    Action(
        "route.explain", ("e",), "why", "Explain why this route's call was refused.", main_reason.why_no_explanation
    ),
    Action(
        "route.escalate",
        ("E",),
        "escalate",
        "Show what support needs to know of this route's newest call, without its texts, and write it to a file.",
        main_reason.why_no_bundle,
        is_shown=False,
    ),
    Action("pane.next", ("tab", "right_square_bracket"), "pane", "Go to the next pane."),
    Action("run.open", ("r",), "runs", "Show the runs, and step the one in view.", run_reason.why_no_runs),
    Action(
        "relay.open",
        ("a",),
        "agents",
        "Let a coding agent call through this console: open the relay, and show the agent's settings.",
        main_reason.why_no_agents,
    ),
    *_RUN_ACTIONS,
    Action("app.commands", ("colon", "ctrl+p"), "command", "Find a command by name.", places=BOTH),
    Action("app.help", ("question_mark", "f1"), "help", "Show all keys.", places=BOTH),
    Action("app.quit", ("q",), "quit", "Quit; calls in progress are stopped.", run_reason.why_no_leaving, places=BOTH),
    Action(
        "gateway.reopen", ("R",), "reopen", "Open the gateway and ask for the token again.", main_reason.why_no_reopen
    ),
    Action(
        "route.check_all",
        ("C",),
        "check all",
        "Climb the free rungs for all routes.",
        main_reason.why_no_check,
        is_shown=False,
    ),
    Action(
        "route.shape",
        ("t",),
        "shape",
        "Climb to the top: one call in the shape that the role sends. It may cost.",
        main_reason.why_no_smoke,
        is_shown=False,
    ),
    Action(
        "route.copy_fix",
        ("y",),
        "copy fix",
        "Copy the config lines that fix a drift or replace a retired model.",
        main_reason.why_no_fix,
        is_shown=False,
    ),
    Action(
        "relay.end",
        ("X",),
        "end relay",
        "End the relay: calls of agents in flight end. Opened again, it knows the same keys.",
        main_reason.why_no_relay_end,
        is_shown=False,
    ),
    Action("token.show", ("K",), "token", "Show where the token comes from.", is_shown=False),
    Action(
        "token.set",
        ("T",),
        "set token",
        "Store the token: the terminal asks for it without echo.",
        main_reason.why_no_token_set,
        is_shown=False,
    ),
    Action(
        "app.suspend",
        ("ctrl+z",),
        "suspend",
        "Go back to the shell for a while; fg returns.",
        is_shown=False,
        places=BOTH,
    ),
    Action("route.down", ("j", "down"), "down", "Move the row cursor down.", is_shown=False),
    Action("route.up", ("k", "up"), "up", "Move the row cursor up.", is_shown=False),
    Action("route.first", ("g", "home"), "first", "Move the row cursor to the first route.", is_shown=False),
    Action("route.last", ("G", "end"), "last", "Move the row cursor to the last route.", is_shown=False),
    Action("pane.previous", ("shift+tab", "left_square_bracket"), "back", "Go to the previous pane.", is_shown=False),
    Action("pane.routes", ("1",), "routes", "Go to the route table.", is_shown=False),
    Action("pane.contract", ("2",), "contract", "Go to the contract pane.", is_shown=False),
    Action("pane.smoke", ("3",), "smoke", "Go to the smoke pane.", is_shown=False),
    Action("pane.calls", ("4",), "requests", "Go to the log of requests, on a wide screen.", is_shown=False),
    Action(
        "pane.agents",
        ("5",),
        "agents",
        "Go to the agents that call through the relay.",
        main_reason.why_no_agent_pane,
        is_shown=False,
    ),
)


def actions_of(place: Place) -> tuple[Action, ...]:
    """Return the actions of a screen, in display order."""
    return tuple(action for action in ACTIONS if place in action.places)


def keys_of(place: Place) -> tuple[Action, ...]:
    """Return the actions whose keys work in a place: those of a pane come before its screen's, and hide theirs."""
    own = actions_of(place)
    if place is not Place.AGENTS:
        return own
    taken = {key for action in own for key in action.keys}
    return (*own, *(action for action in actions_of(Place.MAIN) if not taken.intersection(action.keys)))


def bindings(place: Place) -> list[Binding]:
    """Return the key bindings of a screen; each carries its action's id, so that a keymap can rebind it."""
    return [
        Binding(",".join(action.keys), f"do('{action.id}')", action.label, id=action.id, show=False)
        for action in actions_of(place)
    ]


def pane_bindings(place: Place) -> list[Binding]:
    """Return the key bindings of a pane; its screen performs the actions."""
    return [
        Binding(",".join(action.keys), f"screen.do('{action.id}')", action.label, id=action.id, show=False)
        for action in actions_of(place)
    ]


def action_named(action_id: str) -> Action:
    """Return an action by its id."""
    return next(action for action in ACTIONS if action.id == action_id)
