"""A table of a config file: closed, frozen, and silent about what it was given."""

from dataclasses import fields
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from console.services.config.settings import (
    AgentSettings,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
    RelaySettings,
    StoreSettings,
    WatchSettings,
)

_Settings = TypeVar(
    "_Settings",
    AgentSettings,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
    RelaySettings,
    StoreSettings,
    WatchSettings,
)


class Table(BaseModel):
    """The base of each table's model."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def as_settings(self, kind: type[_Settings]) -> _Settings:
        """Return the plain settings that have the same fields."""
        return kind(**{field.name: getattr(self, field.name) for field in fields(kind)})
