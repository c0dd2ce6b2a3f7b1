"""What a watch tells: one change, of one route or of several that changed alike. Closed words and numbers only."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.problem import ProblemKind
from console.domain.routes.route_key import RouteKey
from console.domain.watch.cause import Cause


class ToldKind(StrEnum):
    """What changed."""

    FIRST = "first"
    """A route is watched from now on, and nothing speaks against it."""
    ALARM = "alarm"
    """A route went red."""
    CHANGED = "changed"
    """A route is still red, but for another reason."""
    RECOVERED = "recovered"
    """A red route works again, as far as was tried."""
    VERDICT = "verdict"
    """A route that is not red has another verdict."""
    DOUBT = "doubt"
    """Other rungs than before are inconclusive, in two rounds: they prove nothing, and nothing speaks against them."""
    FLAPPING = "flapping"
    """A route goes red and recovers so often that this is told once, until it is steady."""
    SETTLED = "settled"
    """A route that was flapping is steady again, in the state that is named."""
    REMOVED = "removed"
    """The route is gone from the config."""
    MODEL_GONE = "model_gone"
    """The model is gone from the gateway's lists."""
    MODEL_LISTED = "model_listed"
    """The gateway's lists name the model again."""
    REPRICED = "repriced"
    FAMILY_CHANGED = "family_changed"
    """The gateway declares other endpoint families for the model."""
    SWITCHED_OFF = "switched_off"
    """The gateway's lists say that the model is switched off."""
    SWITCHED_ON = "switched_on"
    LISTING_FLAPPING = "listing_flapping"
    """What the gateway's lists say of the model changes so often that this is told once, until it is steady."""
    RETIRES = "retires"
    """The model's retirement is near."""
    RETIRED = "retired"
    """The date of the model's retirement has passed."""
    UNUSABLE = "unusable"
    """A profile cannot be watched: its config, its token or its address cannot be used."""
    USABLE = "usable"
    """A profile can be watched again."""
    BUDGET_USED_UP = "budget_used_up"
    """Paid rungs stop; free ones go on."""
    CONFIG_BROKEN = "config_broken"
    """The changed config cannot be used; the one before it stays."""
    CONFIG_TAKEN = "config_taken"
    """A changed config is used from now on."""

    @property
    def is_alarm(self) -> bool:
        """Whether it asks for attention at once: a bell, a notification."""
        return self in _ALARMS

    @property
    def is_all_clear(self) -> bool:
        """Whether it ends an alarm."""
        return self in (ToldKind.RECOVERED, ToldKind.USABLE)


_ALARMS = frozenset(
    {
        ToldKind.ALARM,
        ToldKind.CHANGED,
        ToldKind.FLAPPING,
        ToldKind.MODEL_GONE,
        ToldKind.SWITCHED_OFF,
        ToldKind.RETIRES,
        ToldKind.RETIRED,
        ToldKind.UNUSABLE,
        ToldKind.BUDGET_USED_UP,
        ToldKind.CONFIG_BROKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One change."""

    kind: ToldKind
    at: float
    """When the round saw it: Unix time in seconds."""
    profile: str = ""
    """Empty if it is about the config file."""
    routes: tuple[RouteKey, ...] = ()
    """The routes that changed alike; empty if it is about the profile."""
    models: tuple[str, ...] = ()
    """Their models, each once, as the config names them."""
    standing: Standing | None = None
    """The routes' verdict now."""
    cause: Cause | None = None
    """Why they are red, or were."""
    tried_to: Rung | None = None
    """The highest rung that was tried."""
    since: float | None = None
    """Since when they are or were red: Unix time in seconds."""
    rounds: int = 0
    """For how many rounds in a row they are or were red; of flapping, how often they changed lately."""
    was: str = ""
    """What it was, in a closed form: a price, families, a date, a verdict."""
    now: str = ""
    problem: ProblemKind | None = None
    """Why a profile cannot be watched."""
    words: str = field(default="", compare=False)
    """Our own message on a profile or a config, for this machine only: it may name files."""

    @property
    def red_s(self) -> float | None:
        """How long they are or were red, in seconds; a clock that was set back gives no negative time."""
        return None if self.since is None else max(0.0, self.at - self.since)


def grouped(told: Iterable[Told]) -> tuple[Told, ...]:
    """Return changes with those of one profile that are alike as one: an outage is one change, not one per route."""
    found: dict[object, Told] = {}
    for each in told:
        alike = (each.kind, each.profile, each.standing, each.cause, each.tried_to, each.was, each.now, each.problem)
        other = found.get(alike)
        found[alike] = each if other is None else _joined(other, each)
    return tuple(found.values())


def _joined(one: Told, other: Told) -> Told:
    since = [each.since for each in (one, other) if each.since is not None]
    return replace(
        one,
        routes=(*one.routes, *other.routes),
        models=tuple(dict.fromkeys((*one.models, *other.models))),
        since=min(since, default=None),
        rounds=max(one.rounds, other.rounds),
    )
