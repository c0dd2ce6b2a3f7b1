"""What the set-up knows beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast, get_args

from console.domain.routes.model_facts import ModelFacts
from console.services.config.settings import GatewaySettings
from console.services.gateway.options import Auth
from console.services.setup.address import GatewayAddress
from console.services.setup.config_place import ConfigPlace


@dataclass(frozen=True, slots=True)
class SetUpPlan:
    """What the conversation knows beforehand."""

    place: ConfigPlace | None
    """Where the profile goes; None if it is only shown."""
    environment: Mapping[str, str]
    today: date
    """In UTC, for the models' retirement."""
    facts: ModelFacts | None = None
    """The facts on models, if the operator installed tables."""
    makes_default: bool = False
    """Whether the profile becomes the default of a config that exists."""
    auth: Auth | None = None
    """The header that carries the token; None lets the preset decide."""
    ca_file: Path | None = None
    """A PEM file with certificate authorities to trust beside the system's."""

    def auth_of(self, address: GatewayAddress) -> Auth:
        """Return the header that carries the token to a gateway."""
        known = "bearer" if address.preset is None else address.preset.auth
        return self.auth or (cast(Auth, known) if known in get_args(Auth) else "bearer")

    def settings(self, address: GatewayAddress) -> GatewaySettings:
        """Return the settings with which a gateway is called before it has a profile."""
        return GatewaySettings(base_url=address.base_url, auth=self.auth_of(address), ca_file=self.ca_file)
