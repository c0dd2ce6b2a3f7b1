"""ConfigView: what both faces show of the config in use, folded from events, and what waits or is wrong in its file."""

from dataclasses import dataclass, replace

from console.domain.routes.contract import RouteCheck


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile that the screen can switch to."""

    name: str
    words: str
    """Where it comes from."""


@dataclass(frozen=True, slots=True)
class ConfigUsed:
    """A profile of a config is in use from now on."""

    source: str
    """The file; a phrase for the built-in sample."""
    is_built_in: bool = False
    is_of_repository: bool = False
    has_own_facts: bool = False
    why_not_editable: str = ""
    """Why the console does not change the file; empty if it does."""


@dataclass(frozen=True, slots=True)
class ConfigFaulty:
    """The file cannot be used as it is now; what was read of it before stays in use."""

    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigWaiting:
    """The file has another profile than the one in use, which is applied as soon as nothing is in progress."""

    reason: str
    """What it waits for."""


@dataclass(frozen=True, slots=True)
class ConfigSettled:
    """The file has what is in use."""


@dataclass(frozen=True, slots=True)
class ProfilesListed:
    """The profiles that the screen can switch to."""

    rows: tuple[ProfileRow, ...]


@dataclass(frozen=True, slots=True)
class ProfileAdopted:
    """Another profile is in use, or the same one with other settings."""

    profile: str
    checks: tuple[RouteCheck, ...]
    is_same_gateway: bool
    """Whether calls go where they went, with the same token: what is proven of an unchanged route stays."""
    is_other: bool
    """Whether it is another profile, and not the same one with other settings."""


ConfigViewEvent = ConfigUsed | ConfigFaulty | ConfigWaiting | ConfigSettled | ProfilesListed
"""An event that `ConfigView` folds."""


@dataclass(frozen=True, slots=True)
class ConfigView:
    """What is known about the config."""

    used: ConfigUsed = ConfigUsed("")
    faults: tuple[str, ...] = ()
    """What is wrong in the file now; what was read of it before stays in use."""
    waits_for: str = ""
    """What a changed file waits for; empty if none does."""
    profiles: tuple[ProfileRow, ...] = ()

    def apply(self, event: ConfigViewEvent) -> "ConfigView":
        """Return the view after an event."""
        match event:
            case ConfigUsed():
                return replace(self, used=event, faults=(), waits_for="")
            case ConfigFaulty(faults):
                return replace(self, faults=faults, waits_for="")
            case ConfigWaiting(reason):
                return replace(self, faults=(), waits_for=reason)
            case ConfigSettled():
                return replace(self, faults=(), waits_for="")
            case ProfilesListed(rows):
                return replace(self, profiles=rows)

    @property
    def marks(self) -> tuple[str, ...]:
        """What the header says of it, where there is room."""
        known = (
            ("built-in", self.used.is_built_in),
            ("own facts", self.used.has_own_facts),
            ("config changed", bool(self.waits_for)),
        )
        return tuple(word for word, is_set in known if is_set)

    @property
    def alarms(self) -> tuple[str, ...]:
        """What the header says of it in any width."""
        known = (("REPOSITORY CONFIG", self.used.is_of_repository), ("config faulty", bool(self.faults)))
        return tuple(word for word, is_set in known if is_set)
