"""Agents at the screen: real keys, a real relay on loopback, and clients that call it over real HTTP."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from support.app import hands
from support.app.hands import drawn, main_screen, press, said, state_of
from support.config import config_table, route, write_config
from support.gateway.servers import (
    Peer,
    Request,
    answer_with,
    chunk,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    unused_port,
    whole,
)
from support.relay.relays import R, body_of

from console.app.app import ConsoleApp
from console.app.dialogs.agent_dialog import AgentDialog
from console.app.dialogs.dialogs import Dialog
from console.app.screens.routes_screen import RoutesScreen
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.relay.relay_view import RelayView

pytestmark = [pytest.mark.usefixtures("state_home"), pytest.mark.long]
TOKEN = "-".join(["test", "token", "q7w8e9r0t1y2u3i4o5p6"])
KEY = re.compile(r"gwc-[\w-]+")
ORIGIN = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class Sitting:
    """A screen at work, and a client with what it showed."""

    app: ConsoleApp
    http: aiohttp.ClientSession
    origin: str = ""
    key: str = ""

    async def let_in(self) -> str:
        """Let Codex in by keys; return what was shown of it."""
        await press(self.app, "a")
        await hands.until(self.app, lambda: isinstance(self.app.screen, AgentDialog) and bool(relay(self.app).origin))
        shown = drawn(self.app.screen, "settings")
        while "CODEX" not in shown and "Codex" not in shown:
            await press(self.app, "right")
            shown = drawn(self.app.screen, "settings")
        self.key, self.origin = KEY.findall(shown)[0], ORIGIN.findall(shown)[0]
        await press(self.app, "escape")
        assert isinstance(self.app.screen, RoutesScreen)
        return shown

    async def call(self, model: str = "writer") -> int:
        """Make a call and return its status; 0 if its answer broke off."""
        headers = {"authorization": f"Bearer {self.key}"}
        try:
            async with self.http.post(f"{self.origin}/v1/responses", json=body_of(R, model), headers=headers) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientPayloadError:
            return 0

    def agents(self) -> str:
        return drawn(main_screen(self.app), "agents")


def relay(app: ConsoleApp) -> RelayView:
    return state_of(app).relay


@contextlib.asynccontextmanager
async def sitting(
    base_url: str, tmp_path: Path, size: tuple[int, int] = (120, 40), *, is_read_only: bool = False
) -> AsyncIterator[Sitting]:
    """Open the screen on a gateway."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    routes = {"writer": route("gpt-5.1"), "critic": route("claude-sonnet-4-5", "anthropic_messages")}
    table = config_table({"base_url": base_url, "token_ref": [f"file:{token}"]}, routes)
    profile = load_profile(write_config(tmp_path / "config.toml", table))
    app = ConsoleApp(profile, is_read_only=is_read_only)
    async with aiohttp.ClientSession() as http, app.run_test(size=size):
        await hands.until(app, lambda: state_of(app).token_state is TokenState.FOUND)
        yield Sitting(app, http)


async def endless(peer: Peer, request: Request) -> None:
    """Begin an answer that does not end; the lists of models are not there."""
    if request.method != "POST":
        await peer.send(whole(404, {}))
        return
    pieces = [*opening(R, "gpt-5.1"), *(content(R, "word ") for _ in range(7))]
    await peer.send(head() + b"".join(chunk(each) for each in pieces))
    await peer.wait_until_left()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_an_agent_is_let_in_and_its_calls_are_shown_with_what_they_took(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        sitting(gateway.base_url, tmp_path, size) as desk,
    ):
        shown = await desk.let_in()
        assert f'base_url = "{desk.origin}/v1"' in shown
        assert "· relay" in drawn(main_screen(desk.app), "header")
        assert "no call yet: claude_code, codex" in desk.agents()
        assert await desk.call() == 200
        assert await desk.call("gpt-4o") == 400
        await hands.until(desk.app, lambda: "! refused" in desk.agents())
        rows = desk.agents()
        assert "▌ codex        · idle      1 call   1 refused   5 tokens   price unknown" in rows
        assert re.search(r"codex\s+✓ ok\s+writer\s+gpt-5\.1 .* unpriced", rows), "this gateway has no list of prices"
        assert "model: no route of the table has" in rows
        assert desk.key not in rows
        state = state_of(desk.app)
        assert [(call.agent, call.http_status) for call in state.requests.calls] == [("codex", 200)]
        assert state.budget is not None
        assert state.budget.spent.tokens == 5
        assert TOKEN in (gateway.requests[-1].header("authorization") or "")
        await press(desk.app, "enter")
        assert isinstance(desk.app.screen, Dialog)
        assert "Name one of: writer (gpt-5.1)" in " ".join(drawn(desk.app.screen, "agent-calls").split())


async def test_x_cuts_an_agent_off_in_the_middle_of_an_answer_and_u_lets_it_in_again(tmp_path: Path) -> None:
    async with raw_server(endless) as gateway, sitting(gateway.base_url, tmp_path) as desk:
        await desk.let_in()
        call = asyncio.create_task(desk.call())
        await hands.until(desk.app, lambda: "7 pieces" in desk.agents())
        assert "relay 1 live" in drawn(main_screen(desk.app), "header")
        await press(desk.app, "x")
        assert await call == 0
        await hands.until(desk.app, lambda: "~ stopped" in desk.agents())
        sent = len(gateway.requests)
        assert await desk.call() == 400
        await hands.until(desk.app, lambda: "! cut off   1 call   1 refused" in desk.agents())
        assert len(gateway.requests) == sent
        await press(desk.app, "x")
        assert "codex is cut off already; u lets it in again" in said(desk.app)
        await press(desk.app, "u")
        await hands.until(desk.app, lambda: "! cut off" not in desk.agents())
        again = asyncio.create_task(desk.call())
        await hands.until(desk.app, lambda: "› 1 live" in desk.agents())
        await press(desk.app, "X")
        assert await again == 0


async def test_x_stops_a_smoke_test_that_was_begun_from_the_pane_of_agents(tmp_path: Path) -> None:
    async with raw_server(endless) as gateway, sitting(gateway.base_url, tmp_path) as desk:
        await desk.let_in()
        call = asyncio.create_task(desk.call())
        await hands.until(desk.app, lambda: "7 pieces" in desk.agents())
        await press(desk.app, "s")
        await hands.until(desk.app, lambda: state_of(desk.app).routes[0].smoke.pieces == 7)
        await press(desk.app, "x")
        await hands.until(desk.app, lambda: not state_of(desk.app).is_live)
        assert "› 1 live" in desk.agents()
        await press(desk.app, "5", "x")
        assert await call == 0


async def test_on_a_narrow_screen_three_panes_share_a_place(tmp_path: Path) -> None:
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        sitting(gateway.base_url, tmp_path, (80, 24)) as desk,
    ):
        await desk.let_in()
        screen = main_screen(desk.app)
        for key, shown in (("2", "contract"), ("5", "agents"), ("3", "smoke"), ("5", "agents")):
            await press(desk.app, key)
            await hands.until(desk.app, lambda: screen.query_one(f"#{shown}").size.height > 5)  # noqa: B023
            places = [pane for pane in ("contract", "smoke", "agents") if screen.query_one(f"#{pane}").display]
            assert places == [shown]


async def test_a_relay_that_was_ended_comes_back_with_the_same_address_and_keys(tmp_path: Path) -> None:
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        sitting(gateway.base_url, tmp_path) as desk,
    ):
        await desk.let_in()
        settings = desk.origin, desk.key
        await press(desk.app, "R")
        assert any("agents may call through this gateway" in each for each in said(desk.app))
        await press(desk.app, "X")
        await hands.until(desk.app, lambda: "closed: no agent can call" in desk.agents())
        with pytest.raises(aiohttp.ClientConnectorError):
            await desk.call()
        await desk.let_in()
        assert (desk.origin, desk.key) == settings
        assert await desk.call() == 200


async def test_a_port_that_was_taken_meanwhile_is_not_waited_for(tmp_path: Path) -> None:
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        sitting(gateway.base_url, tmp_path) as desk,
    ):
        await desk.let_in()
        first, key = desk.origin, desk.key
        await press(desk.app, "X")
        await hands.until(desk.app, lambda: "closed: no agent can call" in desk.agents())
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", int(first.rpartition(":")[2])):
            await desk.let_in()
            assert desk.origin != first
            assert desk.key == key
            assert await desk.call() == 200


async def test_a_gateway_that_is_not_there_is_told_to_the_agent_and_on_the_screen(tmp_path: Path) -> None:
    with unused_port() as holder:
        port = holder.getsockname()[1]
        async with sitting(f"http://127.0.0.1:{port}", tmp_path) as desk:
            await desk.let_in()
            assert await desk.call() == 502
            await hands.until(desk.app, lambda: "× failed" in desk.agents())
            assert "upstream_unavailable" in desk.agents()


async def test_quitting_ends_a_call_in_flight_and_sends_nothing_more(tmp_path: Path) -> None:
    async with raw_server(endless) as gateway:
        async with sitting(gateway.base_url, tmp_path) as desk:
            await desk.let_in()
            call = asyncio.create_task(desk.call())
            await hands.until(desk.app, lambda: "7 pieces" in desk.agents())
            await press(desk.app, "q")
            assert await call == 0
        await gateway.peers[-1].has_left.wait()


async def test_read_only_opens_no_relay(tmp_path: Path) -> None:
    async with (
        raw_server(answer_with(good_stream(R))) as gateway,
        sitting(gateway.base_url, tmp_path, is_read_only=True) as desk,
    ):
        await press(desk.app, "a")
        assert isinstance(desk.app.screen, RoutesScreen)
        assert any("read-only: agents make calls that cost" in each for each in said(desk.app))
        assert gateway.requests == []
