"""Open the gateway that a command line calls; a token that must be typed is asked for at the terminal."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.services.open_gateway import Target, open_target
from console.services.tokens.terminal import ask_on_terminal

if TYPE_CHECKING:
    from console.services.config.settings import Profile
    from console.services.gateway.client import Gateway


def opened_target(profile: "Profile") -> AbstractAsyncContextManager[Target]:
    """Resolve a profile's gateway address and ask for its token. A missing token is not an error. Nothing is sent.

    Raises:
        SimulatorError: The embedded gateway does not start.
        TargetError: The address or the CA file cannot be used.

    """
    context = current()
    return open_target(profile, context.embedded_gateway, environment=context.environment, ask=ask_on_terminal)


@contextlib.asynccontextmanager
async def opened_gateway(profile: "Profile") -> AsyncIterator[tuple[str, "Gateway"]]:
    """Open a profile's gateway for calls, and print advice about its token. Yield its origin and the client.

    Raises:
        SimulatorError: The embedded gateway does not start.
        TargetError: The address or the CA file cannot be used.
        TokenError: The token was not found.

    """
    async with opened_for_calls(profile) as (target, gateway):
        yield target.opened.origin, gateway


@contextlib.asynccontextmanager
async def opened_for_calls(profile: "Profile") -> AsyncIterator[tuple[Target, "Gateway"]]:
    """Do the same, and yield the whole target with the client. Raises what `opened_gateway` raises."""
    async with opened_target(profile) as target:
        gateway = target.require_gateway()
        if target.token.advice:
            output.note(target.token.advice)
        yield target, gateway
