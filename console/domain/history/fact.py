"""A fact: how a check, a smoke test, a relayed call or a run ended. It cannot hold a prompt, an output or a token."""

import re
from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.domain.text.closed_name import FINDING_ID, MODEL_NAME, REQUEST_ID, VERSION, closed_name

_ORIGIN = re.compile(r"sim:|https?://[A-Za-z0-9._:%\[\]-]{1,280}")
_PROFILE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FINDING_LIMIT = 12


class FactKind(StrEnum):
    """What was done."""

    CHECK = "check"
    """A route climbed the probe ladder."""
    SMOKE = "smoke"
    """One live call of a smoke test."""
    RELAY = "relay"
    """One call of a coding agent through the relay."""
    RUN = "run"
    """A gated run ended."""


class FactStatus(StrEnum):
    """How it ended."""

    PASSED = "passed"
    UNPROVEN = "unproven"
    """Nothing speaks against the route, and something is not proven."""
    FAILED = "failed"
    BLOCKED = "blocked"
    """An account, route or safety error, or a gate."""
    STOPPED = "stopped"
    """A run that was stopped before it had a candidate."""
    UNKNOWN = "unknown"
    """A call was sent, and its outcome is not known."""

    @property
    def is_red(self) -> bool:
        """Whether something speaks against the route, or the run has no candidate."""
        return self in RED

    @property
    def is_held(self) -> bool:
        """Whether what was tried holds."""
        return self in HELD


RED = frozenset({FactStatus.FAILED, FactStatus.BLOCKED, FactStatus.STOPPED})
HELD = frozenset({FactStatus.PASSED, FactStatus.UNPROVEN})


@dataclass(frozen=True, slots=True)
class FactRoute:
    """The route that a fact is about, or a profile's runs."""

    profile: str
    origin: str
    """Scheme, host and port of the gateway; `sim:` for the embedded one."""
    key: RouteKey | None
    """The route's key; None for runs, which use several routes."""
    model: str
    """Empty for runs, and for a model whose name has no closed form."""
    family: EndpointFamily | None

    def __post_init__(self) -> None:
        if _PROFILE.fullmatch(self.profile) is None or _ORIGIN.fullmatch(self.origin) is None:
            raise ValueError("a fact needs a profile's name and an origin")
        if self.model != (closed_name(self.model, MODEL_NAME) or ""):
            raise ValueError("a fact's model has the form of a name")

    @property
    def role(self) -> Role | None:
        """The route's role; None for runs."""
        return None if self.key is None else self.key.role


def route_of(profile: str, origin: str, route: Route) -> FactRoute:
    """Return a route as facts name it.

    Args:
        profile: The profile's name.
        origin: The gateway's origin; `sim:` for the embedded gateway, whose port differs each time.
        route: The route.

    """
    model = closed_name(route.model, MODEL_NAME) or ""
    return FactRoute(profile, origin, route.key, model, route.endpoint_family)


def runs_of(profile: str, origin: str) -> FactRoute:
    """Return what facts of a profile's runs name in place of a route."""
    return FactRoute(profile, origin, None, "", None)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is kept of one check of a route, one call, or one run."""

    at_ms: int
    """When it ended: Unix time."""
    route: FactRoute
    kind: FactKind
    status: FactStatus
    rung: Rung | None = None
    """The highest rung that holds; of a red fact, the rung that showed the trouble. None for a run."""
    shape: Shape | None = None
    """What the timed call sent; None if no call was timed."""
    category: Category | None = None
    http_status: int | None = None
    ttft_ms: float | None = None
    """To the first token; None also where the time is not the model's."""
    total_ms: float | None = None
    output_tokens: int | None = None
    tokens_per_s: float | None = None
    """Output tokens per second after the first one."""
    microusd: int | None = None
    """None if the tokens or their price are unknown."""
    findings: tuple[str, ...] = ()
    """The ids of what was found, at most 12."""
    version: str = ""
    """The console's version; what writes the fact fills it in."""
    request_id: str | None = None
    """Kept only of a fact that is red, because only then does someone ask for it."""

    def __post_init__(self) -> None:
        findings = tuple(dict.fromkeys(each for each in self.findings if closed_name(each, FINDING_ID)))
        object.__setattr__(self, "findings", findings[:_FINDING_LIMIT])
        object.__setattr__(self, "version", closed_name(self.version, VERSION) or "")
        is_wanted = self.status.is_red
        object.__setattr__(self, "request_id", closed_name(self.request_id, REQUEST_ID) if is_wanted else None)

    @property
    def is_red(self) -> bool:
        """Whether it speaks against the route."""
        return self.status.is_red
