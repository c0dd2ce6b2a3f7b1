"""The documents of `watch`: each line of `--json`, and what a webhook gets. Closed words and numbers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from console.domain.errors.category import Blame, Category
from console.domain.ledger.checkpoint import moment
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.problem import ProblemKind
from console.domain.watch.told import Told, ToldKind
from console.view.watch.told_words import action_of, told_subject, told_words


@dataclass(frozen=True, kw_only=True)
class WatchEventDocument:
    """A change that a watch tells; several routes that changed alike are one."""

    schema: Literal["gateway-console/watch-event/v1"] = "gateway-console/watch-event/v1"
    id: str
    """The same in every delivery of this change, and of no other one."""
    at: str
    """When the round that saw it began, in UTC."""
    kind: ToldKind
    is_alarm: bool
    """Whether it asks for attention at once."""
    profile: str | None
    """Null if it is about the config file."""
    routes: tuple[str, ...]
    """The keys of the routes; empty if it is about the profile."""
    models: tuple[str, ...]
    verdict: Standing | None
    tried_to: Rung | None
    """The highest rung that the round tried: what is above it is not proven."""
    category: Category | None
    """Why the routes are red, or were; null if findings say it."""
    blame: Blame | None
    rung: Rung | None
    """The rung that showed it."""
    findings: tuple[str, ...]
    """The ids of the findings that fail."""
    action: str | None
    """What to do, in the console's own words."""
    red_since: str | None
    red_s: float | None
    """For how long the routes are or were red, in seconds."""
    rounds: int
    """For how many rounds in a row they are or were red; of a flapping, how often they changed lately."""
    was: str | None
    """What it was, such as a price, the endpoint families, a date or a verdict."""
    now: str | None
    problem: ProblemKind | None
    """Why the profile or the config cannot be used."""
    is_simulated: bool
    """Whether the profile is on the embedded gateway."""

    @classmethod
    def of(cls, told: Told, number: str, *, is_simulated: bool) -> Self:
        """Return a change as the document names it."""
        cause = told.cause
        return cls(
            id=number,
            at=moment(int(told.at * 1000)),
            kind=told.kind,
            is_alarm=told.kind.is_alarm,
            profile=told.profile or None,
            routes=tuple(map(str, told.routes)),
            models=told.models,
            verdict=told.standing,
            tried_to=told.tried_to,
            category=None if cause is None else cause.category,
            blame=None if cause is None else cause.blame,
            rung=None if cause is None else cause.rung,
            findings=() if cause is None else cause.findings,
            action=(action_of(cause) or None) if cause is not None else None,
            red_since=None if told.since is None else moment(int(told.since * 1000)),
            red_s=None if told.red_s is None else round(told.red_s, 1),
            rounds=told.rounds,
            was=told.was or None,
            now=told.now or None,
            problem=told.problem,
            is_simulated=is_simulated,
        )


@dataclass(frozen=True, kw_only=True)
class WatchEventsDocument:
    """What a webhook gets by one POST: some changes, in their order."""

    schema: Literal["gateway-console/watch-events/v1"] = "gateway-console/watch-events/v1"
    text: str
    """The changes for a person, one a line, for a chat that shows this field."""
    dropped: int
    """How many changes before these were given up, because the webhook did not take them in time."""
    events: tuple[WatchEventDocument, ...]

    @classmethod
    def of(cls, told: Sequence[tuple[Told, WatchEventDocument]], dropped: int) -> Self:
        """Return some changes as the document names them."""
        lines = [f"{told_subject(each)}: {told_words(each, is_local=False)}" for each, _ in told]
        return cls(text="\n".join(lines), dropped=dropped, events=tuple(document for _, document in told))
