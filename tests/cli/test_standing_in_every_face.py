"""The matrix of a route's state and the faces that show it: no cell is greener than the state."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.gateway.scripted_gateway import Climbed, R, Steps, climb_to, models, scripted
from support.gateway.scripted_gateway import route as scripted_route
from support.gateway.servers import answer_with, good_stream, raw_server, whole
from support.probes.smoking import TOKEN

from console.app.panes.bars import header_line
from console.app.panes.contract_pane import contract_lines
from console.app.panes.route_table import route_lines
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.routes.role import Role
from console.view.route_call_sign import route_call_sign
from console.view.route_sign import route_sign, standing_sign
from console.view.sign import Tone

OVERLOADED = whole(503, {"error": {"message": "The server is overloaded", "type": "service_unavailable"}})
NO_MONEY = whole(402, {"error": {"message": "Insufficient balance", "code": "insufficient_quota"}})
DENIED = whole(401, {"error": {"message": "Invalid API key", "type": "invalid_api_key"}})
BAD_GATEWAY = whole(502, b"<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
PRICED = whole(200, {"data": [{"id": "m"}, {"id": "n", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]})


@dataclass(frozen=True)
class State:
    """A gateway, how far it is climbed, and the truth about its one route."""

    steps: Steps | bytes
    standing: Standing
    code: int
    level: Rung = Rung.SHAPE
    mark: str = ""


def text(answer: bytes) -> Callable[..., bytes]:
    return lambda request, family: answer


STATES = {
    "healthy, climbed to the top": State(Steps(), Standing.PROVEN, 0),
    "healthy, climbed to the free rungs": State(Steps(), Standing.UNPROVEN, 0, Rung.KEY),
    "healthy, text alone": State(Steps(), Standing.UNPROVEN, 0, Rung.SMOKE),
    "not asked": State(Steps(), Standing.UNPROVEN, 0, Rung.OFFLINE),  # no source knows the model
    "an outage behind nginx": State(BAD_GATEWAY, Standing.DOWN, 10, Rung.KEY),
    "a model that loads": State(OVERLOADED, Standing.DOWN, 10, Rung.KEY),
    "an outage of the calls alone": State(Steps(text=text(OVERLOADED)), Standing.DOWN, 10),
    "a wrong key": State(Steps(token="another"), Standing.BLOCKED, 5, Rung.KEY),
    "a key that only a whole form shows to be wrong": State(
        Steps(checks_form_first=True, unknown_model=DENIED), Standing.BLOCKED, 5, Rung.KEY
    ),
    "no money": State(Steps(text=text(NO_MONEY)), Standing.BLOCKED, 5),
    "any key is taken": State(Steps(wrong_key=good_stream(R)), Standing.FAILED, 1),
    "a shape that is not kept": State(Steps(shape=text(good_stream(R))), Standing.CONDITIONAL, 1),
    "a model that no list names": State(
        Steps(lists={"/v1/models": models("other")}), Standing.UNPROVEN, 0, Rung.KEY, "unlisted"
    ),
    "a model without a price": State(Steps(lists={"/v1/models": PRICED}), Standing.UNPROVEN, 0, Rung.KEY, "unpriced"),
}


def routed(model: str = "m") -> dict[str, Any]:
    return {"reviewer": route(model)}


async def climbed_in(state: State) -> Climbed:
    if isinstance(state.steps, bytes):
        async with raw_server(answer_with(state.steps)) as server:
            return await climb_to(state.level, server.base_url, scripted_route(Role.REVIEWER))
    async with scripted(state.steps) as server:
        return await climb_to(state.level, server.base_url, scripted_route(Role.REVIEWER))


@pytest.mark.parametrize("name", STATES)
async def test_no_cell_of_the_screen_is_greener_than_the_state(name: str) -> None:
    state = STATES[name]
    shown = (await climbed_in(state)).state
    (drawn,) = shown.routes
    assert drawn.proven.standing is state.standing
    sign = route_sign(drawn.proven)
    assert (sign.tone is Tone.OK) is (state.standing is Standing.PROVEN and not state.mark)
    row = str(list(route_lines(shown, 0, 120))[1])
    assert str(sign) in row
    if state.mark:
        assert state.mark in row
    if state.standing.is_trouble:
        assert "✓" not in row.replace(str(route_call_sign(drawn)), "")
        assert route_call_sign(drawn).tone is not Tone.OK or state.standing in (Standing.FAILED, Standing.CONDITIONAL)
    assert "\n".join(map(str, contract_lines(drawn, 100))).startswith(str(sign))
    assert f"{standing_sign(state.standing).sign} 1 {standing_sign(state.standing).word}" in str(
        header_line(shown, [], 120)
    )


@pytest.mark.parametrize("name", STATES)
async def test_no_line_of_check_is_greener_than_the_state(console: Console, name: str) -> None:
    state = STATES[name]

    async def checked(base_url: str, *more: str) -> Any:
        gateway = {"base_url": base_url, "token_ref": ["env:GW"]}
        config = write_config(console.home / "c.toml", config_table(gateway, routed()))
        return await console.run("check", "--config", config, "--level", str(int(state.level)), *more, GW=TOKEN)

    opening = raw_server(answer_with(state.steps)) if isinstance(state.steps, bytes) else scripted(state.steps)
    async with opening as server:
        told, document = await checked(server.base_url), await checked(server.base_url, "--json")
    (row,) = [line for line in told.stdout.splitlines() if re.match(r"reviewer +m ", line)]
    assert str(standing_sign(state.standing)) in row
    assert ("✓" in row) is (state.standing is Standing.PROVEN)
    (each,) = document.document["routes"]
    assert (each["verdict"], each["marks"]) == (state.standing.value, [state.mark] if state.mark else [])
    assert told.code == document.code == state.code
    is_untested = state.standing in (Standing.OFFLINE, Standing.UNPROVEN)
    assert ("untested: reviewer" in told.stdout, each["untested"]) == (is_untested, 5 if is_untested else None)


@pytest.mark.parametrize(
    ("model", "family", "cells", "code"),
    [
        ("gpt-5.5-pro", "chat_completions", "× drift +-", 6),
        ("gpt-6-sol", "responses", "· offline +-", 0),
        ("no-source-knows-it", "responses", "~ unproven +-", 0),
        ("gpt-4", "chat_completions", "× failed +retired", 1),
    ],
)
async def test_the_offline_table_is_never_green(
    console: Console, model: str, family: str, cells: str, code: int
) -> None:
    table = config_table({"base_url": "https://gw.example", "token_ref": []}, {"reviewer": route(model, family)})
    told = await console.run("routes", "--config", write_config(console.home / "c.toml", table))
    (row,) = [line for line in told.stdout.splitlines() if re.match(rf"reviewer +{model} ", line)]
    assert re.search(f"{cells}$", row.rstrip())
    assert "✓" not in row
    assert told.code == code


@pytest.mark.parametrize(
    ("steps", "verdict", "code"),
    [
        (Steps(), Standing.UNPROVEN, 0),
        (Steps(text=text(NO_MONEY)), Standing.BLOCKED, 5),
        (Steps(text=text(OVERLOADED)), Standing.DOWN, 10),
        (Steps(token="another"), Standing.BLOCKED, 5),
    ],
)
async def test_smoke_ends_with_the_same_verdict(console: Console, steps: Steps, verdict: Standing, code: int) -> None:
    async with scripted(steps) as server:
        gateway = {"base_url": server.base_url, "token_ref": ["env:GW"]}
        config = write_config(console.home / "c.toml", config_table(gateway, routed()))
        told = await console.run("smoke", "--config", config, GW=TOKEN)
        document = await console.run("smoke", "--config", config, "--json", GW=TOKEN)
    (each,) = document.document["routes"]
    assert (each["verdict"], told.code, document.code) == (verdict.value, code, code)
    assert ("untested: reviewer" in told.stdout) is (verdict is Standing.UNPROVEN)


@pytest.mark.parametrize("verb", [("smoke",), ("check", "--level", "0")])
async def test_the_next_command_is_for_the_same_profile_and_can_be_pasted(
    console: Console, verb: tuple[str, ...]
) -> None:
    async with scripted(Steps()) as server:
        table = config_table({"base_url": server.base_url, "token_ref": ["env:GW"]}, routed())
        config = write_config(console.home / "my own.toml", table)
        told = await console.run(*verb, "--config", config, "--profile", "p", GW=TOKEN)
        (command,) = [line.strip() for line in told.stdout.splitlines() if line.startswith("    next: ")]
        assert command == f"next: gateway-console check --config '{config}' --profile p --level 5 --role reviewer"
        proven = await console.run(*shlex.split(command)[2:], GW=TOKEN)
    assert "✓ proven" in proven.stdout
