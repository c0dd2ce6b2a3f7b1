"""Reading the fleet: the profiles of a config, with what the store or this machine's history knows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from console.domain.fleet.fleet import Fleet, fleet_of
from console.domain.fleet.row import KnownProfile
from console.domain.fleet.state import Owner, ProfileLook
from console.services.config.load import BrokenProfile
from console.services.config.settings import EMBEDDED, Profile
from console.services.fleet.source import open_source
from console.services.gateway.address import origin


def owner_of(profile: Profile, environment: Mapping[str, str]) -> Owner:
    """Return a profile's name with its gateway's origin, which is empty if it is not known without opening it."""
    if profile.is_embedded:
        return profile.name, EMBEDDED
    settings = profile.gateway
    address = settings.base_url or environment.get((settings.base_url_ref or "").removeprefix("env:"), "")
    try:
        return profile.name, origin(address.strip()) if address else ""
    except ValueError:
        return profile.name, ""


def known_profiles(
    profiles: Sequence[Profile | BrokenProfile], environment: Mapping[str, str], now_ms: int
) -> tuple[KnownProfile, ...]:
    """Return the profiles of a config with their offline checks as of today; what is wrong with one stops no other.

    Args:
        profiles: The profiles.
        environment: The environment variables, which may hold addresses.
        now_ms: The Unix time.

    """
    today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
    return tuple(
        KnownProfile((each.name, ""), words=str(each.error))
        if isinstance(each, BrokenProfile)
        else KnownProfile(owner_of(each, environment), each.check(today, environment))
        for each in profiles
    )


async def read_fleet(
    profiles: Sequence[Profile | BrokenProfile],
    environment: Mapping[str, str],
    now_ms: int,
    looks: Sequence[ProfileLook] = (),
) -> tuple[Fleet, str]:
    """Return the fleet as the store knows it, or without one this machine's history, and where that is from.

    The store may know profiles of others: they are shown too. The history may know profiles that the config lacks by
    now: these are left out.

    Args:
        profiles: The profiles of the config.
        environment: The environment variables, which say where state is kept.
        now_ms: The Unix time.
        looks: What this process has just seen of profiles; the history knows routes alone.

    Raises:
        Problem: The store or the history cannot be read.

    """
    known = known_profiles(profiles, environment, now_ms)
    async with open_source(environment) as source:
        states = await source.states(now_ms)
        if not source.has_others:
            states = replace(states, looks={each.owner: each for each in looks})
        return fleet_of(known, states, now_ms, others=source.has_others), source.where
