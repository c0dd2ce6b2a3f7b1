"""The actions of the main screen, and of its pane of agents."""

from console.app import disabled_reason as main_reason
from console.app.actions.action import Action, Place
from console.app.runs import disabled_reason as run_reason

_AGENTS = (Place.AGENTS,)

AGENT_ACTIONS = (
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

MAIN_ACTIONS = (
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
)

LATER_ACTIONS = (
    Action(
        "records.open",
        ("L",),
        "records",
        "Show the records of all runs: verify them, export one.",
        run_reason.why_no_runs,
        places=(Place.MAIN, Place.RUN),
    ),
    Action(
        "history.open", ("H",), "history", "Show how fast and reliable each route was, and what is worse than before."
    ),
    Action("fleet.open", ("f",), "fleet", "Show all profiles in one table, the worst first, and use one of them."),
    Action("workers.open", ("W",), "workers", "Show a team's workers, what each does, and what waits for them."),
    Action(
        "gateway.reopen", ("R",), "reopen", "Open the gateway and ask for the token again.", main_reason.why_no_reopen
    ),
    Action("profile.switch", ("P",), "profile", "Use another profile of the config.", main_reason.why_no_switch),
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
        "route.apply_fix",
        ("F",),
        "apply fix",
        "Show the config lines that fix this route, and write them into your config when you confirm.",
        main_reason.why_no_apply_fix,
        is_shown=False,
    ),
    Action(
        "fix.undo",
        ("U",),
        "undo fix",
        "Undo the newest change that the console made to your config.",
        main_reason.why_no_undo,
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
    Action(
        "profile.new",
        ("I",),
        "new profile",
        "Set up a gateway: find what it has, check it for free, and append a profile to the config.",
        main_reason.why_no_setup,
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
"""What the key bar shows only where there is room beside the keys of every screen."""
