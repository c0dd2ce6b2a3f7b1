"""The controls of the config: another profile, the fix of a route and its undoing, each asked for by a dialog."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import ModalScreen
from textual.worker import Worker

from console.app.configuring import Adopt, Configuring
from console.app.disabled_reason import why_no_profile_change
from console.app.session import Session
from console.domain.routes.contract import RouteCheck

if TYPE_CHECKING:
    from console.services.config.editing import ConfigEdit
    from console.services.config.precedence import Request

_GROUP = "config"


class ConfigControl:
    """What the screens do with the config. Its work runs in named workers of the app."""

    def __init__(
        self,
        app: App[None],
        session: Session,
        environment: Mapping[str, str],
        request: "Request | None",
        *,
        adopt: Adopt,
    ) -> None:
        """Prepare; nothing is read.

        Args:
            app: Runs the workers, and shows the dialogs.
            session: The session whose profile it is.
            environment: The environment variables.
            request: What named the config; None means that only the profile's own file is known.
            adopt: Takes a profile into use.

        """
        self._app = app
        self._session = session
        self._configuring = Configuring(
            session, environment, request, why_not_now=self._why_not_now, adopt=adopt, say=self._say
        )

    def open(self) -> None:
        """Watch the config's files, and warn of a repository's."""
        self._begin(self._configuring.keep_watching, "watch the config")
        self._warn_of_repository()

    def _warn_of_repository(self) -> None:
        if self._session.profile.is_of_repository:
            self._warn("this repository's config is in use, which is not trusted: check where calls go before you send")

    def look(self) -> None:
        """Read the config again if it changed."""
        self._begin(self._configuring.look, "look at the config")

    def switch_profile(self, name: str) -> None:
        """Take another profile of the config, by its name, and open its gateway; or say why not."""

        async def switch() -> None:
            self._end(await self._configuring.switch(name), f"profile {name} is in use")
            self._warn_of_repository()

        self._begin(switch, "switch the profile")

    def pick_profile(self) -> None:
        """Ask which profile to take."""
        from console.app.dialogs.config_dialogs import ProfileDialog

        def picked(name: str | None) -> None:
            if name is not None and name != self._session.state.profile:
                self._app.call_later(self.switch_profile, name)

        self._app.push_screen(ProfileDialog(self._session.state), picked)

    def apply_fix(self, check: RouteCheck) -> None:
        """Show which config lines a route's fix changes, and write them if the operator confirms."""
        self._begin(partial(self._change, partial(self._configuring.plan_fix, check)), "fix a route")

    def undo_fix(self) -> None:
        """Show what undoes the newest change of the config, and write it if the operator confirms."""
        self._begin(partial(self._change, self._configuring.plan_undo, is_undo=True), "undo a fix")

    async def _change(
        self, planning: "Callable[[], Coroutine[None, None, ConfigEdit | str]]", *, is_undo: bool = False
    ) -> None:
        from console.app.dialogs.config_dialogs import EditDialog

        edit = await planning()
        if isinstance(edit, str):
            self._warn(edit)
            return

        async def write() -> None:
            done = "the config is as it was before" if is_undo else f"wrote {edit.what}; U undoes it"
            self._end(await self._configuring.write(edit, is_undo=is_undo), done)

        def answered(is_wanted: bool | None) -> None:
            if is_wanted:
                self._app.call_later(self._begin, write, "write the config")

        dialog = EditDialog(self._session.state, edit.what, str(edit.path), edit.diff, is_undo=is_undo)
        self._app.push_screen(dialog, answered)

    def _why_not_now(self) -> str:
        if (reason := why_no_profile_change(self._session.state, 0)) is not None:
            return reason
        return "a dialog is open; close it" if isinstance(self._app.screen, ModalScreen) else ""

    def _begin(self, work: Callable[[], Coroutine[None, None, None]], name: str) -> Worker[None]:
        return self._app.run_worker(work, name=name, group=_GROUP)

    def _end(self, refused: str, done: str) -> None:
        """Say that something was done, or why not."""
        if refused:
            self._warn(refused)
        else:
            self._say(done)

    def _say(self, words: str) -> None:
        if self._session.profile.is_of_repository:
            self._warn(f"{words} (this repository's config)")
        else:
            self._app.notify(words, markup=False)

    def _warn(self, words: str) -> None:
        self._app.notify(words, severity="warning", markup=False)
