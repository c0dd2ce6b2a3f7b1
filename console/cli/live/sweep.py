"""A sweep: many profiles in one process, those of one gateway and token through one client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from console.cli import output
from console.cli.context import current
from console.domain.problem import Problem
from console.services.config.load import BrokenProfile
from console.services.config.settings import GatewaySettings, Profile
from console.services.gateway.account import Account
from console.services.gateway.client import Gateway
from console.services.open_gateway import EmbeddedGateway, Target, open_target
from console.services.system.places import Places
from console.services.tokens.terminal import ask_on_terminal

Done = TypeVar("Done")

CALL_LIMIT = 64
"""The most calls of a sweep in flight at once, to all origins together: more would delay each other's times."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A gateway that is open for a profile, and what the profiles on it share."""

    origin: str
    gateway: Gateway
    places: asyncio.Semaphore
    """Limits the calls to the origin, within those of the sweep."""
    account: Account | None = None
    """The account that the profiles share; None if a refusal of it stops no other call."""


@dataclass(frozen=True, slots=True)
class Swept(Generic[Done]):
    """A profile of a sweep: what was done for it, or why nothing was."""

    name: str
    profile: Profile | None
    done: Done | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Client:
    settings: GatewaySettings
    target: Target
    account: Account = field(default_factory=Account)


async def sweep(
    profiles: Sequence[Profile | BrokenProfile],
    work: Callable[[Profile, Opened], Awaitable[Done]],
    *,
    concurrency: int | None = None,
    told: Callable[[Swept[Done]], None] = lambda _: None,
) -> list[Swept[Done]]:
    """Do some work for many profiles at once. What keeps one profile from it does not stop the others.

    Args:
        profiles: The profiles, and those whose config is broken.
        work: Does the work for one profile through its open gateway.
        concurrency: The most calls in flight to one origin; None means the lowest setting of the profiles on it.
        told: Called for each profile in the given order, as soon as it and those before it have ended.

    """
    usable = [each for each in profiles if isinstance(each, Profile)]
    async with _clients(usable) as clients:
        places = _places(usable, clients, concurrency)
        tasks = [asyncio.create_task(_one(each, clients, places, work)) for each in profiles]
        try:
            swept = []
            for task in tasks:
                swept.append(await task)
                told(swept[-1])
            return swept
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _one(
    profile: Profile | BrokenProfile,
    clients: dict[str, "_Client | Problem"],
    places: dict[str, Places],
    work: Callable[[Profile, Opened], Awaitable[Done]],
) -> Swept[Done]:
    if isinstance(profile, BrokenProfile):
        return Swept(profile.name, None, problem=profile.error)
    client = clients[profile.name]
    if isinstance(client, Problem):
        return Swept(profile.name, profile, problem=client)
    try:
        gateway = client.target.require_gateway()
        opened = Opened(client.target.opened.origin, gateway, places[client.target.opened.origin], client.account)
        return Swept(profile.name, profile, await work(profile, opened))
    except Problem as problem:
        return Swept(profile.name, profile, problem=problem)


@asynccontextmanager
async def _clients(profiles: Sequence[Profile]) -> AsyncIterator[dict[str, _Client | Problem]]:
    """Open the profiles' gateways one after the other, because a token may have to be typed. Nothing is sent."""
    context = current()
    found: dict[str, _Client | Problem] = {}
    opened: list[_Client] = []
    async with AsyncExitStack() as stack:
        running: list[EmbeddedGateway] = []

        def embedded() -> AbstractAsyncContextManager[EmbeddedGateway]:
            return nullcontext(running[0])

        for profile in profiles:
            settings = _behaviour(profile)
            client = next((each for each in opened if each.settings == settings), None)
            try:
                if client is None:
                    if profile.is_embedded and not running:
                        running.append(await stack.enter_async_context(context.embedded_gateway()))
                    target = await stack.enter_async_context(
                        open_target(profile, embedded, environment=context.environment, ask=ask_on_terminal)
                    )
                    client = _Client(settings, target)
                    opened.append(client)
                    if target.token.advice and target.gateway is not None:
                        output.note(f"{profile.name}: {target.token.advice}")
                found[profile.name] = client
            except Problem as problem:
                found[profile.name] = problem
        yield found


def _behaviour(profile: Profile) -> GatewaySettings:
    """Return the settings that a client depends on: equal ones can share it."""
    return replace(profile.gateway, concurrency=1, smoke_max_output_tokens=16, documentation="")


def _places(
    profiles: Sequence[Profile], clients: dict[str, _Client | Problem], concurrency: int | None
) -> dict[str, Places]:
    lowest: dict[str, int] = {}
    for profile in profiles:
        client = clients[profile.name]
        if isinstance(client, _Client):
            origin, own = client.target.opened.origin, profile.gateway.concurrency
            lowest[origin] = min(own, lowest.get(origin, own))
    within = asyncio.Semaphore(CALL_LIMIT)
    return {origin: Places(concurrency or count, within) for origin, count in lowest.items()}
