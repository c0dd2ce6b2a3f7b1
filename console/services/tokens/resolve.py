"""Resolving a profile's token references, in order; only an absent token moves on to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.domain.event import TokenResolved, TokenState
from console.domain.secret import Secret
from console.services.tokens.keyring_reader import KeyringReader, StoreAnswer, read_keyring


@dataclass(frozen=True, slots=True)
class Resolution:
    """What resolving came to: the event for both faces, and the token where one was found or none is needed."""

    event: TokenResolved
    secret: Secret | None

    @property
    def is_usable(self) -> bool:
        """Tell whether calls can be made: a token was found, or the gateway takes none."""
        return self.event.state is TokenState.FOUND


async def resolve_token(
    references: Sequence[str],
    environment: Mapping[str, str],
    *,
    embedded: Secret | None = None,
    keyring: KeyringReader = read_keyring,
) -> Resolution:
    """Ask the references one after the other.

    Locked, unavailable and timeout stop the search with their own state: the next reference may name a weaker store,
    and falling to it silently is what this console exists to prevent.

    Args:
        references: Checked references, as the config lists them.
        environment: The environment variables of this process.
        embedded: The embedded gateway's token, where it runs.
        keyring: How the OS keyring is read.

    """
    if not references:
        return Resolution(
            TokenResolved(TokenState.FOUND, "none", "The profile has no token_ref: calls carry no token."), None
        )
    answer, reference = StoreAnswer(TokenState.ABSENT), references[0]
    for reference in references:
        answer = await _ask(reference, environment, embedded, keyring)
        if answer.state is not TokenState.ABSENT:
            break
    advice = "" if answer.state is TokenState.FOUND else _advice(answer, reference, references)
    return Resolution(TokenResolved(answer.state, reference, advice), answer.secret)


async def _ask(
    reference: str, environment: Mapping[str, str], embedded: Secret | None, keyring: KeyringReader
) -> StoreAnswer:
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        return _read_environment(rest, environment)
    if scheme == "keyring":
        service, _, name = rest.removeprefix("//").partition("/")
        return await keyring(service, name)
    if embedded is None:
        return StoreAnswer(TokenState.UNAVAILABLE, reason="the embedded gateway is not running")
    return StoreAnswer(TokenState.FOUND, embedded)


def _read_environment(name: str, environment: Mapping[str, str]) -> StoreAnswer:
    value = environment.get(name, "")
    if not value:
        return StoreAnswer(TokenState.ABSENT, reason=f"{name} is not set")
    try:
        return StoreAnswer(TokenState.FOUND, Secret.parse(value))
    except ValueError as error:
        return StoreAnswer(TokenState.UNAVAILABLE, reason=f"the value of {name} cannot be a token: {error}")


def _advice(answer: StoreAnswer, reference: str, references: Sequence[str]) -> str:
    if answer.state is TokenState.LOCKED:
        return (
            f"{reference}: {answer.reason}. Unlock it in your desktop session, or put the token into an env: reference."
        )
    if answer.state is TokenState.TIMEOUT:
        return f"{reference}: {answer.reason}. Check the keyring's daemon, or use an env: reference on this machine."
    if answer.state is TokenState.UNAVAILABLE and reference.startswith("env:"):
        return f"{reference}: {answer.reason}. The variable holds the bare token and nothing else."
    if answer.state is TokenState.UNAVAILABLE:
        return f"{reference}: {answer.reason}. Use an env: reference on a machine without a keyring."
    return f"no token under {' or '.join(references)}. {_how_to_store(references[-1])}"


def _how_to_store(reference: str) -> str:
    scheme, _, rest = reference.partition(":")
    if scheme == "keyring":
        service, _, name = rest.removeprefix("//").partition("/")
        return f"Store it with: keyring set {service} {name}"
    return f"Set it for this shell with: read -rs {rest} && export {rest}"
