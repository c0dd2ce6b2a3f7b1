"""Telling a team by webhook what this console stores of runs.

The console that appended an event tells it, because exactly one console did. An event has one id in every try, and what
may have arrived is not sent again. Only the end of the process waits for the webhook, and that not for long.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import Entry
from console.domain.run.state import RunState
from console.domain.team.notice import Notice, notices_of, team_events
from console.domain.text.json_text import shown_json
from console.domain.tokens.secret import Secret
from console.services.config.own_team import own_team
from console.services.config.settings import TeamSettings
from console.services.gateway.address import canonical_origin
from console.services.gateway.post_address import PostAddress
from console.services.run.run_log import Appended, untold
from console.services.tokens.reference import Reference
from console.services.tokens.resolve import resolve_token
from console.services.tokens.sources import open_sources
from console.services.watch.courier import Courier, CourierEvent, CourierFailed

END_S = 3.0
"""How long what still waits at the end may take, in seconds."""


@dataclass(frozen=True, slots=True)
class _SourceOptions:
    """How the token's reference is asked: as that of a profile with the defaults."""

    keyring: Literal["platform", "kwallet"] = "platform"
    vault_passphrase_ref: Reference | None = None


@contextlib.asynccontextmanager
async def telling(
    environment: Mapping[str, str],
    tell: Callable[[str], None],
    *,
    is_auto: Callable[[str], bool] = lambda _: False,
    end_s: float = END_S,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Appended]:
    """Yield what takes the events that this process appends to runs, for the webhook of the operator's own config.

    Args:
        environment: The environment variables, which lead to the config and may hold the address.
        tell: Tells the operator that the webhook takes nothing, or takes what is sent again.
        is_auto: Returns whether this console takes the computed verdicts of a run by itself.
        end_s: How long what still waits at the end may take, in seconds.
        pause: Waits for so many seconds before a further try.

    Raises:
        ConfigError: The config cannot be read.
        Problem: The webhook's address or its token cannot be used.

    """
    settings = own_team(environment)
    if not settings.webhook:
        yield untold
        return
    address = _address(settings.webhook, environment)
    courier: Courier[Notice] = Courier(
        address,
        _body,
        lambda event: tell(_words(event)),
        secret=await _secret(settings, address, environment),
        is_at_most_once=True,
        pause=pause,
    )

    def appended(state: RunState, entries: Sequence[Entry]) -> None:
        for each in notices_of(state, entries, is_auto=is_auto(state.run_id)):
            courier.put(each)

    running = asyncio.create_task(courier.run(), name="team webhook")
    try:
        yield appended
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(end_s):
                await courier.finish()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        if courier.waiting:
            tell(f"the team's webhook at {address.origin} was not told {courier.waiting} event(s) of a run")


def _body(notices: Sequence[Notice], dropped: int) -> bytes:
    return shown_json(json.dumps(asdict(team_events(notices, dropped)), ensure_ascii=False)).encode()


def _words(event: CourierEvent) -> str:
    if isinstance(event, CourierFailed):
        return f"the team's webhook at {event.origin} does not take what is sent: {event.reason}; the run goes on"
    lost = f"; {event.dropped} event(s) were given up meanwhile" if event.dropped else ""
    return f"the team's webhook at {event.origin} takes what is sent again{lost}"


def _address(text: str, environment: Mapping[str, str]) -> PostAddress:
    """Return the webhook's address. Raises `Problem`, whose message does not contain it."""
    name, url = "[team] webhook", text
    if text.startswith("env:"):
        variable = text.removeprefix("env:")
        name, url = f"{name}: the value of {variable}", environment.get(variable, "")
        if not url:
            raise Problem(f"[team] webhook: the variable {variable} that it names is not set", ProblemKind.CONFIG)
    try:
        return PostAddress.parse(url)
    except ValueError as error:
        raise Problem(f"{name} {error}", ProblemKind.CONFIG) from None


async def _secret(settings: TeamSettings, address: PostAddress, environment: Mapping[str, str]) -> Secret | None:
    """Return the webhook's own token. Raises `Problem` if it is not there."""
    if settings.webhook_token_ref is None:
        return None
    origin = canonical_origin(address.origin)
    found = await resolve_token((settings.webhook_token_ref,), open_sources(_SourceOptions(), environment), origin)
    if not found.is_usable:
        raise Problem(f"[team] webhook_token_ref: {found.event.advice}", ProblemKind.TOKEN)
    if found.bound_origin not in (None, origin):
        raise Problem("[team] webhook_token_ref is bound to another origin than the webhook", ProblemKind.REFUSED)
    return found.secret
