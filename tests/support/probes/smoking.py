"""Smoking one route of a raw server, as the faces do it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from types import MappingProxyType

from support.gateway.budgets import reservations_of
from support.waiting import HANG_S

from console.domain.finding import Severity
from console.domain.probes.event import SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.client import BODY_LIMIT, Gateway
from console.services.probes.smoke import SmokePlan, smoke

FAMILIES = list(EndpointFamily)
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk", "LzXcVb9nMq"])


def table(family: EndpointFamily, *roles: Role, model: str = "m") -> RouteTable:
    """Return a route table in which all roles have the same model call."""
    return RouteTable(tuple(Route(role, model, family, family.standard_path) for role in roles or (Role.PLANNER,)))


def patient(**settings: object) -> GatewaySettings:
    """Return a gateway's settings, under which no call runs out of time unless they say so."""
    return GatewaySettings(**{"deadline_s": HANG_S, "idle_timeout_s": HANG_S, "connect_timeout_s": HANG_S, **settings})


async def smoke_all(
    base_url: str,
    family: EndpointFamily = EndpointFamily.RESPONSES,
    *,
    routes: RouteTable | None = None,
    seen: Mapping[type[SmokeEvent], asyncio.Event] = MappingProxyType({}),
    **more: object,
) -> list[SmokeEvent]:
    """Smoke and return all events; `seen` are set once the first event of their type has come."""
    events = []
    async with smoking(base_url, routes or table(family), **more) as stream:
        async for event in stream:
            events.append(event)
            if type(event) in seen:
                seen[type(event)].set()
    return events


@contextlib.asynccontextmanager
async def smoking(
    base_url: str,
    routes: RouteTable,
    *,
    token: str | None = TOKEN,
    clock: Callable[[], float] = time.perf_counter,
    body_limit: int = BODY_LIMIT,
    **settings: object,
) -> AsyncIterator[AsyncGenerator[SmokeEvent, None]]:
    """Open a client and yield the events of smoking routes; `settings` are the gateway's."""
    secret = None if token is None else Secret(token)
    gateway_settings = patient(base_url=base_url, **settings)
    async with Gateway(base_url, secret, gateway_settings, clock=clock, body_limit=body_limit) as gateway:
        plan = SmokePlan(gateway, reservations_of(), max_output_tokens=64)
        events = smoke(check(routes), plan, places=asyncio.Semaphore(gateway_settings.concurrency))
        async with contextlib.aclosing(events):
            yield events


async def smoke_once(base_url: str, family: EndpointFamily = EndpointFamily.RESPONSES, **more: object) -> SmokeResult:
    """Smoke one route and return its result."""
    return result_in(await smoke_all(base_url, family, **more))


def result_in(events: list[SmokeEvent]) -> SmokeResult:
    """Return the only result among events."""
    (result,) = [event.result for event in events if isinstance(event, SmokeFinished)]
    return result


def ids(result: SmokeResult) -> list[str]:
    """Return the ids of those of a result's findings that want a look."""
    return [finding.id for finding in result.findings if finding.severity is not Severity.INFO]
