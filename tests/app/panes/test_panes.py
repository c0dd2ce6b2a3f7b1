"""Panes are functions from state to lines, so they are tested as text."""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

import pytest
from rich.cells import cell_len
from support.app.states import ALL, account_error, fold, offline, opened, passed, relaying, streaming
from support.relay.events import moved

from console.app.panes.agent_calls import whole_calls_lines
from console.app.panes.agents_pane import agents_lines
from console.app.panes.bars import header_line, key_line
from console.app.panes.call_log import call_lines
from console.app.panes.contract_pane import contract_lines
from console.app.panes.help_pane import help_lines
from console.app.panes.route_pane import whole_route_lines
from console.app.panes.route_table import route_lines
from console.app.panes.smoke_pane import smoke_lines
from console.app.widgets.line import Line
from console.domain.probes.event import GatewayFailed, RoutesChecked, TokenResolved
from console.domain.probes.served_as import ServedAs, Service, check_served
from console.domain.routes.contract import CheckBasis, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.state import TokenState
from console.view.console_state import ConsoleState
from console.view.sign import Tone

REVIEWER = 3
C = EndpointFamily.CHAT_COMPLETIONS


def text(lines: Iterable[Line]) -> str:
    return "\n".join(str(each).rstrip() for each in lines)


PANES: dict[str, Callable[[ConsoleState, int], Iterable[Line]]] = {
    "routes": lambda state, width: route_lines(state, 0, width),
    "smoke": lambda state, width: smoke_lines(state, 0, width, 30),
    "smoke, low": lambda state, width: smoke_lines(state, 0, width, 11),
    "calls": lambda state, width: call_lines(state.requests.calls, width),
    "header": lambda state, width: [header_line(state, ["built-in"], width)],
    "keys": lambda state, width: [key_line(state, 0, width)],
    "contract": lambda state, width: contract_lines(state.routes[REVIEWER], width) if state.routes else [],
    "whole route": lambda state, width: whole_route_lines(state, REVIEWER, width) if state.routes else [],
    "agents": lambda state, width: agents_lines(state.relay, width),
    "agent's calls": lambda state, width: whole_calls_lines(state.relay.calls.of("codex"), width),
    "help": lambda state, width: help_lines(state, 0, width) if state.routes else [],
}


@pytest.mark.parametrize("state", ALL.values(), ids=ALL.keys())
def test_no_pane_draws_nothing_or_raises_at_any_width(state: ConsoleState) -> None:
    sizes = itertools.product(["routes", "smoke", "smoke, low", "contract", "whole route"], [40, 56, 76, 88, 116, 196])
    assert [(pane, width) for pane, width in sizes if not list(PANES[pane](state, width)) and state.routes] == []


@pytest.mark.parametrize("state", ALL.values(), ids=ALL.keys())
def test_nothing_runs_over_the_width_of_a_usual_screen(state: ConsoleState) -> None:
    assert [
        (pane, width, str(each))
        for pane, width in itertools.product(PANES, [76, 116, 196])
        for each in PANES[pane](state, width)
        if cell_len(str(each)) > width
    ] == []


def test_the_route_table_has_a_row_a_route_and_marks_the_cursor() -> None:
    lines = list(route_lines(offline(), REVIEWER, 76))
    assert [str(each).split()[0] for each in lines[1:4]] == ["planner", "writer", "revision"]
    assert [each.is_cursor for each in lines] == [False, False, False, False, True, False, False]
    assert str(lines[4]).startswith("▌ reviewer gpt-5-pro")
    assert "× drift" in str(lines[4])


def test_a_wide_table_has_paths_and_figures() -> None:
    drawn = text(route_lines(passed(), 0, 116))
    assert "/v1/chat/completions" in drawn
    assert "ttft ms" in drawn
    assert " 190 " in drawn


def test_a_drift_is_shown_with_its_reason_source_and_fix() -> None:
    drawn = text(contract_lines(offline().routes[REVIEWER], 76))
    assert "× drift   the route is wrong, not the model" in drawn
    assert "required   responses" in drawn
    assert "openai-openapi 2026-11-22" in drawn
    assert "configured chat_completions" in drawn
    assert 'fix        endpoint_family = "responses"' in drawn
    assert 'endpoint_path = "/v1/responses"' in drawn
    assert "ROUTE-03" in drawn


def test_the_config_line_of_a_route_is_its_line_in_the_file() -> None:
    state = offline().routes[REVIEWER]
    assert f"config line {state.check.route.config_line}" in text(contract_lines(state, 76))


def test_an_answer_says_what_it_was_served_as() -> None:
    assert "served as itself" in text(contract_lines(passed().routes[1], 76))
    assert "answered   responses as gpt-other" in text(contract_lines(passed(model_reported="gpt-other").routes[1], 76))


def test_who_answered_is_named_by_the_head_before_the_body() -> None:
    swapped = Service(ServedAs.SWAPPED, told_by="x-model-actual", model="gpt-other", behind=None)
    alias = Service(ServedAs.ALIAS, model="openai/gpt-other", behind="openai/gpt-other")
    for service, contract, smoke in (
        (swapped, "answered   responses as gpt-other", "served as  gpt-other"),
        (alias, "alias of openai/gpt-other", "served as  openai/gpt-other"),
    ):
        state = passed(service=service)
        assert contract in text(contract_lines(state.routes[1], 76))
        assert smoke in text(smoke_lines(state, 1, 76, 30))


def test_the_name_of_a_swap_and_the_line_of_the_config_are_on_the_screen() -> None:
    service = Service(ServedAs.SWAPPED, model="gpt-other")
    drawn = " ".join(text(smoke_lines(passed(service=service, findings=check_served(service)), 1, 76, 30)).split())
    assert "it is gpt-other" in drawn
    assert 'served_as = ["gpt-other"]' in drawn


def test_nothing_sent_is_said() -> None:
    assert "nothing sent yet: s smokes this route, S all" in text(smoke_lines(opened(), 0, 76, 30))


def test_a_slow_link_gets_the_last_line_until_the_call_ends_and_is_told_so() -> None:
    spoken = streaming("first line\nsecond line\nand the third")
    drawn = text(smoke_lines(spoken, 1, 76, 30, is_slow_link=True))
    assert "and the third▌" in drawn
    assert "over SSH the last line only, until it ends" in drawn
    assert "first line" not in drawn
    assert "first line" in text(smoke_lines(spoken, 1, 76, 30))


def test_a_stream_shows_its_text_its_first_token_and_that_it_is_not_stored() -> None:
    drawn = text(smoke_lines(streaming(), 1, 76, 30))
    assert "OK. Six routes▌" in drawn
    assert "190 ms" in drawn
    assert "not stored · safe to watch" in drawn


def test_an_account_error_is_no_failed_model_and_was_not_retried() -> None:
    drawn = text(smoke_lines(account_error(), 5, 76, 30))
    assert "! fallback account_pricing 500 · not retried" in drawn
    assert "failed" not in drawn
    assert "priced or enabled" in drawn


def test_a_long_stream_shows_its_end_within_the_pane() -> None:
    long = streaming(" ".join(str(number) for number in range(2000)))
    drawn = list(smoke_lines(long, 1, 50, 30))
    assert "1999" in text(drawn)
    assert len(drawn) <= 31


def test_low_panes_show_only_the_route_under_the_cursor() -> None:
    drawn = text(smoke_lines(streaming(), 1, 76, 11))
    assert "writer" in drawn
    assert "critic" not in drawn


def test_the_call_log_names_path_model_and_status() -> None:
    drawn = text(call_lines(passed().requests.calls, 90))
    assert "POST /v1/responses" in drawn
    assert "gpt-route-placeholder" in drawn
    assert "200" in drawn
    assert "540 ms" in drawn


def test_the_header_always_says_where_calls_would_go() -> None:
    drawn = [str(header_line(account_error(), ["built-in"], width)) for width in (80, 100, 120, 200)]
    assert [each for each in drawn if "127.0.0.1:41893" not in each] == []


def test_the_header_counts_drift_and_account_apart() -> None:
    drawn = str(header_line(account_error(), [], 120))
    assert "× 1 drift" in drawn
    assert "! 1 blocked" in drawn


def test_the_header_names_the_reference_and_its_state() -> None:
    state = fold(opened(), TokenResolved(TokenState.LOCKED, "keyring://gateway-console/acme", "unlock it"))
    assert "key keyring://gateway-console/acme ! locked" in str(header_line(state, [], 140))


def test_a_key_that_does_nothing_now_is_dim() -> None:
    keys = {span.text: span.tone for span in key_line(opened(), REVIEWER, 120).spans}
    assert keys["s"] is Tone.DIM
    assert keys["S"] is Tone.ACCENT


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (replace(opened(), is_read_only=True), "read-only"),
        (offline(), "still being opened"),
        (fold(offline(), GatewayFailed("X is not set")), "X is not set"),
        (
            fold(opened(), TokenResolved(TokenState.ABSENT, "env:X", "no token under env:X")),
            "no token under env:X",
        ),
        (opened(), "held back: endpoint drift"),
    ],
)
def test_help_says_why_smoke_is_not_possible(state: ConsoleState, reason: str) -> None:
    lines = text(help_lines(state, REVIEWER, 90)).splitlines()
    assert reason in lines[1]


def test_a_state_without_the_role_draws_all_the_same() -> None:
    state = replace(opened(), routes=opened().routes[:1])
    assert state.smoke(Role.CRITIC).result is None
    assert "planner" in text(smoke_lines(state, 0, 76, 30))


def retiring(*models: str, today: date = date(2026, 12, 1)) -> ConsoleState:
    routes = zip(Role, models, strict=False)
    table = RouteTable(tuple(Route(role, model, C, C.standard_path) for role, model in routes))
    return fold(ConsoleState("p"), RoutesChecked(check(table, basis=CheckBasis(today=today))))


def test_a_retired_model_is_red_in_the_table_and_said_with_its_date_source_and_fix() -> None:
    state = retiring("gpt-4", "gpt-4o", "gpt-5")
    table = text(route_lines(state, 0, 78))
    assert table.count("× retired") == 1
    assert "× retired" in table.splitlines()[1]
    assert "~ retiring" in table.splitlines()[3]
    drawn = text(contract_lines(state.routes[0], 78))
    assert "× retired   the provider retired the model" in drawn
    assert "retired    2026-10-23 at OpenAI then gpt-5.6-sol" in drawn
    assert 'fix        model = "gpt-5.6-sol"' in drawn
    assert "MOD-06" in drawn
    assert "read 2026-12-01 at" in drawn
    assert "https://developers.openai.com/api/docs/deprecations" in drawn
    assert "retires    2027-01-14 at OpenAI then gpt-6-luna" in text(contract_lines(state.routes[1], 78))


def test_a_retirement_fits_into_the_narrowest_screen() -> None:
    lines = list(contract_lines(retiring("gpt-4").routes[0], 38))
    assert max(cell_len(str(each)) for each in lines) <= 38


def test_agents_and_their_calls_are_told_by_words_and_an_account_is_not_a_failed_model() -> None:
    drawn = text(agents_lines(relaying().relay, 116))
    assert "▌ claude_code  ! cut off   1 call" in drawn
    assert "  codex        › 1 live    3 calls   1 refused   62 tokens" in drawn
    assert "! an unknown client   1 refused" in drawn
    assert "no call yet: aider" in drawn
    for shown in (r"codex +› live +writer +gpt-5.1 +190 +12345 pieces", r"codex +~ stopped +writer",
                  r"claude_code +! account +writer +gpt-5.1 .*account_quota  COM-H-01",
                  r"codex +✓ ok +writer +gpt-5.1 +190 +79 +\$0.000282  COM-H-01"):  # fmt: skip
        assert re.search(shown, drawn), shown


def test_a_narrow_pane_still_says_who_calls_and_how_it_goes() -> None:
    drawn = text(agents_lines(relaying().relay, 55))
    assert re.search(r"codex +› live +writer +190", drawn)
    assert "gpt-5.1" not in drawn


def test_a_slow_link_draws_nothing_of_an_answer_that_grows() -> None:
    state = relaying()
    before, after = (text(agents_lines(each.relay, 116, is_slow_link=True)) for each in (state, state.apply(moved(7))))
    assert before == after
    assert "pieces" not in before


def test_the_bar_says_that_agents_can_call_at_every_width() -> None:
    for width in (76, 116, 196):
        assert "· relay 2 live" in str(header_line(relaying(), ["built-in"], width))
