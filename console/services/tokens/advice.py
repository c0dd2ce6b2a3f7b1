"""Advice: what to do next, depending on the state that a reference answered with."""

from collections.abc import Sequence

from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import TokenAnswer


def advice(answer: TokenAnswer, reference: Reference, references: Sequence[Reference]) -> str:
    """Return the message for a missing token: the reference, the reason and the next step."""
    if answer.state is TokenState.ABSENT:
        return f"no token under {' or '.join(map(str, references))}. {how_to_store(references[-1])}"
    return said_of(reference, f"{answer.reason}. {next_step(answer, reference)}".rstrip())


def advice_on_found(answer: TokenAnswer, reference: Reference) -> str:
    """Return the message for a token that is not bound to an origin, although its store could bind it."""
    if not reference.scheme.is_store or answer.origin is not None:
        return ""
    return said_of(
        reference,
        "the token is not bound to an origin: another tool stored it. Bind it with: gateway-console token rebind"
        f" {reference}",
    )


def said_of(reference: Reference, words: str) -> str:
    """Return a message prefixed with its reference."""
    return f"{str(reference).removesuffix(':')}: {words}"


def next_step(answer: TokenAnswer, reference: Reference) -> str:
    """Return what to do about one reference's answer; empty if nothing is wrong."""
    scheme = reference.scheme
    match answer.state:
        case TokenState.ABSENT:
            return how_to_store(reference)
        case TokenState.LOCKED if scheme is Scheme.KEYRING:
            return (
                "Unlock it in your desktop session or with: gateway-console token unlock. An env: reference works"
                " without a keyring."
            )
        case TokenState.LOCKED if scheme is Scheme.VAULT:
            return (
                f"Unlock it for 15 minutes with: gateway-console token unlock {reference}, or name a file with its"
                " passphrase in vault_passphrase_ref."
            )
        case TokenState.UNAVAILABLE if scheme is Scheme.PROMPT:
            return "Run the command at a terminal, or use a reference that needs no prompt, such as env: or file:."
        case TokenState.LOCKED:
            return "Unlock it, and run the command again."
        case TokenState.TIMEOUT if scheme is Scheme.KEYRING:
            return "Check the keyring's daemon, or use an env: reference on this machine."
        case TokenState.TIMEOUT if scheme is Scheme.CMD:
            return "Run the program by hand to see what it waits for."
        case TokenState.TIMEOUT:
            return "Try again when the other process has finished."
        case TokenState.REFUSED if answer.is_bound_elsewhere:
            moved = f"Nothing was sent. If the gateway has moved: gateway-console token rebind {reference}; for another"
            if scheme is Scheme.KEYRING:
                return f"{moved} gateway's own token: gateway-console token set {reference}"
            return f"{moved} gateway's own token, use another name, such as {reference}-2"  # it keeps one token a name
        case TokenState.REFUSED:
            return "Nothing was sent; no other reference was tried."
        case TokenState.UNAVAILABLE if scheme is Scheme.ENV:
            return "The variable must hold the bare token and nothing else."
        case TokenState.UNAVAILABLE if scheme is Scheme.KEYRING:
            return (
                "Use an env: reference on a machine without a keyring; gateway-console token doctor shows what this"
                " machine has."
            )
        case TokenState.UNAVAILABLE if scheme is Scheme.SIM:
            return 'It works only in a profile with base_url = "sim:".'
        case TokenState.UNAVAILABLE if scheme is Scheme.KERNEL:
            return "Use a vault: or env: reference on this machine."
        case TokenState.UNAVAILABLE if scheme is Scheme.VAULT:
            return "Nothing was changed."
        case TokenState.UNAVAILABLE:
            return "No other reference was tried."
        case _:
            return ""


def how_to_store(reference: Reference) -> str:
    """Return how to store a token where a reference looks for it."""
    match reference.scheme:
        case Scheme.ENV:
            return f"Set it for this shell with: read -rs {reference.name} && export {reference.name}"
        case Scheme.FILE:
            return f"Write it to {reference.name}, a file that you own, with mode 600."
        case Scheme.CMD:
            return "The program printed nothing; run it by hand to check."
        case Scheme.PROMPT:
            return "Type it at the prompt."
        case Scheme.SIM:
            return "The embedded gateway makes its own token when it starts."
        case _:
            return f"Store it with: gateway-console token set {reference}"
