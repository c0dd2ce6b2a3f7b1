"""A sweep through gateways: many profiles in one process, those of one gateway and token through one client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, fields

from console.cli import output
from console.cli.context import current
from console.cli.sweep import Done, Swept
from console.domain.problem import Problem
from console.services.config.load import BrokenProfile
from console.services.config.settings import GatewaySettings, Profile
from console.services.gateway.account import Account
from console.services.gateway.client import Gateway
from console.services.open_gateway import EmbeddedGateway, Target, open_target
from console.services.system.places import Places
from console.services.tokens.reference import Scheme
from console.services.tokens.terminal import ask_on_terminal

CALL_LIMIT = 64
"""The most calls of a sweep in flight at once, to all origins together: more would delay each other's times."""
OPEN_LIMIT = 8
"""The most gateways that are opened at once: each may start a program, or ask a keyring for its token."""


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
class Client:
    """What the profiles of one gateway and token share."""

    target: Target
    account: Account = field(default_factory=Account)


async def sweep(
    profiles: Sequence[Profile | BrokenProfile],
    work: Callable[[Profile, Opened], Awaitable[Done]],
    *,
    concurrency: int | None = None,
    most: int | None = None,
    within: int = CALL_LIMIT,
    told: Callable[[Swept[Done]], None] = lambda _: None,
    is_silent: bool = True,
) -> list[Swept[Done]]:
    """Do some work for many profiles at once. What keeps one profile from it does not stop the others.

    Args:
        profiles: The profiles, and those whose config is broken.
        work: Does the work for one profile through its open gateway.
        concurrency: The most calls in flight to one origin; None means the lowest setting of the profiles on it.
        most: The most that such a setting counts for; None means that all of it counts.
        within: The most calls in flight to all origins together.
        told: Called for each profile in the given order, as soon as it and those before it have ended.
        is_silent: Whether what is told is seen on stdout, so that progress need not be.

    """
    usable = [each for each in profiles if isinstance(each, Profile)]
    progress = output.Progress("profiles done", len(profiles), is_silent=is_silent)
    async with open_clients(usable) as clients:
        places = places_of(usable, clients, concurrency, most=most, within=within)
        tasks = [asyncio.create_task(_one(each, clients, places, work)) for each in profiles]
        try:
            swept = []
            for task in tasks:
                swept.append(await task)
                progress.advance()
                told(swept[-1])
            return swept
        finally:
            progress.end()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _one(
    profile: Profile | BrokenProfile,
    clients: dict[str, "Client | Problem"],
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
async def open_clients(
    profiles: Sequence[Profile], advise: Callable[[str], None] = output.note
) -> AsyncIterator[dict[str, Client | Problem]]:
    """Open the profiles' gateways side by side, then those whose token a person may have to type. Nothing is sent.

    Typing blocks the event loop, and with it the deadlines of the other tokens' sources.

    Args:
        profiles: The profiles.
        advise: Takes advice about a profile's token.

    """
    groups: dict[Hashable, list[Profile]] = {}
    for profile in profiles:
        groups.setdefault(_behaviour(profile), []).append(profile)
    found: dict[str, Client | Problem] = {}
    places = asyncio.Semaphore(OPEN_LIMIT)
    async with AsyncExitStack() as stack:
        is_embedded = any(profile.is_embedded for profile in profiles)
        embedded = await _embedded(stack) if is_embedded else current().embedded_gateway

        async def open_group(group: Sequence[Profile]) -> None:
            async with places:
                client = None
                for profile in group:
                    try:
                        client = client or await _opened(stack, profile, embedded, advise)
                        found[profile.name] = client
                    except Problem as problem:
                        found[profile.name] = problem

        await asyncio.gather(*(open_group(group) for group in groups.values() if not may_ask(group[0])))
        for group in groups.values():
            if may_ask(group[0]):
                await open_group(group)
        yield found


async def _opened(
    stack: AsyncExitStack,
    profile: Profile,
    embedded: Callable[[], AbstractAsyncContextManager[EmbeddedGateway]],
    advise: Callable[[str], None],
) -> Client:
    target = await stack.enter_async_context(
        open_target(profile, embedded, environment=current().environment, ask=ask_on_terminal)
    )
    if target.token.advice and target.gateway is not None:
        advise(f"{profile.name}: {target.token.advice}")
    return Client(target)


async def _embedded(stack: AsyncExitStack) -> Callable[[], AbstractAsyncContextManager[EmbeddedGateway]]:
    """Start the embedded gateway; return what gives it to each profile, or says each time why it did not start."""
    try:
        running = await stack.enter_async_context(current().embedded_gateway())
    except Problem as problem:
        failure = problem

        def fail() -> AbstractAsyncContextManager[EmbeddedGateway]:
            raise failure

        return fail
    return lambda: nullcontext(running)


def may_ask(profile: Profile) -> bool:
    """Return whether a person may have to type something before a profile's gateway is open."""
    return any(each.scheme in (Scheme.PROMPT, Scheme.VAULT) for each in profile.gateway.token_ref)


def _behaviour(profile: Profile) -> Hashable:
    """Return the settings that a client depends on: profiles with equal ones can share it."""
    settings = profile.gateway
    shared = (getattr(settings, each.name) for each in fields(GatewaySettings) if each.name not in _OF_ONE_PROFILE)
    return (*shared, *sorted(settings.headers.items()))


_OF_ONE_PROFILE = frozenset({"concurrency", "smoke_max_output_tokens", "documentation", "headers"})
"""Settings on which a client does not depend, and the headers, which are compared by their items."""


def places_of(
    profiles: Sequence[Profile],
    clients: dict[str, Client | Problem],
    concurrency: int | None,
    *,
    most: int | None = None,
    within: int = CALL_LIMIT,
) -> dict[str, Places]:
    """Return the places for calls to each origin, within those of all.

    Args:
        profiles: The profiles.
        clients: Their clients.
        concurrency: The most calls in flight to one origin; None means the lowest setting of the profiles on it.
        most: The most that such a setting counts for; None means that all of it counts.
        within: The most calls in flight to all origins together.

    """
    lowest: dict[str, int] = {}
    for profile in profiles:
        client = clients[profile.name]
        if isinstance(client, Client):
            origin, own = client.target.opened.origin, profile.gateway.concurrency
            lowest[origin] = min(own, lowest.get(origin, own))
    of_all = asyncio.Semaphore(within)
    return {origin: Places(concurrency or min(count, most or count), of_all) for origin, count in lowest.items()}
