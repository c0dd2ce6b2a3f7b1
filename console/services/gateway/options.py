"""Options: what the gateway client needs of the settings, so that it can be used without a config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol


class GatewayOptions(Protocol):
    """How a gateway is called; the settings of a profile's gateway are of this form, and say what each one means."""

    @property
    def auth(self) -> Literal["bearer", "x-api-key"]:
        """The header that carries the token."""

    @property
    def anthropic_version(self) -> str:
        """The version that the Messages family is asked for."""

    @property
    def headers(self) -> Mapping[str, str]:
        """More headers for every call."""

    @property
    def ca_file(self) -> Path | None:
        """A PEM file with certificate authorities to trust beside the system's; `~` stands for the home directory."""

    @property
    def deadline_s(self) -> float:
        """The longest that one call may take in all, in seconds."""

    @property
    def connect_timeout_s(self) -> float:
        """The longest that connecting may take, in seconds."""
