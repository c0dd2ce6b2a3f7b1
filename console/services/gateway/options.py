"""Options: the settings that the gateway client needs, so that it works without a config."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Auth = Literal["bearer", "x-api-key", "api-key", "x-portkey-api-key", "cf-aig-authorization"]
"""The headers that can carry a token; `bearer` is `Authorization`."""
BEARERS = frozenset({"authorization", "cf-aig-authorization"})
"""The headers in which the word Bearer precedes the token."""


class GatewayOptions(Protocol):
    """How to call a gateway; a profile's gateway settings have this form and document each field."""

    @property
    def auth(self) -> Auth:
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
    def idle_timeout_s(self) -> float:
        """The longest that a call may wait for the next bytes, in seconds."""

    @property
    def connect_timeout_s(self) -> float:
        """The longest that connecting may take, in seconds."""


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long a call may take."""

    deadline_s: float
    """The longest in total, in seconds."""
    idle_timeout_s: float
    """The longest wait for the next bytes, in seconds."""
    table: str = "gateway"
    """The table of the config that has both settings."""
