"""The config behind the screen: it is watched and read again, another profile of it is taken, a route's fix is written.

A file's change is seen by what the system says of it, every two seconds, off the event loop, and at once when the
terminal gets the focus or the gateway is opened again. Nothing is applied while anything is in progress.
"""

import asyncio
import stat
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.app.session import Session
from console.domain.problem import Problem
from console.domain.routes.contract import RouteCheck
from console.domain.text.safe import safe
from console.services.config.settings import ConfigLayer, Profile
from console.services.config.toml_text import ConfigError, Fault
from console.services.system.thread import ClosedError, OverdueError, Worker
from console.view.config_view import ConfigFaulty, ConfigSettled, ConfigWaiting, ProfileRow, ProfilesListed

if TYPE_CHECKING:
    from console.services.config.editing import ConfigEdit
    from console.services.config.precedence import Request

_SERVICES = ("console.services.config.precedence", "console.services.config.editing")
"""Loaded after the first paint, off the UI thread."""
_LOOK_S = 2.0
_SPECIAL = "special"
"""Stands for what the system says of a file that is not a regular one: it may not be read twice, or wait forever."""
_DEADLINE_S = 10.0
"""How long a disk may take to answer."""

_Value = TypeVar("_Value")
Stamp = tuple[object, ...]
"""What the system says of a config's files: another stamp means that they have to be read again."""


class Adopt(Protocol):
    """Takes a profile into use; it is called only while nothing is in progress."""

    def __call__(self, profile: Profile, *, is_other: bool) -> None:
        """Take it."""


class Configuring:
    """The config of one session. Its coroutines run as the app's named workers."""

    def __init__(
        self,
        session: Session,
        environment: Mapping[str, str],
        request: "Request | None",
        *,
        why_not_now: Callable[[], str],
        adopt: Adopt,
        say: Callable[[str], None],
    ) -> None:
        """Start without having looked.

        Args:
            session: The session whose profile it is.
            environment: The environment variables.
            request: What named the config; None means that only the profile's own file is known.
            why_not_now: Returns what is in progress, so that no profile can be taken; empty if nothing is.
            adopt: Takes a profile.
            say: Tells the operator something.

        """
        self._session = session
        self._environment = environment
        self._request = request
        self._why_not_now = why_not_now
        self._adopt = adopt
        self._say = say
        self._stamp: Stamp | None = None
        """What the system said of the files when they were last read; None if they are to be read."""
        self._pending: Profile | None = None
        """A changed profile that waits until nothing is in progress."""
        self._looking = asyncio.Lock()
        self._disk = Worker("config", _DEADLINE_S)

    @property
    def _path(self) -> Path | None:
        return None if self._session.profile.is_built_in else Path(self._session.profile.source)

    async def keep_watching(self) -> None:
        """Look at the config's files until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self, *, is_told: bool = True) -> None:
        """Read the config again if it changed, and apply it as soon as nothing is in progress.

        Args:
            is_told: Whether to say what changed, which who just wrote it knows.

        """
        await self._session.load(_SERVICES)
        async with self._looking:
            path = self._path
            try:
                stamp = await self._disk.run(partial(_stamp, path, self._environment))
                if stamp != self._stamp:
                    before, self._stamp, self._pending = self._stamp, stamp, None
                    if path is None or (before is None and (str(path), _SPECIAL) in stamp):
                        pass  # a pipe was read at the start, and cannot be read again
                    elif (str(path), _SPECIAL) in stamp:
                        self._session.dispatch(ConfigFaulty(("it became something other than a regular file",)))
                    else:
                        await self._read(path)
                    await self._list()
            except (ClosedError, OverdueError):
                self._stamp = None
                self._session.dispatch(ConfigFaulty(("the disk does not answer",)))
                return
            if self._pending is not None:
                self._apply(self._pending, is_told=is_told)

    async def _read(self, path: Path) -> None:
        from console.services.config.precedence import load_at

        now = self._session.profile
        try:
            profile = await self._disk.run(partial(load_at, path, now.name, self._environment, facts=now.facts))
        except ConfigError as error:
            gone = f"{safe(str(path))} is gone; put it back, or quit"
            is_gone = (str(path), None) in (self._stamp or ())
            self._session.dispatch(ConfigFaulty((gone,) if is_gone else tuple(map(_words, error.faults))))
            return
        profile = replace(profile, layer=now.layer)
        if profile == now:
            self._session.dispatch(ConfigSettled())
        else:
            self._pending = profile

    def _apply(self, profile: Profile, *, is_told: bool) -> None:
        now = self._session.profile
        changed = changes(now, profile)
        if reason := self._why_not_now():
            if reason != self._session.state.config.waits_for:
                self._session.dispatch(ConfigWaiting(reason))
            return
        self._pending = None
        self._adopt(profile, is_other=False)
        if changed and is_told:
            self._say(f"the config was read again: {', '.join(changed)} changed")

    # --- Profiles ----------------------------------------------------------------------------------------------------

    async def _list(self) -> "dict[str, tuple[ConfigLayer, Path | None]]":
        from console.services.config.precedence import switchable

        found = await self._disk.run(partial(switchable, self._request, self._session.profile))
        rows = tuple(
            ProfileRow(name, f"{layer.value}: {safe(str(path))}" if path is not None else layer.value)
            for name, (layer, path) in found.items()
        )
        if rows != self._session.state.config.profiles:
            self._session.dispatch(ProfilesListed(rows))
        return found

    async def switch(self, name: str) -> str:
        """Take another profile. Return why not; nothing if it was taken."""
        from console.services.config.precedence import load_at

        await self._session.load(_SERVICES)
        async with self._looking:
            try:
                found = await self._list()
                if name not in found:
                    return f'profile "{safe(name, limit=40)}" is gone from the config'
                layer, path = found[name]
                facts = self._session.profile.facts
                stamp = await self._disk.run(partial(_stamp, path, self._environment))
                profile = await self._disk.run(partial(load_at, path, name, self._environment, facts=facts))
            except ConfigError as error:
                return _first(error)
            except (ClosedError, OverdueError):
                return "the disk does not answer"
            if reason := self._why_not_now():
                return f"profile {name} was not taken: {reason}"
            self._stamp, self._pending = stamp, None
            self._adopt(replace(profile, layer=layer), is_other=True)
        return ""

    # --- Fixes -------------------------------------------------------------------------------------------------------

    async def plan_fix(self, check: RouteCheck) -> "ConfigEdit | str":
        """Return the change of the config that fixes a route, or why there is none."""
        await self._session.load(_SERVICES)
        from console.services.config.editing import plan_fix

        return await self._tried(partial(plan_fix, self._path, self._session.profile.name, check))

    async def plan_undo(self) -> "ConfigEdit | str":
        """Return the change that undoes the newest one, or why there is none."""
        await self._session.load(_SERVICES)
        from console.services.config.editing import plan_undo

        return await self._tried(partial(plan_undo, self._path or Path(), self._environment))

    async def write(self, edit: "ConfigEdit", *, is_undo: bool) -> str:
        """Write a change, and read the config again. Return why not; nothing if it was written."""
        from console.services.config.editing import write_edit, write_undo

        write = write_undo if is_undo else write_edit
        done = await self._tried(partial(write, edit, self._environment))
        if isinstance(done, str):
            return done
        await self.look(is_told=False)
        return ""

    async def _tried(self, work: Callable[[], _Value]) -> "_Value | str":
        """Return what some work with the disk returns, or why it failed."""
        try:
            return await self._disk.run(work)
        except ConfigError as error:
            return _first(error)
        except Problem as error:
            return str(error)
        except (ClosedError, OverdueError):
            return "the disk does not answer"


def _stamp(path: Path | None, environment: Mapping[str, str]) -> Stamp:
    """Return what the system says of a config and of the operator's own one, which may lend it a gateway."""
    from console.services.config.load import user_config_path

    found: list[object] = []
    for each in {path, user_config_path(environment)}:
        if each is None:
            continue
        try:
            status = each.stat()
        except (OSError, ValueError):
            found.append((str(each), None))
            continue
        if not stat.S_ISREG(status.st_mode):
            found.append((str(each), _SPECIAL))
            continue
        found.append((
            str(each), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
            status.st_mode, status.st_uid,
        ))  # fmt: skip
    return tuple(sorted(found, key=str))


def changes(before: Profile, after: Profile) -> list[str]:
    """Return what differs between two readings of a profile, as text; empty if it is only where its lines are."""
    old = {route.key: replace(route, config_line=None) for route in before.table}
    new = {route.key: replace(route, config_line=None) for route in after.table}
    keys = [key for key in (*new, *(each for each in old if each not in new)) if old.get(key) != new.get(key)]
    found = [f"route {key}" for key in keys]
    names = [field.name for field in fields(Profile) if field.name not in ("table", "layer", "source")]
    return found + [name.replace("_", " ") for name in names if getattr(before, name) != getattr(after, name)]


def _first(error: ConfigError) -> str:
    """Return the first fault, and how many more there are."""
    first, *more = error.faults
    return f"{first}, and {len(more)} more; see: gateway-console config validate" if more else str(first)


def _words(fault: Fault) -> str:
    """Return a fault without the file, which the pane names once."""
    where = "" if fault.line is None else f"line {fault.line}: "
    return f"{where}{fault.key + ': ' if fault.key else ''}{fault.problem}"
