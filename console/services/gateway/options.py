"""Options: the settings that the gateway client needs, so that it works without a config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol


class GatewayOptions(Protocol):
    """How to call a gateway; a profile's gateway settings have this form and document each field."""

    @property
    def auth(self) -> Literal["bearer", "x-api-key", "api-key"]:
        """The header that carries the token."""

    @property
    def anthropic_version(self) -> str:
        """The version to request from the Messages family."""

    @property
    def headers(self) -> Mapping[str, str]:
        """More headers for every call."""

    @property
    def ca_file(self) -> Path | None:
        """A PEM file with certificate authorities to trust beside the system's; `~` stands for the home directory."""

    @property
    def deadline_s(self) -> float:
        """The longest that one call may take in total, in seconds."""

    @property
    def connect_timeout_s(self) -> float:
        """The longest that connecting may take, in seconds."""
