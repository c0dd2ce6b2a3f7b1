"""A watch's desk for tests: a fixed profile, and a real client for its gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from support.probes.smoking import TOKEN, patient

from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.config.load import BrokenProfile
from console.services.config.settings import PolicySettings, Profile
from console.services.gateway.client import Gateway
from console.services.watch.desk import Opened, OpenGateway

R = EndpointFamily.RESPONSES


def profile_at(
    base_url: str, *routes: Route, name: str = "p", policy: PolicySettings | None = None, **gateway: Any
) -> Profile:
    """Return a profile of a gateway, by default with a writer and a critic."""
    usual = (Route(Role.WRITER, "m", R, R.standard_path), Route(Role.CRITIC, "n", R, R.standard_path))
    return Profile(
        name=name,
        gateway=patient(base_url=base_url, **gateway),
        table=RouteTable(routes or usual),
        source="/etc/watched.toml",
        is_built_in=False,
        policy=policy or PolicySettings(),
    )


@dataclass
class FixedDesk:
    """Gives a watch the profiles that a test puts here."""

    now: list[Profile | BrokenProfile | Problem]
    today: date = date(2026, 12, 2)
    token: str | None = TOKEN
    openings: int = 0
    problem: Problem | None = None
    """Why no gateway opens; None if they do."""

    def profiles(self) -> Sequence[Profile | BrokenProfile]:
        for each in self.now:
            if isinstance(each, Problem):
                raise each
        return tuple(each for each in self.now if not isinstance(each, Problem))

    def checks(self, profile: Profile) -> tuple[RouteCheck, ...]:
        return profile.check(self.today)

    @contextlib.asynccontextmanager
    async def opened(self, profiles: Sequence[Profile]) -> AsyncIterator[Opened]:
        self.openings += 1
        if self.problem is not None:
            yield {each.name: self.problem for each in profiles}
            return
        async with contextlib.AsyncExitStack() as stack:
            secret = None if self.token is None else Secret(self.token)
            found = {
                each.name: OpenGateway(
                    await stack.enter_async_context(Gateway(str(each.gateway.base_url), secret, each.gateway)),
                    asyncio.Semaphore(8),
                )
                for each in profiles
            }
            yield found

    def may_ask(self, profile: Profile) -> bool:
        return False
