"""What a watch needs of the face that runs it: the config as it is now, and its gateways, open."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile
from console.services.gateway.client import Gateway


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """A gateway that is open for a profile."""

    gateway: Gateway
    places: asyncio.Semaphore
    """Limits the calls to its origin."""


Opened = Mapping[str, "OpenGateway | Problem"]
"""By profile: its gateway, or why it cannot be opened."""


class Desk(Protocol):
    """What a watch asks for in each round."""

    def profiles(self) -> Sequence[Profile | BrokenProfile]:
        """Read the config, and return the profiles to watch. Raises `Problem` if none of it can be used."""

    def checks(self, profile: Profile) -> tuple[RouteCheck, ...]:
        """Return the offline checks of the routes to watch, as of today. Raises `Problem` if there are none."""

    def opened(self, profiles: Sequence[Profile]) -> AbstractAsyncContextManager[Opened]:
        """Open the profiles' gateways; nothing is sent."""

    def may_ask(self, profile: Profile) -> bool:
        """Return whether opening its gateway may ask a person: then it stays open as long as it can."""


@dataclass(slots=True)
class _Lot:
    stack: AsyncExitStack
    opened: Opened
    profiles: dict[str, Profile]


@dataclass(slots=True)
class Openings:
    """The gateways that a watch holds open: each as long as its settings are the same and its token is taken."""

    open_all: Callable[[Sequence[Profile]], AbstractAsyncContextManager[Opened]]
    _lots: list[_Lot] = field(default_factory=list)

    async def of(self, profiles: Sequence[Profile], stale: frozenset[str]) -> Opened:
        """Return the gateways of profiles, and close those that are not needed any more.

        Args:
            profiles: The profiles.
            stale: The names of those whose gateway is to be opened again: its token may be another one by now.

        """
        wanted = {each.name: each for each in profiles}
        for lot in list(self._lots):
            for name, known in list(lot.profiles.items()):
                now = wanted.get(name)
                if now is None or name in stale or not _is_same(now, known):
                    del lot.profiles[name]
            if not lot.profiles:
                self._lots.remove(lot)
                await lot.stack.aclose()
        held = {name for lot in self._lots for name in lot.profiles}
        if missing := [each for each in profiles if each.name not in held]:
            stack = AsyncExitStack()
            opened = await stack.enter_async_context(self.open_all(missing))
            self._lots.append(_Lot(stack, opened, {each.name: each for each in missing}))
        return {name: lot.opened[name] for lot in self._lots for name in lot.profiles}

    async def close(self) -> None:
        """Close all."""
        while self._lots:
            await self._lots.pop().stack.aclose()


def _is_same(now: Profile, known: Profile) -> bool:
    """Return whether a profile has the gateway that is open, and may still use its token as it was taken."""
    return (now.gateway, now.must_be_bound) == (known.gateway, known.must_be_bound)
