"""Events of the set-up: what was found and done, for both faces."""

from dataclasses import dataclass
from typing import TypeAlias

from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.family import EndpointFamily
from console.domain.setup.candidate import Candidate, Candidates
from console.domain.setup.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for the operator."""

    words: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Working:
    """Something is under way that may take seconds."""

    words: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a free request to a family's path showed."""

    family: EndpointFamily
    path: str
    is_spoken: bool | None
    """None if the answer does not tell."""
    words: str
    is_key_refused: bool = False
    """Whether the call was refused because of its key, or because it had none."""


@dataclass(frozen=True, slots=True)
class FamiliesFound:
    """The paths of the families were tried."""

    found: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True)
class ModelsListed:
    """The gateway's list of models was read, or a part of it is shown again."""

    candidates: Candidates
    shown: tuple[Candidate, ...]
    is_part: bool = False
    """Whether the operator asked for these."""


@dataclass(frozen=True, slots=True)
class RolesProposed:
    """Who has which role."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class FreeChecked:
    """The free rungs were climbed for all routes."""

    routes: tuple[ProvenRoute, ...]
    holds: bool
    """Whether nothing speaks against any route; which of them are proven, each one knows."""


@dataclass(frozen=True, slots=True)
class ProfileWritten:
    """The profile is in the config."""

    path: str
    backup: str
    """The file with what the config was before; empty for a new config."""
    profile: str
    is_default: bool
    """Whether it is the profile that is used if none is named."""
    default: str
    """The profile that is."""
    is_checked: bool
    """Whether its routes held on the free rungs."""


SetupEvent: TypeAlias = Said | Working | FamiliesFound | ModelsListed | RolesProposed | FreeChecked | ProfileWritten
