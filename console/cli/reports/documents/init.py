"""The documents of `init`."""

from dataclasses import dataclass
from typing import Literal, Self

from console.cli.reports.documents.finding import FindingDocument
from console.domain.errors.category import Category
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.setup.preset import Preset, TokenNeed


@dataclass(frozen=True, kw_only=True)
class InitRouteDocument:
    """A route of the new profile, and what the free check showed of it."""

    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    verdict: Standing
    rung_reached: Rung
    is_key_proven: bool
    """Whether rung 3 is proven; if not, free calls do not tell, or something speaks against the route."""
    category: Category | None
    """Why a call was refused or failed; null if none was."""

    @classmethod
    def of(cls, route: ProvenRoute) -> Self:
        """Return a route as the document names it."""
        own = route.check.route
        return cls(
            role=own.role,
            model=own.model,
            endpoint_family=own.endpoint_family,
            endpoint_path=own.endpoint_path,
            verdict=route.standing,
            rung_reached=route.reached,
            is_key_proven=route.is_key_proven,
            category=None if route.classification is None else route.classification.category,
        )


@dataclass(frozen=True, kw_only=True)
class InitDocument:
    """A profile that was set up."""

    schema: Literal["gateway-console/init/v1"] = "gateway-console/init/v1"
    profile: str
    config: str | None
    """The file that was written; null if the profile was only to be shown, as it is in `toml`, or was not written."""
    backup: str | None
    """The file with the config as it was; null if there was none."""
    default_profile: str | None
    """The profile that the config uses if none is named; null if nothing was written."""
    toml: str
    """What was written, or would be: a whole config, or the profile's tables that are appended to one."""
    token_ref: tuple[str, ...]
    """Where the token is; empty if the gateway takes none."""
    free_check_holds: bool | None
    """Whether nothing speaks against any route on the free rungs; null if the gateway was not asked."""
    routes: tuple[InitRouteDocument, ...]
    """What the free check showed; empty if the gateway was not asked."""
    notes: tuple[str, ...]
    """What the config does not say as the YAML does, or what was said in the conversation."""
    findings: tuple[FindingDocument, ...]
    """Of its route table as a whole, such as a role that a run will need and the table lacks."""


@dataclass(frozen=True, kw_only=True)
class PresetDocument:
    """A gateway that `init` knows by name."""

    name: str
    title: str
    base_url: str
    """Its address; a step in capitals is the caller's own."""
    token: TokenNeed
    auth: str
    """The header that carries the token, as in a profile's gateway."""
    note: str | None
    """What one has to know."""
    source_url: str
    checked_on: str
    """ISO date on which the source was read."""

    @classmethod
    def of(cls, preset: Preset) -> Self:
        """Return a preset as the document names it."""
        return cls(
            name=preset.name,
            title=preset.title,
            base_url=preset.base_url,
            token=preset.token,
            auth=preset.auth,
            note=preset.note or None,
            source_url=preset.source_url,
            checked_on=preset.checked_on,
        )


@dataclass(frozen=True, kw_only=True)
class PresetsDocument:
    """The gateways that `init` knows by name."""

    schema: Literal["gateway-console/presets/v1"] = "gateway-console/presets/v1"
    presets: tuple[PresetDocument, ...]
