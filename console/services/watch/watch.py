"""A watch: a round of the probe ladder on every profile, again and again, as a stream of events; only changes are told.

What a person or a program is told is yielded before the state is kept: after a crash between the two a change is told
again, and none is missed. Nothing is sent that the ladder would not send, and paid rungs keep the profile's budget for
the whole watch.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from random import Random

from console.domain.errors.category import Category
from console.domain.money import Budget, Estimate, Spent
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route_key import RouteKey
from console.domain.watch.profile_watch import ProfileRound, ProfileWatch
from console.domain.watch.told import Told
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile
from console.services.gateway.account import Account
from console.services.gateway.address import origin
from console.services.system.private_file import PrivateFileError
from console.services.watch.desk import Desk, OpenGateway, Openings
from console.services.watch.pacing import OVERSLEPT_S, Pacer, boot_s
from console.services.watch.round import Recording, RoundPlan, RoundResults, climb_round, most_a_round, no_recording
from console.services.watch.spending import Spending
from console.services.watch.state_file import StateFile
from console.services.watch.watched_config import WatchedConfig

DAY_S = 86_400
_GAP_S = 3_600.0
"""How long ago an earlier round may have been, in seconds, to confirm a red; or three intervals, if that is more."""


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """How to watch."""

    top: Rung
    every_s: float
    rounds: int | None = None
    """How many rounds to make; None makes them until the watch is stopped."""
    for_s: float | None = None
    """After how many seconds no further round begins; None means that rounds go on."""
    is_read_only: bool = False
    state: Path | None = None
    """Where the state is kept; None keeps none."""
    random: Random | None = None
    """Spreads the rounds; None makes them at equal intervals."""
    delays_first: bool = False
    """Whether the first round is spread too."""
    now: Callable[[], float] = time.time
    """The wall clock: Unix time in seconds."""
    clock: Callable[[], float] | None = None
    """Seconds since boot, for the intervals; None means the machine's own."""
    pause: Callable[[float], Awaitable[None]] | None = None
    """Waits for so many seconds; None waits by the event loop's clock, and no longer than until the watch ends."""


@dataclass(frozen=True, slots=True)
class PaidRounds:
    """What a watch with paid rungs may take, told before its first round."""

    profile: str
    a_round: Estimate
    rounds_a_day: int
    budget: Budget


@dataclass(frozen=True, slots=True)
class StateUnkept:
    """A profile's state cannot be read or written: after a restart, everything is told again."""

    profile: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overslept:
    """A round is late because the machine slept, or was too busy; those that were missed are not made up for."""

    late_s: float


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A round ended; everything that it showed was told."""

    number: int
    at: float
    """When it began: Unix time in seconds."""
    elapsed_s: float
    profiles: Mapping[str, ProfileWatch]


@dataclass(frozen=True, slots=True)
class RoundCut:
    """The watch was ended within a round, which then shows nothing."""

    billed_perhaps: Mapping[str, tuple[RouteKey, ...]]
    """By profile: the routes whose paid call was begun, and may be billed."""


WatchEvent = PaidRounds | StateUnkept | Overslept | Told | RoundEnded | RoundCut


class Watch:
    """One watch of some profiles."""

    def __init__(
        self, plan: WatchPlan, desk: Desk, stop: asyncio.Event, *, recording: Recording = no_recording
    ) -> None:
        """Prepare a watch; nothing is read or sent.

        Args:
            plan: How to watch.
            desk: The config and its gateways.
            stop: Ends the watch as soon as it is set: between two rounds, or within one.
            recording: Takes every event of each round, as it happens.

        """
        self._plan = plan
        self._desk = desk
        self._stop = stop
        self._recording = recording
        self._openings = Openings(desk.opened)
        self._pacer = Pacer(plan.every_s, stop, plan.random, plan.clock or boot_s, plan.pause)
        self._spending = Spending(plan.top)
        self._watches: dict[str, ProfileWatch] = {}
        self._taken_up: set[str] = set()
        self._files: dict[str, StateFile] = {}
        self._unkept: dict[str, str] = {}
        self._held: dict[str, Problem] = {}
        """By profile: why it is left to another process, which watches it; tried again in every round."""
        self._stale: frozenset[str] = frozenset()
        self._priced: set[str] = set()
        self._locks = ExitStack()

    async def run(self) -> AsyncGenerator[WatchEvent, None]:
        """Watch until the plan's end or a stop, and yield what happens.

        Raises:
            Problem: The config cannot be used at the start, or another process watches one of the profiles.

        """
        try:
            config = WatchedConfig(self._desk)
            for unkept in self._take_up(config.profiles, is_start=True):
                yield unkept
            began = self._pacer.clock()
            due = self._pacer.first_due() if self._plan.delays_first else began
            for number in count(1):
                late_s = await self._pacer.wait_until(due)
                if self._stop.is_set():
                    return
                if number > 1:
                    if late_s > OVERSLEPT_S:
                        yield Overslept(late_s)
                    for told in config.read(self._plan.now()):
                        yield told
                    for unkept in self._take_up(config.profiles, is_start=False):
                        yield unkept
                due = self._pacer.due_after(self._pacer.clock())
                async with aclosing(self._round(number, config.profiles)) as events:
                    async for event in events:
                        yield event
                is_over = self._plan.for_s is not None and due - began >= self._plan.for_s
                if is_over or number == self._plan.rounds:
                    return
        finally:
            await self._openings.close()
            self._locks.close()

    def _take_up(self, profiles: Sequence[Profile | BrokenProfile], *, is_start: bool) -> Sequence[StateUnkept]:
        """Lock and load the state of profiles that are new to the watch, and drop what the config has no more.

        Raises:
            Problem: At the start, another process watches one of them. Later on, only that profile waits for it.

        """
        self._held.clear()
        for gone in set(self._watches) - {each.name for each in profiles}:
            del self._watches[gone]
            self._taken_up.discard(gone)
        unkept = []
        for profile in profiles:
            known = self._watches.setdefault(profile.name, ProfileWatch(profile.name))
            if profile.name in self._taken_up or isinstance(profile, BrokenProfile):
                continue
            self._taken_up.add(profile.name)
            if self._plan.state is None or profile.is_built_in:
                continue
            try:
                if profile.name not in self._files:
                    file = StateFile(self._plan.state, profile)
                    self._locks.enter_context(file.locked())
                    self._files[profile.name] = file
                earlier = self._fresh(self._files[profile.name].load())
                self._watches[profile.name] = earlier if known.problem is None else known.on_top_of(earlier)
            except PrivateFileError as error:
                unkept.append(StateUnkept(profile.name, str(error)))
            except Problem as problem:
                if is_start:
                    raise
                self._held[profile.name] = problem
                self._taken_up.discard(profile.name)
        return unkept

    def _fresh(self, known: ProfileWatch) -> ProfileWatch:
        """Return an earlier watch's state as this one begins with it."""
        gap_s = self._plan.now() - known.at
        return known if 0 <= gap_s <= max(_GAP_S, 3 * self._plan.every_s) else known.without_pending()

    async def _round(
        self, number: int, profiles: Sequence[Profile | BrokenProfile]
    ) -> AsyncGenerator[WatchEvent, None]:
        at, begun = self._plan.now(), self._pacer.clock()
        work = _Round(at, datetime.fromtimestamp(at, UTC).date())
        if not await self._unless_stopped(self._prepare(work, profiles)):
            yield RoundCut({})
            return
        priced: list[PaidRounds] = []
        if not await self._unless_stopped(self._price(work, priced)):
            yield RoundCut({})
            return
        for each in priced:
            yield each
        if not await self._unless_stopped(self._climb(work)):
            for unkept in self._keep_spent(work):
                yield unkept
            yield RoundCut(work.billed_perhaps)
            return
        for event in self._fold(work, profiles):
            yield event
        yield RoundEnded(number, at, self._pacer.clock() - begun, dict(self._watches))

    async def _unless_stopped(self, work: Coroutine[None, None, None]) -> bool:
        """Do some work; return whether it ended by itself, and was not cancelled because the watch is to end."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if not task.done():
                task.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)
        if task.cancelled():
            return False
        task.result()
        return True

    async def _prepare(self, work: "_Round", profiles: Sequence[Profile | BrokenProfile]) -> None:
        """Check the routes offline and open the gateways."""
        for profile in profiles:
            try:
                if isinstance(profile, BrokenProfile):
                    raise profile.error
                if (held := self._held.get(profile.name)) is not None:
                    raise held
                work.checks[profile.name] = self._desk.checks(profile)
                work.results[profile.name] = RoundResults(profile, work.at)
            except Problem as problem:
                work.problems[profile.name] = problem
        if self._plan.top is Rung.OFFLINE:
            return
        usable = [each.profile for each in work.results.values()]
        opened = await self._openings.of(usable, self._stale)
        for name, gateway in opened.items():
            if isinstance(gateway, Problem):
                work.problems[name] = gateway
                del work.results[name]
            else:
                work.opened[name] = gateway

    def _how(self, work: "_Round", results: RoundResults) -> RoundPlan:
        profile = results.profile
        known = self._watches[profile.name]
        before = known.spent if known.spent_on == work.today.isoformat() else Spent()
        gateway = work.opened.get(profile.name)
        account = Account() if gateway is None else work.accounts.setdefault(id(gateway.gateway), Account())
        book = self._spending.book(profile, before)
        return RoundPlan(self._spending.top(profile), book, account, self._plan.is_read_only)

    async def _price(self, work: "_Round", priced: list[PaidRounds]) -> None:
        """Find what the paid rungs of profiles that are new to the watch may take, before any is climbed."""
        for name, results in list(work.results.items()):
            try:
                how = self._how(work, results)
                if not how.top.is_paid or name in self._priced:
                    continue
                most = await most_a_round(results.profile, work.checks[name], work.opened[name], how)
            except Problem as problem:
                work.problems[name] = problem
                del work.results[name]
                continue
            self._priced.add(name)
            rounds_a_day = 1 if self._plan.every_s <= 0 else max(1, round(DAY_S / self._plan.every_s))
            priced.append(PaidRounds(name, most, rounds_a_day, how.reservations.budget))

    async def _climb(self, work: "_Round") -> None:
        """Climb the ladders of all profiles side by side. What keeps one from it does not stop the others."""

        async def one(name: str, results: RoundResults) -> None:
            try:
                checks, opened = work.checks[name], work.opened.get(name)
                gateway = "" if opened is None else origin(opened.gateway.base_url)
                see = self._recording(results.profile, checks, gateway)
                await climb_round(results, checks, opened, self._how(work, results), see)
            except Problem as problem:
                work.problems[name] = problem

        tasks = [asyncio.ensure_future(one(*each)) for each in work.results.items()]
        try:
            for task in tasks:
                await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _fold(self, work: "_Round", profiles: Sequence[Profile | BrokenProfile]) -> Iterator[WatchEvent]:
        """Fold a round into what is known, and yield what to tell; the state is kept after it was told."""
        stale = set()
        for each in profiles:
            name, problem = each.name, work.problems.get(each.name)
            seen = ProfileRound(work.at, problem=problem, spent=self._spending.spent(name), day=work.today.isoformat())
            if problem is None:
                results = work.results[name]
                over = self._spending.why_free_only(results.profile, results.over_budget)
                sightings = results.sightings(work.today)
                chosen = {sighting.route.key for sighting in sightings}
                rest = frozenset(route.key for route in results.profile.table if route.key not in chosen)
                seen = replace(seen, sightings=sightings, passed_over=rest, over_budget=over)
            if isinstance(each, Profile) and not self._desk.may_ask(each) and _is_stale(seen, each):
                stale.add(name)
            self._watches[name], told = self._watches[name].after(seen)
            yield from told
            yield from self._keep(name)
        self._stale = frozenset(stale)

    def _keep_spent(self, work: "_Round") -> Iterator[StateUnkept]:
        """Keep what a round that was cut has spent: the next start has to count it."""
        for name in work.results:
            if (spent := self._spending.spent(name)) is not None:
                self._watches[name] = replace(self._watches[name], spent=spent, spent_on=work.today.isoformat())
                yield from self._keep(name)

    def _keep(self, name: str) -> Iterator[StateUnkept]:
        """Keep a profile's state; say once why it cannot be kept."""
        file = self._files.get(name)
        if file is None:
            return
        try:
            file.keep(self._watches[name])
            self._unkept.pop(name, None)
        except PrivateFileError as error:
            if self._unkept.get(name) != str(error):
                self._unkept[name] = str(error)
                yield StateUnkept(name, str(error))


@dataclass(slots=True)
class _Round:
    """The work of one round, by profile."""

    at: float
    today: date
    checks: dict[str, tuple[RouteCheck, ...]] = field(default_factory=dict)
    opened: dict[str, OpenGateway] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    """By the client that profiles share: a refused account is asked again in the next round only."""
    results: dict[str, RoundResults] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    @property
    def billed_perhaps(self) -> dict[str, tuple[RouteKey, ...]]:
        """The routes whose paid call was begun and has not ended."""
        return {name: tuple(sorted(each.billed_perhaps)) for name, each in self.results.items() if each.billed_perhaps}


def _is_stale(seen: ProfileRound, profile: Profile) -> bool:
    """Return whether a gateway is to be opened again: its token is not there or not taken, or its process ended."""
    if seen.problem is not None:
        return True
    causes = [cause for each in seen.sightings for cause in each.causes]
    is_refused = any(cause.category is Category.ACCOUNT_AUTH for cause in causes)
    return is_refused or (profile.is_embedded and any(cause.standing is Standing.DOWN for cause in causes))
