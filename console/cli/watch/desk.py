"""The config and the gateways of a watch, as the command line names them."""

import argparse
import contextlib
from collections.abc import AsyncIterator, Sequence

from console.cli import output
from console.cli.live.sweep import Client, may_ask, open_clients, places_of
from console.cli.profile import chosen_checks, chosen_profile, is_sweep, swept_profiles
from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile
from console.services.watch.desk import Opened, OpenGateway


class ConfigDesk:
    """Reads the config that a command line names, again for every round."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Name the config. Raises `Problem` if the options contradict each other."""
        self._arguments = arguments
        self._is_sweep = is_sweep(arguments)
        self._first: Sequence[Profile | BrokenProfile] | None = None
        self._advised: set[str] = set()

    def at_start(self) -> Sequence[Profile | BrokenProfile]:
        """Read the config for the first time, and print the notes that go with it. Raises `ConfigError`."""
        self._first = self._read(is_noted=True)
        return self._first

    def profiles(self) -> Sequence[Profile | BrokenProfile]:
        """Read the config, and return the profiles to watch. Raises `ConfigError` if none of it can be used."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._read(is_noted=False)

    def _read(self, *, is_noted: bool) -> Sequence[Profile | BrokenProfile]:
        if self._is_sweep:
            return swept_profiles(self._arguments, is_noted=is_noted)
        return (chosen_profile(self._arguments, is_noted=is_noted),)

    def checks(self, profile: Profile) -> tuple[RouteCheck, ...]:
        """Return the offline checks of the chosen routes, as of today. Raises `Problem` if there are none."""
        return chosen_checks(self._arguments, profile)

    @contextlib.asynccontextmanager
    async def opened(self, profiles: Sequence[Profile]) -> AsyncIterator[Opened]:
        """Open the profiles' gateways; nothing is sent. What keeps one from it does not stop the others."""
        async with open_clients(profiles, self._advise) as clients:
            places = places_of(profiles, clients, None)
            found: dict[str, OpenGateway | Problem] = {}
            for name, client in clients.items():
                if not isinstance(client, Client):
                    found[name] = client
                    continue
                try:
                    gateway = client.target.require_gateway()
                    found[name] = OpenGateway(gateway, places[client.target.opened.origin])
                except Problem as problem:
                    found[name] = problem
            yield found

    def _advise(self, words: str) -> None:
        """Print advice about a token once, however often its gateway is opened."""
        if words not in self._advised:
            self._advised.add(words)
            output.note(words)

    def may_ask(self, profile: Profile) -> bool:
        """Return whether opening its gateway may ask a person."""
        return may_ask(profile)
