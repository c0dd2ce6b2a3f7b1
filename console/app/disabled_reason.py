"""Why an action of the main screen is not possible now."""

from console.domain.routes.contract import Verdict, fix_lines
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.view.console_state import ConsoleState

_RELAYED = "agents may call through this gateway; X ends the relay, and a opens it again"


def why_no_call(state: ConsoleState, cursor: int) -> str | None:
    """Return why no call can be made at all."""
    if state.is_read_only:
        return "this session is read-only: a smoke test makes a call that may cost"
    if state.gateway_failure:
        return state.gateway_failure
    if state.token is None:
        return "the gateway is still being opened"
    if state.token_state is not TokenState.FOUND:
        return state.token.advice
    return None


def why_no_smoke(state: ConsoleState, cursor: int) -> str | None:
    """Return why a route cannot be smoked."""
    if (reason := why_no_call(state, cursor)) is not None:
        return reason
    if not state.routes:
        return "the table has no route"
    route = state.routes[cursor]
    if route.smoke.is_live:
        return f"the {route.proven.key} route is being smoked; x stops it"
    if _is_called_by_run(state, route.proven.key):
        return f"a run makes a call through the {route.proven.key} route"
    if route.climbing is not None:
        return f"the {route.proven.key} route is being checked; x stops it"
    if route.check.verdict is Verdict.DRIFT:
        return f"the {route.proven.key} route is held back: endpoint drift. The contract pane has the fix"
    return None


def why_no_smoke_all(state: ConsoleState, cursor: int) -> str | None:
    """Return why the routes cannot be smoked side by side."""
    if (reason := why_no_call(state, cursor)) is not None:
        return reason
    if any(_is_called_by_run(state, route.proven.key) for route in state.routes):
        return "a run makes a call; smoke the routes when it is over"
    return "calls are in progress; x stops them" if state.is_busy else None


def _is_called_by_run(state: ConsoleState, key: RouteKey) -> bool:
    """Return whether a run is calling through a role's route now."""
    return any(call.is_live and call.is_of_run and call.key == key for call in state.requests.calls)


def why_no_stop(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to stop."""
    return None if state.is_busy else "no call is in progress"


def why_no_check(state: ConsoleState, cursor: int) -> str | None:
    """Return why the free rungs cannot be climbed."""
    if state.gateway_failure:
        return state.gateway_failure
    if state.token is None:
        return "the gateway is still being opened"
    if state.token_state is not TokenState.FOUND:
        return state.token.advice
    return "calls are in progress; x stops them" if state.is_busy else None


def why_no_fix(state: ConsoleState, cursor: int) -> str | None:
    """Return why no config line can be copied."""
    if cursor < len(state.routes) and fix_lines(state.routes[cursor].check):
        return None
    return "this route has no drift and its model no due retirement: there is nothing to fix"


def why_no_explanation(state: ConsoleState, cursor: int) -> str | None:
    """Return why nothing can be explained: no call was refused."""
    smoke = state.routes[cursor].smoke if cursor < len(state.routes) else None
    if smoke is None or smoke.is_live or smoke.result is None or smoke.result.classification is None:
        return "nothing was refused on this route"
    return None


def why_no_bundle(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to tell support."""
    if cursor >= len(state.routes):
        return "the table has no route"
    if state.routes[cursor].smoke.is_live:
        return "this route's call is in progress; x stops it"
    return None


def why_no_token_set(state: ConsoleState, cursor: int) -> str | None:
    """Return why no token can be stored."""
    if state.is_read_only:
        return "this session is read-only"
    if state.is_embedded:
        return "the embedded gateway makes its own token"
    if state.config.used.is_of_repository:
        return "a repository's config chose this gateway, so no token is bound to it; write a profile of your own first"
    if state.run is not None and state.run.is_stepping:
        return "a run is being stepped with this token; x on the run screen stops it"
    if state.relay.is_open:
        return _RELAYED
    return "calls are in progress; x stops them" if state.is_busy else None


def why_no_setup(state: ConsoleState, cursor: int) -> str | None:
    """Return why no profile can be set up."""
    if state.is_read_only:
        return "this session is read-only: a set-up stores a token and writes the config"
    return None


def why_no_reopen(state: ConsoleState, cursor: int) -> str | None:
    """Return why the gateway cannot be opened again."""
    if state.run is not None and state.run.is_stepping:
        return "a run is being stepped through this gateway; x on the run screen stops it"
    if state.relay.is_open:
        return _RELAYED
    if state.is_busy:
        return "calls are in progress; x stops them"
    return "the gateway is still being opened" if state.token is None and not state.gateway_failure else None


# --- The config ------------------------------------------------------------------------------------------------------


def why_no_profile_change(state: ConsoleState, cursor: int) -> str | None:
    """Return why no other profile, and no other setting, can be taken now."""
    if state.is_busy:
        return "calls are in progress; x stops them"
    if state.run is not None and (state.run.is_stepping or state.run.auto):
        return "a run is being stepped; x on the run screen stops it"
    if state.relay.is_open or state.relay.is_opening:
        return _RELAYED
    if state.records is not None and state.records.is_verifying:
        return "records are being verified"
    return None


def why_no_switch(state: ConsoleState, cursor: int) -> str | None:
    """Return why no other profile can be taken."""
    if (reason := why_no_profile_change(state, cursor)) is not None:
        return reason
    return None if len(state.config.profiles) > 1 else "the config has no other profile"


def why_no_apply_fix(state: ConsoleState, cursor: int) -> str | None:
    """Return why no fix can be written into the config."""
    return why_no_fix(state, cursor) or why_no_undo(state, cursor)


def why_no_undo(state: ConsoleState, cursor: int) -> str | None:
    """Return why the config cannot be changed."""
    if state.is_read_only:
        return "this session is read-only: nothing is written"
    return state.config.used.why_not_editable or None


# --- Agents ----------------------------------------------------------------------------------------------------------


def why_no_agents(state: ConsoleState, cursor: int) -> str | None:
    """Return why no agent can be let in."""
    if state.is_read_only:
        return "this session is read-only: agents make calls that cost"
    if (reason := why_no_call(state, cursor)) is not None:
        return reason
    if all(route.check.verdict is Verdict.DRIFT for route in state.routes):
        return "no route can be used: correct the route table first"
    return None


def why_no_relay_end(state: ConsoleState, cursor: int) -> str | None:
    """Return why no relay can be ended."""
    return None if state.relay.is_open or state.relay.is_opening else "no relay is open; a opens one"


def why_no_cut_off(state: ConsoleState, cursor: int) -> str | None:
    """Return why the agent under the cursor cannot be cut off."""
    if not state.relay.picked:
        return "no agent has called yet"
    if state.relay.picked in state.relay.cut_off:
        return f"{state.relay.picked} is cut off already; u lets it in again"
    return None if state.relay.is_open else "the relay is closed: no agent can call"


def why_no_let_in(state: ConsoleState, cursor: int) -> str | None:
    """Return why the agent under the cursor cannot be let in again."""
    if not state.relay.picked:
        return "no agent has called yet"
    return None if state.relay.picked in state.relay.cut_off else f"{state.relay.picked} is not cut off"


def why_no_agent_calls(state: ConsoleState, cursor: int) -> str | None:
    """Return why no call of an agent can be shown."""
    return None if state.relay.picked else "no agent has called yet"


def why_no_agent_pane(state: ConsoleState, cursor: int) -> str | None:
    """Return why the pane of the agents is not on the screen."""
    return None if state.relay.is_used else "no relay is open; a opens one"
