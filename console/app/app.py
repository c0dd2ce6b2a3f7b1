"""ConsoleApp: themes, signals and crash hygiene around the screens."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.worker import WorkerFailed

from console.app import themes
from console.app.controller import Controller
from console.app.palette import ActionProvider
from console.app.screens.routes_screen import RoutesScreen
from console.app.session import StartEmbedded, embedded_in_a_process, today_in_utc
from console.app.terminal import drawing
from console.services.config.settings import Profile
from console.services.system.crash_report import crash_lines

if TYPE_CHECKING:
    from console.services.config.precedence import Request

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
"""The signals that leave the screen with 128 + n and restore the terminal."""

_FRAME_S = 1 / 15
_SLOW_LINK_FRAME_S = 1 / 8


class ConsoleApp(App[None]):
    """The screen's application. `return_code` is the process's exit code."""

    TITLE = "gateway-console"
    CSS_PATH = "console.tcss"
    COMMANDS = App.COMMANDS | {ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        profile: Profile,
        *,
        is_read_only: bool = False,
        environment: Mapping[str, str] = os.environ,
        start_embedded: StartEmbedded = embedded_in_a_process,
        today: Callable[[], date] = today_in_utc,
        is_demo: bool = False,
        request: "Request | None" = None,
        when_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the application.

        Args:
            profile: A checked profile.
            is_read_only: Nothing that costs or changes anything is allowed.
            environment: The environment variables, which say where runs are kept.
            start_embedded: Starts the embedded gateway, if the profile uses it.
            today: Returns the date in UTC.
            is_demo: Offer the demo's prepared tasks for a new run.
            request: What named the config; None means that only the profile's own file is known.
            when_open: Called whenever a gateway was opened and all that calls need is loaded.

        """
        wants_plain = "NO_COLOR" in os.environ
        # With None, Textual would map NO_COLOR to grey true-colour codes, which a terminal treats as colours.
        super().__init__(ansi_color=True if wants_plain else None)
        drawing.draw_frames(self)
        is_remote = "SSH_TTY" in os.environ or "SSH_CONNECTION" in os.environ
        self.controller = Controller(
            self,
            profile,
            is_read_only=is_read_only,
            frame_s=_SLOW_LINK_FRAME_S if is_remote else _FRAME_S,
            is_slow_link=is_remote,
            environment=environment,
            start_embedded=start_embedded,
            today=today,
            is_demo=is_demo,
            request=request,
            when_open=when_open,
        )
        # Textual starts with the theme in TEXTUAL_THEME before ours are known: without this, selecting the same
        # name again would be no change, and nothing would be drawn with it.
        self.set_reactive(App.theme, "textual-dark")
        for theme in themes.load_themes():
            self.register_theme(theme)
        has_few_colours = self.console.color_system in (None, "standard")
        self.theme = (
            themes.PLAIN if has_few_colours or wants_plain else themes.chosen(os.environ, self.available_themes)
        )
        if is_remote:
            self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our variables for themes that are not ours."""
        return themes.variables_of(self.current_theme)

    def on_resize(self, event: events.Resize) -> None:
        """Draw every cell again: a terminal that changed its size moves what it shows, even if it changed back."""
        drawing.redraw(self, event.size)

    def on_mount(self) -> None:
        """Handle the signals that would leave the terminal in a mess, and open the main screen."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._leave_on, number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self.push_screen(RoutesScreen(self.controller))

    def on_app_focus(self) -> None:
        """Look at the config when the operator comes back: it may have been edited in another window."""
        self.controller.config.look()

    async def on_unmount(self) -> None:
        """Wait for the workers to clean up: a connection, the embedded gateway's process."""
        await self.controller.session.wait_closed()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer the theme beside our own actions; Textual's screenshot would write the screen's contents to disk."""
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by the terminal, or tell why not: what it does not read must not pile up."""
        if drawing.is_behind(self):
            self.notify("not copied: the terminal reads nothing", severity="warning", markup=False)
            return
        super().copy_to_clipboard(text)

    def action_help_quit(self) -> None:
        """Tell a user who pressed ctrl+c how to quit."""
        self.notify("q quits; x stops the calls in progress", markup=False)

    def _leave_on(self, number: signal.Signals) -> None:
        self.exit(return_code=128 + number)

    def _fatal_error(self) -> None:
        """Report a bug without locals: Textual's own report prints them, whatever they hold."""
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):
            error = error.error
        self.panic(Text("\n".join(crash_lines(error) if error is not None else ["internal error"])))
