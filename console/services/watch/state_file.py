"""A watch's state on this machine: what is known of a profile's routes, so that a restart tells nothing twice.

The file is private, is written whole or not at all, and has closed types only. One process at a time watches a profile:
it holds a lock, which is free again at the moment that it ends, however it ends.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from console.domain.errors.category import Category
from console.domain.money import Price, Spent
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey
from console.domain.watch.cause import Cause
from console.domain.watch.listing import Listing, ListingWatch, Retiring
from console.domain.watch.profile_watch import ProfileWatch
from console.domain.watch.route_watch import RouteWatch
from console.domain.watch.sighting import WatchedRoute
from console.domain.watch.steadiness import Steadiness
from console.services.config.settings import Profile
from console.services.system.os_reason import os_reason
from console.services.system.private_file import (
    PrivateFileError,
    open_to_append,
    open_to_read,
    read_open,
    shown,
    write_private,
)

FILE_LIMIT = 4 * 1024 * 1024
"""The most bytes of a state."""
_Text = Annotated[str, Meta(max_length=400)]
_Time = Annotated[float, Meta(ge=0, lt=253_402_300_800)]
"""Unix time in seconds, to the year 9999: what a calendar can show."""


class _Cause(Struct, frozen=True, omit_defaults=True):
    rung: Rung
    standing: Standing
    category: Category | None = None
    findings: list[_Text] = []
    is_transient: bool = False


class _Listing(Struct, frozen=True, omit_defaults=True):
    is_listed: bool
    price: tuple[float, float] | None = None
    families: list[EndpointFamily] | None = None
    is_enabled: bool = True


class _Route(Struct, frozen=True, omit_defaults=True):
    key: _Text
    model: _Text
    endpoint_family: EndpointFamily
    endpoint_path: _Text
    standing: Standing
    tried_to: Rung
    reached: Rung
    causes: list[_Cause] = []
    red_since: _Time | None = None
    red_rounds: int = 0
    pending: int = 0
    told: _Cause | None = None
    told_standing: Standing | None = None
    told_to: Rung = Rung.OFFLINE
    doubts: list[Rung] = []
    told_doubts: list[Rung] = []
    told_lately: list[_Text] = []
    steadiness: Steadiness = Steadiness()
    listing_seen: _Listing | None = None
    listing_told: _Listing | None = None
    listing_steadiness: Steadiness = Steadiness()
    retiring: Retiring = Retiring()


class _File(Struct, frozen=True, omit_defaults=True):
    version: Literal[1]
    routes: list[_Route]
    idle: list[_Route] = []
    at: _Time = 0.0
    problem: ProblemKind | None = None
    problem_words: Annotated[str, Meta(max_length=100_000)] = ""
    problem_rounds: int = 0
    problem_since: _Time | None = None
    is_problem_told: bool = False
    is_budget_told: bool = False
    spent: Spent = Spent()
    spent_on: _Text = ""


class StateFile:
    """The state of one profile's watch."""

    def __init__(self, directory: Path, profile: Profile) -> None:
        """Name the file; nothing is read or written. Profiles of one name in two config files have two states."""
        source = hashlib.sha256(bytes(Path(profile.source).absolute())).hexdigest()[:8]
        self._profile = profile.name
        self._path = directory / f"watch-{profile.name}-{source}.json"

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def load(self) -> ProfileWatch:
        """Return what an earlier watch knew; a blank one if there is none, or if the file is not our own.

        Raises:
            PrivateFileError: The file cannot be read, or others could have written it.

        """
        file = open_to_read(self._path)
        if file is None or (data := read_open(file, self._path, FILE_LIMIT)) is None:
            return ProfileWatch(self._profile)
        try:
            return _watch(self._profile, msgspec.json.decode(data, type=_File))
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return ProfileWatch(self._profile)

    def keep(self, watch: ProfileWatch) -> None:
        """Keep what is known for the next start. Raises `PrivateFileError` if it cannot be written."""
        write_private(self._path, msgspec.json.encode(_file(watch)))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one process that watches the profile while the block runs.

        Raises:
            PrivateFileError: The lock cannot be opened.
            Problem: Another process watches it.

        """
        path = self._path.with_suffix(".lock")
        lock = open_to_append(path)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, 20, 0).decode("ascii", "replace")
                who = f"process {holder}" if holder.isdigit() else "another process"
                raise Problem(
                    f"profile {self._profile} is already watched by {who}, and two watches would tell everything"
                    " twice. End that one, or watch another --profile",
                    ProblemKind.WAITING,
                ) from None
            except OSError as error:
                raise PrivateFileError(f"{shown(path)} cannot be locked: {os_reason(error)}") from None
            os.ftruncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            yield
        finally:
            os.close(lock)


def _file(watch: ProfileWatch) -> _File:
    return _File(
        1,
        [_route(each) for each in watch.routes.values()],
        [_route(each) for each in watch.idle.values()],
        watch.at,
        watch.problem,
        watch.problem_words,
        watch.problem_rounds,
        watch.problem_since,
        watch.is_problem_told,
        watch.is_budget_told,
        watch.spent,
        watch.spent_on,
    )


def _route(known: RouteWatch) -> _Route:
    route = known.route
    return _Route(
        key=str(route.key),
        model=route.model,
        endpoint_family=route.endpoint_family,
        endpoint_path=route.endpoint_path,
        standing=known.standing,
        tried_to=known.tried_to,
        reached=known.reached,
        causes=[_cause(each) for each in known.causes],
        red_since=known.red_since,
        red_rounds=known.red_rounds,
        pending=known.pending,
        told=None if known.told is None else _cause(known.told),
        told_standing=known.told_standing,
        told_to=known.told_to,
        doubts=list(known.doubts),
        told_doubts=list(known.told_doubts),
        told_lately=list(known.told_lately),
        steadiness=known.steadiness,
        listing_seen=_listing(known.listing.seen),
        listing_told=_listing(known.listing.told),
        listing_steadiness=known.listing.steadiness,
        retiring=known.retiring,
    )


def _cause(cause: Cause) -> _Cause:
    return _Cause(cause.rung, cause.standing, cause.category, list(cause.findings), cause.is_transient)


def _listing(listing: Listing | None) -> _Listing | None:
    if listing is None:
        return None
    price = None if listing.price is None else (listing.price.input_usd, listing.price.output_usd)
    return _Listing(
        listing.is_listed, price, None if listing.families is None else list(listing.families), listing.is_enabled
    )


def _watch(profile: str, file: _File) -> ProfileWatch:
    """Return what a file says. Raises `ValueError` if a key is not a route's, or spending is negative."""
    if file.spent.tokens < 0 or file.spent.microusd < 0:
        raise ValueError
    routes, idle = (
        MappingProxyType({RouteKey(each.key): _known(each) for each in of}) for of in (file.routes, file.idle)
    )
    return ProfileWatch(
        profile,
        routes,
        idle,
        file.problem,
        file.problem_words,
        file.problem_rounds,
        file.problem_since,
        file.is_problem_told,
        file.is_budget_told,
        file.spent,
        file.spent_on,
        file.at,
    )


def _known(route: _Route) -> RouteWatch:
    return RouteWatch(
        WatchedRoute(RouteKey(route.key), route.model, route.endpoint_family, route.endpoint_path),
        tuple(_cause_of(each) for each in route.causes),
        route.standing,
        route.tried_to,
        route.reached,
        route.red_since,
        route.red_rounds,
        route.pending,
        None if route.told is None else _cause_of(route.told),
        route.told_standing,
        route.told_to,
        tuple(route.doubts),
        tuple(route.told_doubts),
        tuple(route.told_lately),
        route.steadiness,
        ListingWatch(_listing_of(route.listing_seen), _listing_of(route.listing_told), route.listing_steadiness),
        route.retiring,
    )


def _cause_of(cause: _Cause) -> Cause:
    return Cause(cause.rung, cause.standing, cause.category, tuple(cause.findings), cause.is_transient)


def _listing_of(listing: _Listing | None) -> Listing | None:
    if listing is None:
        return None
    families = None if listing.families is None else tuple(listing.families)
    price = None if listing.price is None else Price(*listing.price)
    return Listing(listing.is_listed, price, families, listing.is_enabled)
