"""What a watch keeps of one route from round to round, and what it tells: a pure fold.

A red of a transient category waits for the next round before it is told; any other red is told at once. What was told
is not told again, and recovery is told with how long the route was red. A route that goes red and recovers again and
again is told once, until it is steady: even where no red lasts two rounds.
"""

from dataclasses import dataclass, replace

from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.watch.cause import Cause, worst
from console.domain.watch.listing import ListingChange, ListingWatch, Retiring, retirement_change
from console.domain.watch.sighting import Sighting, WatchedRoute
from console.domain.watch.steadiness import Steadiness
from console.domain.watch.told import Told, ToldKind

CONFIRMATIONS = 2
"""How many rounds in a row must see a transient red before it is told."""
_KEPT_IDENTITIES = 8
_RETIRED_ID = "MOD-06"
"""The finding on a retired model: where it fails the route, the alarm says it."""


@dataclass(frozen=True, slots=True)
class RouteWatch:
    """What is known of a route, and what was told of it."""

    route: WatchedRoute
    causes: tuple[Cause, ...] = ()
    """What speaks against it, and was not disproved by a later try of the same rung."""
    standing: Standing = Standing.OFFLINE
    """Its verdict: the newest round's, or a red that this round did not try again."""
    tried_to: Rung = Rung.OFFLINE
    reached: Rung = Rung.OFFLINE
    red_since: float | None = None
    """Unix time in seconds; None if it is not red."""
    red_rounds: int = 0
    """For how many rounds in a row it is red."""
    pending: int = 0
    """For how many rounds in a row it is red for a reason that was not told."""
    told: Cause | None = None
    """The red that was told; None if none is, or its recovery was told."""
    told_standing: Standing | None = None
    """The verdict that was told last while it was not red; None if none was."""
    told_to: Rung = Rung.OFFLINE
    """The highest rung that was tried for that verdict."""
    doubts: tuple[Rung, ...] = ()
    """The rungs that were inconclusive in the newest round."""
    told_doubts: tuple[Rung, ...] = ()
    """Those that were told, or were there from the first round on."""
    told_lately: tuple[str, ...] = ()
    """Which lasting causes were told since it was steady: while it flaps, only others are told."""
    steadiness: Steadiness = Steadiness()
    listing: ListingWatch = ListingWatch()
    retiring: Retiring = Retiring()

    @property
    def red(self) -> Cause | None:
        """Why it is red; None if it is not."""
        tried = worst(tuple(each for each in self.causes if each.rung <= self.tried_to))
        return tried or worst(self.causes)

    @property
    def is_confirmed(self) -> bool:
        """Whether its red was told."""
        return self.told is not None

    def without_pending(self) -> "RouteWatch":
        """Return it after a long gap between two rounds: a red before the gap confirms none after it."""
        return replace(self, pending=0)

    def after(self, seen: Sighting, at: float) -> tuple["RouteWatch", tuple[Told, ...]]:
        """Return it after a round, with what to tell.

        Args:
            seen: What the round saw of this route.
            at: When: Unix time in seconds.

        """
        kept = tuple(each for each in self.causes if each.rung > seen.tried_to)
        now = replace(
            self,
            causes=(*seen.causes, *kept),
            tried_to=seen.tried_to,
            reached=seen.reached,
            doubts=seen.doubts,
        )
        red = now.red
        was_red = self.red_since is not None
        is_first = self.told_standing is None and not was_red
        changed = not is_first and was_red != (red is not None)
        now = replace(
            now,
            standing=seen.standing if red is None else red.standing,
            red_since=None if red is None else at if self.red_since is None else self.red_since,
            red_rounds=0 if red is None else self.red_rounds + 1,
            steadiness=self.steadiness.after(changed=changed),
        )
        if now.steadiness.is_calm:
            now = replace(now, told_lately=() if red is None else now.told_lately)
        now, told = _tell_state(self, now, at)
        now, more = _tell_listing(now, seen, at)
        return now, (*told, *more)


def _tell_state(before: RouteWatch, now: RouteWatch, at: float) -> tuple[RouteWatch, tuple[Told, ...]]:
    if now.steadiness.is_flapping:
        return _tell_flapping(before, now, at)
    if before.steadiness.is_flapping:
        settled = replace(now, told=now.red, pending=0, told_lately=())
        if now.red is None:
            settled = replace(settled, told_standing=now.standing, told_to=now.tried_to)
        return settled, (_told(ToldKind.SETTLED, now, at),)
    return _tell_red(now, at) if now.red is not None else _tell_green(before, now, at)


def _tell_red(now: RouteWatch, at: float) -> tuple[RouteWatch, tuple[Told, ...]]:
    red = now.red
    if red is None or (now.told is not None and red.identity == now.told.identity):
        return replace(now, pending=0), ()
    pending = now.pending + 1
    if red.is_transient and pending < CONFIRMATIONS:
        return replace(now, pending=pending), ()
    kind = ToldKind.ALARM if now.told is None else ToldKind.CHANGED
    was = "" if now.told is None else now.told.category or now.told.standing
    return _with_alarm(now, red), (_told(kind, now, at, was=str(was)),)


def _with_alarm(now: RouteWatch, red: Cause) -> RouteWatch:
    lately = now.told_lately
    if not red.is_transient:
        lately = (*(each for each in lately if each != red.identity), red.identity)[-_KEPT_IDENTITIES:]
    return replace(now, told=red, pending=0, told_lately=lately)


def _tell_green(before: RouteWatch, now: RouteWatch, at: float) -> tuple[RouteWatch, tuple[Told, ...]]:
    after = replace(now, told=None, pending=0, told_standing=now.standing, told_to=now.tried_to)
    if before.told is not None:
        told = _told(ToldKind.RECOVERED, now, at)
        return after, (replace(told, cause=before.told, since=before.red_since, rounds=before.red_rounds),)
    if before.told_standing is None:
        return replace(after, told_doubts=now.doubts), (_told(ToldKind.FIRST, now, at),)
    if now.tried_to >= before.told_to and now.standing is not before.told_standing:
        told = _told(ToldKind.VERDICT, now, at, was=str(before.told_standing))
        return replace(after, told_doubts=now.doubts), (told,)
    known = tuple(each for each in now.told_doubts if each <= now.tried_to)
    if now.doubts == before.doubts and now.doubts != known:
        told = _told(ToldKind.DOUBT, now, at, was=_rung_list(known))
        return replace(now, pending=0, told_doubts=now.doubts), (replace(told, now=_rung_list(now.doubts)),)
    return replace(now, pending=0), ()


def _rung_list(rungs: tuple[Rung, ...]) -> str:
    return ", ".join(str(int(rung)) for rung in rungs)


def _tell_flapping(before: RouteWatch, now: RouteWatch, at: float) -> tuple[RouteWatch, tuple[Told, ...]]:
    told: tuple[Told, ...] = ()
    if not before.steadiness.is_flapping:
        told = (replace(_told(ToldKind.FLAPPING, now, at), rounds=now.steadiness.changes),)
    red = now.red
    if red is not None and not red.is_transient and red.identity not in now.told_lately:
        return _with_alarm(now, red), (*told, _told(ToldKind.ALARM, now, at))
    return replace(now, pending=0), told


def _tell_listing(now: RouteWatch, seen: Sighting, at: float) -> tuple[RouteWatch, tuple[Told, ...]]:
    listing, changes = now.listing.after(seen.listing)
    retires = retirement_change(now.retiring, seen.retiring)
    is_alarm = any(_RETIRED_ID in cause.findings for cause in seen.causes)
    found: tuple[ListingChange, ...] = changes
    if retires is not None and not (is_alarm and retires.kind is ToldKind.RETIRED):
        found = (*changes, retires)
    after = replace(now, listing=listing, retiring=now.retiring if retires is None else seen.retiring)
    return after, tuple(
        Told(each.kind, at, routes=(now.route.key,), models=(now.route.model,), was=each.was, now=each.now)
        for each in found
    )


def _told(kind: ToldKind, now: RouteWatch, at: float, *, was: str = "") -> Told:
    return Told(
        kind,
        at,
        routes=(now.route.key,),
        models=(now.route.model,),
        standing=now.standing,
        cause=now.red,
        tried_to=now.tried_to,
        since=now.red_since,
        rounds=now.red_rounds,
        was=was,
    )
