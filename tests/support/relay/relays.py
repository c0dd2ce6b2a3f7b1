"""A relay in front of a raw gateway, and clients that call it with raw HTTP."""

import contextlib
import io
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from support.gateway.budgets import reservations_of
from support.probes.smoking import TOKEN, patient

from console.domain.money import Price
from console.domain.relay.admission import RouteDesk
from console.domain.relay.call import RelayEvent
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.relay.client import RelayClient
from console.services.relay.relay import Relay, RelayRules
from console.services.relay.server import serve_relay

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
TABLE = RouteTable(
    (
        Route(Role.PLANNER, "gpt-5.5", R, R.standard_path),
        Route(Role.WRITER, "gpt-5.1", R, R.standard_path),
        Route(Role.CRITIC, "claude-sonnet-4-5", M, M.standard_path),
        Route(Role.FALLBACK, "deepseek-v3", C, C.standard_path),
    )
)
MODEL_OF = {R: "gpt-5.1", M: "claude-sonnet-4-5", C: "deepseek-v3"}
ROLE_OF = {R: "writer", M: "critic", C: "fallback"}


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> Mapping[str, object]:
        found: Mapping[str, object] = json.loads(self.body)["error"]
        return found


@dataclass
class Relaying:
    """A relay at work."""

    origin: str
    client: RelayClient
    relay: Relay
    events: list[RelayEvent]
    http: aiohttp.ClientSession
    now: list[float] = field(default_factory=lambda: [0.0])
    """The relay's clock, in seconds; a test moves it."""

    async def post(
        self, path: str, body: bytes | io.BytesIO | Mapping[str, object], key: str | None = None, **headers: str
    ) -> Answer:
        data = body if isinstance(body, bytes | io.BytesIO) else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.client.key if key is None else key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        async with self.http.post(self.origin + path, data=data, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())


@contextlib.asynccontextmanager
async def relaying(
    base_url: str,
    *,
    rules: RelayRules | None = None,
    reservations: Reservations | None = None,
    table: RouteTable = TABLE,
    price: Price | None = None,
    tell: Callable[[RelayEvent], None] | None = None,
    token: str = TOKEN,
    headers: Mapping[str, str] | None = None,
    gateway_times: Mapping[str, float] | None = None,
    **limits: int,
) -> AsyncIterator[Relaying]:
    """Relay to a gateway while the block runs, for one client."""
    events: list[RelayEvent] = []
    now = [0.0]
    client = RelayClient("codex", RouteDesk(check(table)), **limits)  # type: ignore[arg-type]
    async with Gateway(base_url, Secret(token), patient(headers=headers or {}, **(gateway_times or {}))) as gateway:
        relay = Relay(
            gateway,
            reservations or reservations_of(),
            tell or events.append,
            rules=rules or RelayRules(),
            clock=lambda: now[0],
            now=time.time,
            price_of=lambda _: price,
        )
        async with serve_relay(relay, [client]) as listening, aiohttp.ClientSession() as http:
            yield Relaying(listening.origin, client, relay, events, http, now)


def body_of(family: EndpointFamily, model: str, **more: object) -> dict[str, object]:
    """Return a small request of a family."""
    messages = [{"role": "user", "content": "Say hello."}]
    match family:
        case EndpointFamily.RESPONSES:
            return {"model": model, "input": "Say hello.", "stream": True, "max_output_tokens": 64, **more}
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return {"model": model, "messages": messages, "stream": True, "max_tokens": 64, **more}
        case EndpointFamily.CHAT_COMPLETIONS:
            return {"model": model, "messages": messages, "stream": True, "max_completion_tokens": 64, **more}


def kinds(events: Sequence[RelayEvent]) -> list[str]:
    """Return the names of events."""
    return [type(each).__name__ for each in events]
