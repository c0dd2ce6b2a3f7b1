"""The target: an address from config or environment, a token, and a client only where there is one."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.tokens.token_store import ORIGIN, OTHER_ORIGIN, MemoryStore

from console.domain.problem import Problem, ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import GatewaySettings, Profile
from console.services.open_gateway import open_target
from console.services.tokens.reference import Reference
from console.services.tokens.stores.store import StoreError

pytestmark = pytest.mark.usefixtures("no_trust_store")

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


@dataclass
class Simulator:
    """An embedded gateway that is only said to run."""

    base_url: str = "http://127.0.0.1:9"
    token: Secret = field(default_factory=lambda: Secret(TOKEN))
    log: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def start(self) -> AsyncIterator["Simulator"]:
        self.log.append("started")
        try:
            yield self
        finally:
            self.log.append("ended")


def no_keyring() -> MemoryStore:
    return MemoryStore(error=StoreError(TokenState.REFUSED, "the keyring was asked"))


def profile(*, path: str = "/v1/responses", references: tuple[str, ...] = (), **gateway: object) -> Profile:
    routes = RouteTable((Route(Role.WRITER, "m", EndpointFamily.RESPONSES, path),))
    return Profile(
        "p",
        GatewaySettings(token_ref=tuple(map(Reference.parse, references)), **gateway),
        routes,
        "config.toml",
        is_built_in=False,
    )


async def refusal(environment: dict[str, str], chosen: Profile) -> str:
    simulator = Simulator()
    with pytest.raises(Problem) as caught:
        async with open_target(chosen, simulator.start, environment=environment, keyring=no_keyring()):
            pass
    assert caught.value.kind is ProblemKind.CONFIG
    assert simulator.log == []
    return str(caught.value)


async def test_the_embedded_gateway_is_started_for_its_profile_and_ended_after_it() -> None:
    simulator = Simulator()
    chosen = profile(base_url="sim:", references=("sim:",))
    async with open_target(chosen, simulator.start, environment={}, keyring=no_keyring()) as target:
        assert (target.opened.origin, target.opened.is_embedded) == ("http://127.0.0.1:9", True)
        assert target.token.state is TokenState.FOUND
        assert target.gateway is not None
        assert target.gateway.secret == Secret(TOKEN)
        assert simulator.log == ["started"]
    assert simulator.log == ["started", "ended"]


async def test_a_real_gateway_starts_no_embedded_one() -> None:
    simulator = Simulator()
    chosen = profile(base_url="https://gw.example:8443/prefix", references=("env:GW",))
    async with open_target(chosen, simulator.start, environment={"GW": TOKEN}, keyring=no_keyring()) as target:
        assert (target.opened.origin, target.opened.is_embedded) == ("https://gw.example:8443", False)
        assert target.gateway is not None
    assert simulator.log == []


@pytest.mark.parametrize(
    ("keyring", "state"),
    [
        (MemoryStore(), TokenState.ABSENT),
        (MemoryStore(error=StoreError(TokenState.LOCKED, "it is locked")), TokenState.LOCKED),
        (MemoryStore({("n", OTHER_ORIGIN): TOKEN.encode()}), TokenState.REFUSED),
    ],
)
async def test_without_a_token_there_is_no_client(keyring: MemoryStore, state: TokenState) -> None:
    chosen = profile(base_url="https://gw.example", references=("keyring://s/n",))
    async with open_target(chosen, Simulator().start, environment={}, keyring=keyring) as target:
        assert (target.token.state, target.gateway) == (state, None)


@pytest.mark.parametrize("base_url", ["https://gw.example", "https://GW.example:443/prefix", "https://gw.example/"])
async def test_a_token_is_looked_for_by_the_gateways_origin(base_url: str) -> None:
    keyring = MemoryStore({("n", ORIGIN): TOKEN.encode()})
    chosen = profile(base_url=base_url, references=("keyring://s/n",))
    async with open_target(chosen, Simulator().start, environment={}, keyring=keyring) as target:
        assert (target.token.state, target.token.origin) == (TokenState.FOUND, ORIGIN)
        assert target.gateway is not None


async def test_a_gateway_that_takes_no_token_gets_a_client_without_one() -> None:
    chosen = profile(base_url="http://127.0.0.1:8080")
    async with open_target(chosen, Simulator().start, environment={}, keyring=no_keyring()) as target:
        assert target.gateway is not None
        assert target.gateway.secret is None


async def test_the_base_url_can_come_from_the_environment() -> None:
    chosen = profile(base_url_ref="env:GW_URL")
    environment = {"GW_URL": "https://gw.example/api"}
    async with open_target(chosen, Simulator().start, environment=environment, keyring=no_keyring()) as target:
        assert target.opened.origin == "https://gw.example"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "GW_URL is not set; base_url_ref of profile p names it"),
        ({"GW_URL": ""}, "GW_URL is not set; base_url_ref of profile p names it"),
        ({"GW_URL": "gw.example"}, "the value of GW_URL must begin with https://"),
        ({"GW_URL": "sim:"}, "the value of GW_URL must begin with https://"),
        ({"GW_URL": "http://gw.example"}, "the value of GW_URL must begin with https://"),
        ({"GW_URL": f"https://u:{TOKEN}@gw.example"}, "the value of GW_URL contains a user name or password"),
        ({"GW_URL": f"https://gw.example?key={TOKEN}"}, "the value of GW_URL contains a query"),
        ({"GW_URL": "https://gw.example/v1/v1"}, "the value of GW_URL has /v1 twice"),
        ({"GW_URL": "https://gw.example/v1"}, "remove /v1 from the value"),
    ],
)
async def test_a_base_url_of_the_environment_that_does_not_fit_is_refused_without_its_text(
    environment: dict[str, str], words: str
) -> None:
    message = await refusal(environment, profile(base_url_ref="env:GW_URL"))
    assert words in message
    assert TOKEN not in message
    assert "gw.example" not in message


@pytest.mark.parametrize("ca_file", ["missing.pem", ".", "no-pem.txt", "empty.pem", "with\0nul.pem"])
async def test_a_ca_file_that_holds_no_certificate_is_refused(tmp_path: Path, ca_file: str) -> None:
    (tmp_path / "no-pem.txt").write_text("this is not a certificate\n")
    (tmp_path / "empty.pem").write_text("")
    message = await refusal({}, profile(base_url="https://gw.example", ca_file=tmp_path / ca_file))
    assert message == "ca_file of profile p cannot be read, or holds no PEM certificate"


async def test_a_ca_file_of_a_user_who_does_not_exist_is_refused() -> None:
    message = await refusal({}, profile(base_url="https://gw.example", ca_file=Path("~no-such-user/ca.pem")))
    assert message.startswith("~no-such-user: no home directory is known")
