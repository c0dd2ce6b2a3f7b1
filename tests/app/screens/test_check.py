"""The probe ladder on the screen: what the contract pane shows of it, and the keys c, C, t, x and y."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.app import hands
from support.app.hands import press, said, state_of
from support.app.states import fold, offline, opened
from support.config import config_table, route, write_config
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import Peer, RawServer, Request, raw_server, stay_silent

from console.app.actions import action_named
from console.app.app import ConsoleApp
from console.app.panes.contract_pane import contract_lines
from console.app.widgets.line import Line
from console.domain.errors.category import Category, judged
from console.domain.money import FREE, Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import CatalogueRead, GatewayFailed, RungFinished, RungStarted
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.standing import Standing
from console.domain.routes.contract import fix_lines
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.console_state import ConsoleState

R, C = EndpointFamily.RESPONSES, EndpointFamily.CHAT_COMPLETIONS
WRITER, REVIEWER = 1, 3
P = RungStatus.PASSED


def text(lines: Iterable[Line]) -> str:
    return "\n".join(str(each).rstrip() for each in lines)


def contract(state: ConsoleState, row: int = WRITER, width: int = 76) -> str:
    return text(contract_lines(state.routes[row], width, state.catalogue))


def rung(
    rung: Rung, status: RungStatus = P, category: Category | None = None, role: Role = Role.WRITER
) -> RungFinished:
    reading = None if category is None else judged(category, "seen in a test")
    return RungFinished(RungResult(RouteKey(role), rung, status, classification=reading))


def declared(*entries: CatalogueEntry) -> CatalogueRead:
    return CatalogueRead(Catalogue({each.model: each for each in entries}, ("/v1/models",)), (), is_first=True)


# --- The pane --------------------------------------------------------------------------------------------------------


def test_before_a_climb_there_is_no_ladder_line() -> None:
    drawn = contract(opened("demo"))
    assert "ladder" not in drawn
    assert "declared   not asked" in drawn
    assert "c checks it" in drawn


def test_the_ladder_line_shows_each_rung_and_how_far_the_role_needs_it() -> None:
    state = fold(opened("demo"), rung(Rung.OFFLINE), rung(Rung.CONNECTION), rung(Rung.CATALOGUE, RungStatus.UNPROVEN))
    (line,) = [line for line in contract(state).splitlines() if line.startswith("ladder")]
    assert line.split() == [
        "ladder",
        "✓0",
        "✓1",
        "~2",
        "·3",
        "·4",
        "·5",
        "up",
        "to",
        "rung",
        "2;",
        "the",
        "writer",
        "role",
        "needs",
        "5",
    ]


def test_the_rung_that_is_being_climbed_is_live() -> None:
    state = fold(opened("demo"), rung(Rung.OFFLINE), RungStarted(RouteKey(Role.WRITER), Rung.CONNECTION, FREE))
    assert "✓0 ›1 ·2" in contract(state)


def test_a_rung_that_stopped_the_climb_says_why() -> None:
    climbed = [rung(each) for each in (Rung.OFFLINE, Rung.CONNECTION, Rung.CATALOGUE)]
    state = fold(opened("demo"), *climbed, rung(Rung.KEY, RungStatus.BLOCKED, Category.ACCOUNT_AUTH))
    drawn = contract(state)
    assert "! blocked" in drawn
    assert "✓2 !3 ·4" in drawn
    assert "rung 3 key and path: account_auth" in drawn


def test_a_shape_that_fails_is_conditional_in_words() -> None:
    climbed = [rung(each) for each in Rung if each < Rung.SHAPE]
    state = fold(opened("demo"), *climbed, rung(Rung.SHAPE, RungStatus.FAILED, Category.CONTRACT_VIOLATION))
    assert "~ cond." in contract(state)
    assert "the role's own shape" in contract(state)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (None, "not listed"),
        (CatalogueEntry("gpt-route-placeholder"), "listed, no families"),
        (CatalogueEntry("gpt-route-placeholder", (R, C)), "responses, chat_completions"),
        (CatalogueEntry("gpt-route-placeholder", ()), "none supported here"),
    ],
)
def test_what_the_gateway_declares_is_shown_as_a_hint(entry: CatalogueEntry | None, words: str) -> None:
    read = declared(CatalogueEntry("another-model"), *([] if entry is None else [entry]))
    (line,) = [line for line in contract(fold(opened("demo"), read)).splitlines() if line.startswith("declared")]
    assert words in line
    assert "a hint, no proof" in line


def test_the_price_of_the_catalogue_is_shown() -> None:
    read = declared(CatalogueEntry("gpt-route-placeholder", price=Price(3.0, 15.0)))
    assert "price      3 in 15 out USD/M" in contract(fold(opened("demo"), read))


def test_a_drifting_route_shows_the_fix_lines_that_are_copied() -> None:
    lines = contract(offline(), REVIEWER).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("fix"))
    shown = [line[11:].strip() for line in lines[at : at + 2]]
    assert shown == list(fix_lines(offline().routes[REVIEWER].check))


def test_no_line_of_a_climbed_route_runs_over() -> None:
    climbed = [rung(each) for each in (Rung.OFFLINE, Rung.CONNECTION, Rung.CATALOGUE)]
    state = fold(opened("demo"), *climbed, rung(Rung.KEY, RungStatus.BLOCKED, Category.ACCOUNT_PRICING), declared())
    drawn = {width: [*contract_lines(state.routes[WRITER], width, state.catalogue)] for width in (30, 40, 56, 76, 116)}
    assert all(map(text, drawn.values()))
    assert [str(line) for width in (76, 116) for line in drawn[width] if cell_len(str(line)) > width] == []


# --- Reasons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "state", "row", "words"),
    [
        ("route.check", offline("demo"), WRITER, "still being opened"),
        ("route.check", fold(offline("demo"), GatewayFailed("X is not set")), WRITER, "X is not set"),
        (
            "route.check_all",
            fold(opened("demo"), RungStarted(RouteKey(Role.CRITIC), Rung.KEY, FREE)),
            WRITER,
            "calls are in progress",
        ),
        ("route.shape", replace(opened("demo"), is_read_only=True), WRITER, "read-only"),
        ("route.shape", opened("faults"), REVIEWER, "held back: endpoint drift"),
        (
            "route.shape",
            fold(opened("demo"), RungStarted(RouteKey(Role.WRITER), Rung.KEY, FREE)),
            WRITER,
            "being checked",
        ),
        ("route.copy_fix", opened("demo"), WRITER, "nothing to fix"),
        ("smoke.stop", opened("demo"), WRITER, "no call is in progress"),
        (
            "gateway.reopen",
            fold(opened("demo"), RungStarted(RouteKey(Role.WRITER), Rung.KEY, FREE)),
            WRITER,
            "in progress",
        ),
    ],
)
def test_an_action_that_is_not_possible_says_why(action: str, state: ConsoleState, row: int, words: str) -> None:
    assert words in str(action_named(action).why_not(state, row))


@pytest.mark.parametrize(
    ("action", "state", "row"),
    [
        ("route.check", opened("demo"), WRITER),
        ("route.check", replace(opened("demo"), is_read_only=True), WRITER),
        ("route.check", opened("faults"), REVIEWER),
        ("route.copy_fix", opened("faults"), REVIEWER),
        ("smoke.stop", fold(opened("demo"), RungStarted(RouteKey(Role.WRITER), Rung.KEY, FREE)), WRITER),
    ],
)
def test_an_action_that_is_possible_has_no_reason(action: str, state: ConsoleState, row: int) -> None:
    assert action_named(action).why_not(state, row) is None


# --- Keys ------------------------------------------------------------------------------------------------------------


def drawn(app: ConsoleApp, pane_id: str) -> str:
    return hands.drawn(hands.main_screen(app), pane_id)


async def until(app: ConsoleApp, is_reached: Callable[[ConsoleState], bool]) -> ConsoleState:
    await hands.until(app, lambda: is_reached(state_of(app)))
    return state_of(app)


def has_climbed(*roles: Role, top: Rung) -> Callable[[ConsoleState], bool]:
    def check(state: ConsoleState) -> bool:
        return all(
            route.proven.rungs
            and route.climbing is None
            and (route.proven.rungs[-1].rung >= top or not route.proven.rungs[-1].holds)
            for route in state.routes
            if route.check.route.role in roles
        )

    return check


ROUTES = {
    "planner": route("gpt-5.5-pro", "chat_completions"),
    "writer": route(),
    "critic": route(family="anthropic_messages"),
}


@contextlib.asynccontextmanager
async def opened_on(
    server: RawServer,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_read_only: bool = False,
    policy: Mapping[str, Any] | str = "",
) -> AsyncIterator[ConsoleApp]:
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    path = home / "config.toml"
    write_config(path, config_table({"base_url": server.base_url}, ROUTES, policy=policy))
    app = ConsoleApp(load_profile(path), is_read_only=is_read_only)
    async with app.run_test(size=(120, 40)):
        await until(app, lambda state: state.token_state is TokenState.FOUND)
        yield app


async def test_nothing_is_checked_until_c_climbs_the_free_rungs_of_this_route_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(Steps(token=None)) as server, opened_on(server, tmp_path, monkeypatch) as app:
        await press(app, "j", "k", "tab", "2", "3", "1")
        assert {worker.name for worker in hands.main_screen(app).workers} == {"gateway", "runs", "watch the config"}
        assert state_of(app).catalogue is None
        assert server.connections == 0
        await press(app, "j", "c")
        first = await until(app, has_climbed(Role.WRITER, top=Rung.KEY))
        assert first.routes[1].proven.reached is Rung.KEY
        assert (first.routes[0].proven.rungs, first.routes[2].proven.rungs) == ((), ())
        assert "up to rung 3; the" in drawn(app, "contract")
        assert "declared   listed, no families" in drawn(app, "contract")
        assert first.catalogue is not None
        assert first.catalogue.is_first
        await press(app, "c")
        second = await until(app, lambda state: state.catalogue is not None and not state.catalogue.is_first)
        assert second.catalogue is not None
        assert second.catalogue.changes == ()
    assert not [request for request in server.requests if b'"stream":true' in request.body]
    assert {request.path for request in server.requests if request.method == "POST"} == {"/v1/responses"}


async def test_big_c_climbs_all_and_sends_nothing_for_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(Steps(token=None)) as server, opened_on(server, tmp_path, monkeypatch) as app:
        await press(app, "C")
        roles = (Role.PLANNER, Role.WRITER, Role.CRITIC)
        state = await until(app, has_climbed(*roles, top=Rung.KEY))
        assert [route.proven.reached for route in state.routes] == [Rung.OFFLINE, Rung.KEY, Rung.KEY]
        assert state.routes[0].proven.standing is Standing.DRIFT
    assert [request for request in server.requests if request.path == "/v1/chat/completions"] == []


async def test_t_climbs_to_the_role_s_own_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(Steps(token=None)) as server, opened_on(server, tmp_path, monkeypatch) as app:
        await press(app, "j", "t")
        state = await until(app, has_climbed(Role.WRITER, top=Rung.SHAPE))
        assert (state.routes[1].proven.reached, state.routes[1].proven.standing) == (Rung.SHAPE, Standing.PROVEN)
        assert state.budget is not None
        assert state.budget.spent.tokens == 10
        assert "✓5" in drawn(app, "contract")


async def test_a_rubric_that_cannot_be_used_stops_at_rung_5_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"rubric": str(tmp_path / "missing.toml")}
    async with (
        scripted(Steps(token=None)) as server,
        opened_on(server, tmp_path, monkeypatch, policy=policy) as app,
    ):
        await press(app, "j", "t")
        state = await until(app, has_climbed(Role.WRITER, top=Rung.SHAPE))
        (stopped,) = [each for each in state.routes[1].proven.rungs if each.rung is Rung.SHAPE]
        assert (state.routes[1].proven.reached, stopped.status) == (Rung.SMOKE, RungStatus.BLOCKED)
        assert "missing.toml" in stopped.notes[0]
    assert not [request for request in server.requests if b'"json_schema"' in request.body]


async def test_read_only_climbs_the_lists_alone_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        scripted(Steps(token=None)) as server,
        opened_on(server, tmp_path, monkeypatch, is_read_only=True) as app,
    ):
        await press(app, "j", "c")
        state = await until(app, has_climbed(Role.WRITER, top=Rung.CATALOGUE))
        assert state.routes[1].proven.reached is Rung.CATALOGUE
        await press(app, "t")
        assert any("read-only" in each for each in said(app))
    assert {request.method for request in server.requests} == {"GET"}
    assert not (tmp_path / "state").exists()


async def test_x_stops_a_climb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(token=None)

    async def stuck(peer: Peer, request: Request) -> None:
        if request.method == "POST":
            await stay_silent(peer, request)
        else:
            await peer.send(steps.answer(request))

    async with raw_server(stuck) as server, opened_on(server, tmp_path, monkeypatch) as app:
        await press(app, "j", "c")
        await until(
            app, lambda state: state.routes[1].climbing is not None and state.routes[1].climbing.rung is Rung.KEY
        )
        assert "›3" in drawn(app, "contract")
        await press(app, "x")
        state = await until(app, lambda state: state.routes[1].climbing is None)
        assert state.routes[1].proven.reached is Rung.CATALOGUE
        assert state.routes[1].proven.rungs[-1].notes == ("stopped",)
        await server.peers[-1].has_left.wait()
        await press(app, "x")
        assert any("no call is in progress" in each for each in said(app))


async def test_y_copies_exactly_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted() as server, opened_on(server, tmp_path, monkeypatch) as app:
        await press(app, "y")
        lines = fix_lines(state_of(app).routes[0].check)
        assert lines == ('endpoint_family = "responses"', 'endpoint_path = "/v1/responses"')
        assert app.clipboard == "\n".join(lines) + "\n"
        assert any("copied 2 config line(s)" in each for each in said(app))
        await press(app, "j", "y")
        assert app.clipboard == "\n".join(lines) + "\n"
        assert any("nothing to fix" in each for each in said(app))
    assert server.requests == []
