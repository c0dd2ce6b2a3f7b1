"""The profiles of a fleet, and what is known of them, as a command line names them."""

import argparse
import asyncio
from collections.abc import Sequence

from console.cli.context import current
from console.cli.profile import swept_profiles
from console.cli.recording import unix_ms
from console.domain.fleet.fleet import Fleet
from console.domain.fleet.state import ProfileLook
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile
from console.services.fleet.reading import read_fleet

Profiles = Sequence[Profile | BrokenProfile]


def fleet_profiles(arguments: argparse.Namespace) -> Profiles:
    """Return the profiles of the config: all, or those that `--profile A,B` names. Raises `ConfigError`."""
    named = argparse.Namespace(**vars(arguments) | {"all_profiles": arguments.profile is None})
    return swept_profiles(named)


def fleet_now(profiles: Profiles, looks: Sequence[ProfileLook] = ()) -> tuple[Fleet, str]:
    """Return what is known of the fleet, and where that is from.

    Args:
        profiles: The profiles of the config.
        looks: What this command line has just seen of them.

    Raises:
        Problem: It cannot be read.

    """
    return asyncio.run(read_fleet(profiles, current().environment, unix_ms(current()), looks))
