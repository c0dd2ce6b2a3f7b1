"""The diagnosis: one state and the exact next command, from what the references and the machine report."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from console.domain.tokens.state import TokenState
from console.services.tokens.advice import how_to_store, next_step, said_of
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import Sources, TokenAnswer
from console.services.tokens.stores.machine import KeyringState, Machine, look_at_machine
from console.services.tokens.stores.secret_service import READ_TIMEOUT_S

_CONSOLE = "gateway-console token"
_OWN_BUS = "dbus-run-session -- sh"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What to do so that this machine can use the profile's token."""

    state: TokenState
    reference: Reference | None
    words: str
    next_commands: tuple[str, ...]
    machine: Machine


async def diagnose(
    references: Sequence[Reference],
    sources: Sources,
    origin: str | None,
    environment: Mapping[str, str],
    *,
    platform: str = sys.platform,
    is_read_only: bool = False,
    timeout_s: float = READ_TIMEOUT_S,
    clock: Callable[[], float] = time.monotonic,
) -> Diagnosis:
    """Ask the references in order and return what to do next. The user is never prompted.

    Args:
        references: The profile's references.
        sources: Where the references point.
        origin: The origin that the token is for, in canonical form.
        environment: The environment variables of this process.
        platform: The platform, as `sys.platform` has it.
        is_read_only: Nothing may be changed, so the kernel is not tried.
        timeout_s: The longest the machine's keyring may take, in seconds.
        clock: Seconds that only go forward.

    """
    machine = await look_at_machine(
        environment, None if is_read_only else sources.kernel, platform=platform, timeout_s=timeout_s, clock=clock
    )
    answer, reference = TokenAnswer(TokenState.ABSENT, reason="the profile has no token_ref"), None
    for reference in references:
        if reference.scheme is Scheme.SIM:
            words = "The embedded gateway makes its own token when it starts; nothing is stored."
            return Diagnosis(TokenState.FOUND, reference, words, (), machine)
        answer = await sources.ask(reference, origin)
        if answer.state is not TokenState.ABSENT:
            break
    if reference is None:
        return Diagnosis(TokenState.FOUND, None, "The profile has no token_ref: calls carry no token.", (), machine)
    if answer.state is TokenState.FOUND:
        return Diagnosis(answer.state, reference, said_of(reference, f"answers from the {answer.source}."), (), machine)
    stored = next((each for each in references if each.scheme.is_store), None)
    commands, words = next_commands(answer, reference, stored, machine)
    return Diagnosis(
        answer.state, reference, said_of(reference, f"{answer.reason}. {words}".rstrip()), commands, machine
    )


def next_commands(
    answer: TokenAnswer, reference: Reference, stored: Reference | None, machine: Machine
) -> tuple[tuple[str, ...], str]:
    """Return the commands to run next, and one sentence about them.

    Args:
        answer: The reference's answer.
        reference: The reference that stopped the search, or the last one.
        stored: The first reference to a store; None if the profile has none.
        machine: What this machine has.

    """
    if answer.state is TokenState.REFUSED:
        command = f"{_CONSOLE} rebind {reference}"
        return ((command,) if answer.is_bound_elsewhere else ()), next_step(answer, reference)
    if answer.state is TokenState.LOCKED and reference.scheme is Scheme.VAULT:
        return (f"{_CONSOLE} unlock {reference}",), "The vault's key then stays in memory for 15 minutes."
    target = stored if answer.state is TokenState.ABSENT else reference
    if target is not None and target.scheme is Scheme.KEYRING:
        return _for_keyring(target, answer.state, machine)
    if answer.state is TokenState.ABSENT and target is not None:
        return (f"{_CONSOLE} set {target}",), "It asks for the token without echo, or reads it from stdin."
    return (), how_to_store(reference) if answer.state is TokenState.ABSENT else next_step(answer, reference)


def _for_keyring(reference: Reference, state: TokenState, machine: Machine) -> tuple[tuple[str, ...], str]:
    instead = f"{'kernel' if machine.has_kernel else 'vault'}:{_plain(reference.name)}"
    lasting = "in memory until the session ends" if machine.has_kernel else "encrypted under a passphrase"
    by_other_means = (
        f"{_CONSOLE} set {instead}",
        f'Without a keyring the token can stay {lasting}: add "{instead}" to token_ref.',
    )
    match machine.keyring:
        case KeyringState.UNLOCKED if state is TokenState.TIMEOUT:
            return (f"{_CONSOLE} check",), "The keyring answers again."
        case KeyringState.UNLOCKED | KeyringState.OTHER:
            return (f"{_CONSOLE} set {reference}",), "The keyring is available and unlocked."
        case KeyringState.LOCKED:
            return (f"{_CONSOLE} unlock",), "It asks for the keyring's password on this terminal; no display is needed."
        case KeyringState.NO_KEYRING:
            return (f"{_CONSOLE} unlock", f"{_CONSOLE} set {reference}"), "It creates a keyring with a new password."
        case KeyringState.NO_BUS:
            return (
                (_OWN_BUS, f"{_CONSOLE} unlock", by_other_means[0]),
                f"The first opens a shell with its own session bus for the second. {by_other_means[1]}",
            )
        case KeyringState.NO_DAEMON:
            install = "apt-get install --no-install-recommends dbus gnome-keyring"
            return (install, f"{_CONSOLE} unlock", by_other_means[0]), by_other_means[1]
        case KeyringState.TIMEOUT if machine.daemon_pid is not None:
            # --replace waits forever for the old daemon; once that is gone, the bus starts a new one, locked.
            commands = (f"kill -KILL {machine.daemon_pid}", f"{_CONSOLE} unlock")
            return (
                commands,
                "The first kills the daemon that does not answer; the bus starts a new one for the second.",
            )
        case _:
            return (by_other_means[0],), by_other_means[1]


def _plain(name: str) -> str:
    """Return a name that every store accepts."""
    return "".join(character if character.isascii() and (character.isalnum() or character in "._@-") else "-"
                   for character in name)  # fmt: skip
