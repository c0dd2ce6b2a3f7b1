"""Where a new profile's token could be: variables that are set, and the stores that work on this machine."""

import sys
from collections.abc import Collection, Mapping

from console.domain.setup.preset import Preset, TokenNeed
from console.domain.setup.question import Choice
from console.services.tokens.environment import is_set
from console.services.tokens.reference import KEYRING_SERVICE, Reference, Scheme
from console.services.tokens.sources import Sources
from console.services.tokens.stores.machine import KeyringState, Machine, look_at_machine

NONE = "none"
"""The answer that the gateway takes no token."""
_USABLE = frozenset({KeyringState.UNLOCKED, KeyringState.OTHER})
_OWN_VARIABLE = "MODEL_GATEWAY_TOKEN"  # a variable's name


async def look(environment: Mapping[str, str], sources: Sources) -> Machine:
    """Return what this machine has for keeping tokens; no one is asked."""
    return await look_at_machine(environment, sources.kernel, platform=sys.platform)


def token_choices(
    name: str, preset: Preset | None, environment: Mapping[str, str], machine: Machine, *, is_wanted: bool | None
) -> tuple[Choice, ...]:
    """Return where the token of a new profile could be, the best place first. No token is read.

    Args:
        name: The profile's name.
        preset: The gateway, if it is a known one.
        environment: The environment variables; only names that are set are used.
        machine: What this machine has for keeping tokens.
        is_wanted: Whether the gateway refused a call without a token; None if that is not known.

    """
    known = () if preset is None else preset.token_variables
    variables = [each for each in (*known, _OWN_VARIABLE) if is_set(each, environment)]
    found = [Choice(f"env:{each}", "this variable is set here") for each in dict.fromkeys(variables)]
    keyring = Choice(str(Reference(Scheme.KEYRING, name, KEYRING_SERVICE)), "keep it in this machine's keyring")
    vault = Choice(f"vault:{name}", "keep it in an encrypted file, under a passphrase")
    if machine.keyring in _USABLE:
        found.append(keyring)
    if machine.has_kernel:
        found.append(Choice(f"kernel:{name}", "keep it in memory, 12 hours at most"))
    found.append(vault)
    if machine.keyring is KeyringState.LOCKED:
        found.append(Choice(keyring.answer, "the keyring is locked: first run gateway-console token unlock"))
    none = Choice(NONE, "calls carry no token")
    takes_none = is_wanted is False or (is_wanted is None and preset is not None and preset.token is TokenNeed.NONE)
    return (none, *found) if takes_none else (*found, none)


def offered(choices: tuple[Choice, ...], *, is_sure: bool, refused: Collection[str] = ()) -> str:
    """Return what enter alone answers; nothing if every choice needs a decision.

    A variable that is set is offered, and never taken unasked: it may hold another gateway's token.

    Args:
        choices: The choices, the best one first.
        is_sure: Whether enter may choose that a gateway takes no token.
        refused: Answers that did not work: enter does not give them again.

    """
    first = next((each.answer for each in choices if each.answer not in refused), "")
    return "" if first == NONE and not is_sure else first
