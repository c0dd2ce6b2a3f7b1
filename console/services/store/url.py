"""The store's URL: from its reference, as a `Secret`, for nothing but the database's connections.

In a keyring it is bound to one origin of its own, so a profile whose token_ref names the same entry gets nothing: the
password cannot be sent to a gateway. It needs no other binding: the host that gets the password is part of the URL.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import StoreSettings
from console.services.ledger.ledger import LedgerError
from console.services.tokens.advice import next_step, said_of
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import open_sources
from console.services.tokens.stores.store import Store as TokenStore
from console.services.tokens.stores.store import put

STORE_ORIGIN = "postgresql://store"
"""What a stored URL is bound to: no gateway has this origin."""
_EXTRA = ("psycopg", "procrastinate")


class StoreUrlError(Problem):
    """The store's URL is absent, or cannot be had now; the message says what to do."""

    kind = ProblemKind.TOKEN


@dataclass(frozen=True, slots=True)
class _SourceOptions:
    """How the reference is asked: as that of a profile with the defaults."""

    keyring: Literal["platform", "kwallet"] = "platform"
    vault_passphrase_ref: Reference | None = None


def require_team() -> None:
    """Raise `LedgerError` if what team mode needs is not installed."""
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise LedgerError(
            f"the config names a store on PostgreSQL, and {' and '.join(missing)} cannot be found;"
            " install gateway-console[team]",
            ProblemKind.CONFIG,
        )


async def store_url(
    settings: StoreSettings, environment: Mapping[str, str], *, keyring: TokenStore | None = None
) -> Secret:
    """Return the store's URL.

    Args:
        settings: What the config says.
        environment: The environment variables; the one that holds the URL is taken out of this process's own.
        keyring: A keyring to use instead of this platform's.

    Raises:
        StoreUrlError: It is absent, or its source is locked, refuses or does not answer.

    """
    reference = settings.url_ref
    answer = await open_sources(_SourceOptions(), environment, keyring=keyring).ask(reference, STORE_ORIGIN)
    if answer.secret is not None:
        return answer.secret
    if answer.state is TokenState.ABSENT:
        words = f"[store] url_ref: {answer.reason}. {_how_to_set(reference)}"
    else:
        words = f"[store] url_ref, {said_of(reference, answer.reason)}. {next_step(answer, reference)}".rstrip()
    raise StoreUrlError(words, is_unsafe=answer.state is TokenState.REFUSED)


async def keep_url(
    settings: StoreSettings, url: Secret, environment: Mapping[str, str], *, keyring: TokenStore | None = None
) -> None:
    """Put the store's URL where its reference says.

    Raises:
        StoreUrlError: The reference names something that the console does not write.
        StoreError: The keyring did not take it.

    """
    store = open_sources(_SourceOptions(), environment, keyring=keyring).store_of(settings.url_ref)
    if store is None:
        raise StoreUrlError(
            f"url_ref is {settings.url_ref}, which the console does not write. {_how_to_set(settings.url_ref)}",
            ProblemKind.USAGE,
        )
    await put(store, settings.url_ref, STORE_ORIGIN, url)


def _how_to_set(reference: Reference) -> str:
    match reference.scheme:
        case Scheme.ENV:
            return f"Set {reference.name} to postgresql://USER:PASSWORD@HOST/DATABASE"
        case Scheme.FILE:
            return f"Write postgresql://USER:PASSWORD@HOST/DATABASE into {reference.name}, with mode 600"
        case _:
            return "Store it with: gateway-console store url"
