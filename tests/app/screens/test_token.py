"""The token dialog and the key that sets a token: words of where it is, never the token."""

from dataclasses import replace

import pytest
from support.app.states import opened

from console.app.actions import action_named
from console.app.panes.token_pane import token_lines
from console.app.session import Session
from console.domain.probes.event import TokenResolved
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.console_state import ConsoleState


def told(state: ConsoleState, width: int = 60) -> str:
    return "\n".join(str(line) for line in token_lines(state, width))


def test_before_the_gateway_is_open_nothing_is_claimed() -> None:
    assert "no reference was asked" in told(replace(opened("demo"), token=None))


def test_a_token_that_was_found_is_shown_with_its_source_and_origin() -> None:
    token = TokenResolved(
        TokenState.FOUND, "keyring://gateway-console/acme", source="keyring", origin="https://gw.example:443"
    )
    words = told(replace(opened("demo"), token=token))
    for part in ("✓ found", "keyring://gateway-console/acme", "keyring", "https://gw.example:443"):
        assert part in words


@pytest.mark.parametrize("state", [TokenState.ABSENT, TokenState.LOCKED, TokenState.REFUSED])
def test_a_token_that_was_not_found_comes_with_what_to_do(state: TokenState) -> None:
    words = told(replace(opened("demo"), token=TokenResolved(state, "env:X", "set X, then press R")))
    assert state.value in words
    assert "bound to" not in words
    assert "set X, then press R" in words


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"is_read_only": True}, "read-only"), ({"is_embedded": True}, "its own token"), ({"is_embedded": False}, None)],
)
def test_a_token_is_set_only_where_that_makes_sense(change: dict[str, bool], reason: str | None) -> None:
    said = action_named("token.set").why_not(replace(opened("demo"), **change), 0)
    assert said is None if reason is None else said is not None and reason in said


def test_the_command_that_sets_it_names_the_profile_and_holds_no_token() -> None:
    command = Session(load_profile(), lambda: None, is_read_only=False).token_command()
    assert command[1:] == ["-m", "console", "token", "set", "--profile", "demo"]
