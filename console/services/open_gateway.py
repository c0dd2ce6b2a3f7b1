"""The target: a profile's gateway with its base URL and token, opened for calls."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.domain.probes.event import GatewayOpened, TokenResolved
from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import Profile
from console.services.gateway.address import canonical_origin, check_base_url, origin, version_fault
from console.services.system.leak_guard import quiet_logs
from console.services.tokens.resolve import Resolution, resolve_token
from console.services.tokens.sources import open_sources
from console.services.tokens.stores.store import Store
from console.services.tokens.terminal import Ask

if TYPE_CHECKING:
    from console.services.gateway.client import Gateway


class TargetError(Problem):
    """The gateway's base URL or CA file cannot be used; the message says why and what to do."""

    kind = ProblemKind.CONFIG


class TokenError(Problem):
    """No token was found, so no call can be made; the message says what to do."""

    kind = ProblemKind.TOKEN


class EmbeddedGateway(Protocol):
    """A running embedded gateway; the CLI or the app starts it."""

    @property
    def base_url(self) -> str:
        """Where it listens."""

    @property
    def token(self) -> Secret:
        """The token it accepts."""


@dataclass(frozen=True, slots=True)
class Target:
    """The gateway's origin, the result of resolving its token, and a client if calls can be made."""

    opened: GatewayOpened
    token: TokenResolved
    gateway: "Gateway | None"
    """None if the token was not found."""

    def require_gateway(self) -> "Gateway":
        """Return the client. Raises `TokenError` if the token was not found."""
        if self.gateway is None:
            raise TokenError(self.token.advice, is_unsafe=self.token.state is TokenState.REFUSED)
        return self.gateway


@contextlib.asynccontextmanager
async def open_target(
    profile: Profile,
    start_embedded: Callable[[], AbstractAsyncContextManager[EmbeddedGateway]],
    *,
    environment: Mapping[str, str] = os.environ,
    keyring: Store | None = None,
    ask: Ask | None = None,
) -> AsyncIterator[Target]:
    """Find the gateway's base URL, resolve its token and open the client. Nothing is sent.

    Args:
        profile: A checked profile.
        start_embedded: Starts the embedded gateway, if the profile uses it.
        environment: The environment variables of this process.
        keyring: A keyring to use instead of this platform's.
        ask: Asks the operator for what must be typed; None if no one can be asked, as on the screen.

    Raises:
        TargetError: The base URL or the CA file cannot be used.

    """
    quiet_logs()
    async with AsyncExitStack() as stack:
        embedded: EmbeddedGateway | None = None
        if profile.is_embedded:
            embedded = await stack.enter_async_context(start_embedded())
            base_url = embedded.base_url
        else:
            base_url = require_base_url(profile, environment)
        sources = open_sources(
            profile.gateway, environment, ask=ask, embedded=embedded.token if embedded else None, keyring=keyring
        )
        resolution = await resolve_token(
            profile.gateway.token_ref, sources, canonical_origin(base_url), must_be_bound=profile.must_be_bound
        )
        gateway = None
        if resolution.is_usable:
            gateway = await stack.enter_async_context(_client(profile, base_url, resolution))
        yield Target(GatewayOpened(origin(base_url), profile.is_embedded), resolution.event, gateway)


def require_base_url(profile: Profile, environment: Mapping[str, str]) -> str:
    """Return the base URL of a profile whose gateway is not embedded.

    Raises:
        TargetError: The environment variable that should hold it is unset or holds no usable URL.

    """
    settings = profile.gateway
    if settings.base_url is not None:
        return settings.base_url
    name = str(settings.base_url_ref).removeprefix("env:")
    url = environment.get(name, "")
    if not url:
        raise TargetError(f"{name} is not set; base_url_ref of profile {profile.name} names it")
    if (problem := check_base_url(url)) is not None:
        raise TargetError(f"the value of {name} {problem}")
    for route in profile.table:
        problem = version_fault(url, route.endpoint_path, name=f"the value of {name}")
        if problem is not None:
            raise TargetError(f"{route.key}: {problem}")
    return url


def _client(profile: Profile, base_url: str, resolution: Resolution) -> "Gateway":
    from console.services.gateway.client import Gateway

    try:
        return Gateway(base_url, resolution.secret, profile.gateway, bound_origin=resolution.bound_origin)
    except (OSError, RuntimeError, ValueError):
        # ssl.SSLError is an OSError; an unknown home directory or an impossible file name raises the others.
        raise TargetError(f"ca_file of profile {profile.name} cannot be read, or holds no PEM certificate") from None
