"""The controller: the session and the runs behind all screens, the workers that do their work, and the repaints."""

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.app import App
from textual.worker import Worker

from console.app.config_control import ConfigControl
from console.app.escalating import Escalating, ShownBundle
from console.app.fleet.bridge import FleetBridge
from console.app.history.bridge import HistoryBridge
from console.app.records.bridge import RecordBridge
from console.app.relaying import Relaying
from console.app.runs.bridge import RunBridge
from console.app.runs.form import RunForm
from console.app.session import Session, StartEmbedded, embedded_in_a_process, today_in_utc
from console.app.workers.bridge import WorkersBridge
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck
from console.domain.routes.shape import Shape
from console.services.config.settings import Profile
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.services.config.precedence import Request

Work = Callable[[], Coroutine[None, None, None]]
"""A worker's work: called when the worker starts, so that one cancelled before that leaves nothing behind."""

_SMOKE_GROUP = "smoke"
_GATEWAY_GROUP = "gateway"
_RUNS_GROUP = "runs"
_STEP_GROUP = "step"
_RELAY_GROUP = "relay"
_BUNDLE_GROUP = "bundle"
_VERIFY_GROUP = "verify"


@runtime_checkable
class Drawn(Protocol):
    """A screen that draws the state."""

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""


class Controller:
    """The work behind the screens, in named workers of the app: it continues when a screen is left."""

    def __init__(
        self,
        app: App[None],
        profile: Profile,
        *,
        is_read_only: bool,
        frame_s: float,
        is_slow_link: bool = False,
        environment: Mapping[str, str] = os.environ,
        start_embedded: StartEmbedded = embedded_in_a_process,
        today: Callable[[], date] = today_in_utc,
        is_demo: bool = False,
        request: "Request | None" = None,
        when_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is opened or sent.

        Args:
            app: Runs the workers, and holds the screens to draw.
            profile: A checked profile.
            is_read_only: Nothing that costs or changes anything is allowed.
            frame_s: The shortest time between two repaints, in seconds.
            is_slow_link: Draw little while calls stream.
            environment: The environment variables, which say where runs are kept.
            start_embedded: Starts the embedded gateway, if the profile uses it.
            today: Returns the date in UTC.
            is_demo: Offer the demo's prepared tasks.
            request: What named the config; None means that only the profile's own file is known.
            when_open: Called whenever a gateway was opened.

        """
        self._app = app
        self._frame_s = frame_s
        self.is_slow_link = is_slow_link
        """Whether panes draw little while calls stream."""
        self._is_repaint_due = True
        self._form = RunForm(repository=_working_directory())
        self.session = Session(
            profile,
            self._schedule_repaint,
            is_read_only=is_read_only,
            start_embedded=start_embedded,
            today=today,
            environment=environment,
            tell=self._tell,
            when_open=when_open,
        )
        self._environment = environment
        self._is_demo = is_demo
        self.bridge = RunBridge(self.session, environment)
        self.records = RecordBridge(self.session, self.bridge, environment)
        self.history = HistoryBridge(self.session, environment)
        self.fleet = FleetBridge(self.session, request, environment)
        self.workers = WorkersBridge(self.session, self.bridge.runs, environment)
        self.relaying = Relaying(self.session)
        self.escalating = Escalating(self.session, self.bridge, environment)
        self.config = ConfigControl(app, self.session, environment, request, adopt=self._adopt)

    @property
    def state(self) -> ConsoleState:
        """The current state."""
        return self.session.state

    # --- Drawing ---------------------------------------------------------------------------------------------------

    @property
    def is_up_to_date(self) -> bool:
        """Whether the screens have the current state."""
        return not self._is_repaint_due

    def repaint(self) -> None:
        """Give all screens the current state."""
        self._is_repaint_due = False
        for screen in self._app.screen_stack:
            if isinstance(screen, Drawn):
                screen.show(self.state)

    def _schedule_repaint(self) -> None:
        """Repaint soon: everything that arrives until then is drawn at once."""
        if not self._is_repaint_due:
            self._is_repaint_due = True
            self._app.set_timer(self._frame_s, self.repaint)

    def _tell(self, words: str) -> None:
        self._app.notify(words, severity="warning", markup=False)

    # --- The gateway -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the gateway and read the runs of this machine."""
        self._open_gateway()
        self._read_runs()
        self.config.open()

    def reopen(self) -> None:
        """Open the gateway again, read a changed config, and read the runs again if they could not be read."""
        self.config.look()
        self._cancel(_GATEWAY_GROUP)
        self._open_gateway()
        if self.state.run is not None and self.state.run.failure:
            self._cancel(_RUNS_GROUP)
            self._read_runs()

    def smoke(self, checks: Sequence[RouteCheck]) -> None:
        """Smoke routes side by side."""
        self.session.queue(checks)
        self._begin(partial(self.session.smoke, checks, Shape.TEXT), f"smoke {_roles(checks)}", _SMOKE_GROUP)

    def climb(self, checks: Sequence[RouteCheck], top: Rung) -> None:
        """Climb the probe ladder for routes."""
        self._begin(partial(self.session.climb, checks, top), f"check {_roles(checks)}", _SMOKE_GROUP)

    def stop_calls(self) -> None:
        """Stop all smoke tests and checks in progress; their outcome stays unknown."""
        self._cancel(_SMOKE_GROUP)
        self.session.settle()

    # --- The config ------------------------------------------------------------------------------------------------

    def switch_profile(self, name: str) -> None:
        """Take another profile of the config, by its name, and open its gateway; or say why not."""
        self.config.switch_profile(name)

    def _adopt(self, profile: Profile, *, is_other: bool) -> None:
        """Take a profile while nothing is in progress, and open what it needs."""
        is_same_gateway = self.session.adopt(profile, is_other=is_other)
        if is_other:
            self.relaying.forget()
        if not is_same_gateway:
            self._cancel(_GATEWAY_GROUP)
            self._open_gateway()
        self._cancel(_RUNS_GROUP)
        self._read_runs()

    # --- The relay -------------------------------------------------------------------------------------------------

    def open_agents(self) -> None:
        """Open the relay if none is open, and ask which agent to let in."""
        from console.app.dialogs.agent_dialog import AgentDialog
        from console.domain.relay.agent_settings import agent_settings

        if not self.state.relay.is_open and not self.state.relay.is_opening:
            self.relaying.claim()
            self._begin(self.relaying.keep_open, "relay", _RELAY_GROUP)
        relaying = self.relaying
        agents, settings = agent_settings(), relaying.setting_lines
        self._app.push_screen(AgentDialog(self.state, agents, relaying.desk, settings, newest=relaying.newest))

    def end_relay(self) -> None:
        """End the relay, with all calls in flight."""
        self._cancel(_RELAY_GROUP)
        self.relaying.disclaim()

    # --- Escalation ------------------------------------------------------------------------------------------------

    def escalate_route(self, cursor: int) -> None:
        """Show what support would get of a route, and ask where to write it."""
        size = self._app.size
        making = partial(self.escalating.of_route, cursor, (size.width, size.height))
        self._begin(partial(self._escalate, making), "bundle", _BUNDLE_GROUP)

    def escalate_agent(self, client: str) -> None:
        """Show what support would get of an agent's newest failed call, and ask where to write it."""
        size = self._app.size
        making = partial(self.escalating.of_agent, client, (size.width, size.height))
        self._begin(partial(self._escalate, making), "bundle", _BUNDLE_GROUP)

    def escalate_run(self) -> None:
        """Show what support would get of the run in view, and ask where to write it."""
        size = self._app.size
        making = partial(self.escalating.of_run, (size.width, size.height))
        self._begin(partial(self._escalate, making), "bundle", _BUNDLE_GROUP)

    async def _escalate(self, making: Callable[[], Coroutine[None, None, ShownBundle | str]]) -> None:
        from console.app.dialogs.asks import bundle_ask
        from console.app.dialogs.dialogs import Dialog
        from console.app.dialogs.run_dialogs import PreviewDialog
        from console.app.panes.bundle_pane import BundlePane

        shown = await making()
        if isinstance(shown, str):
            self._app.notify(shown, severity="warning", markup=False)
            return
        pane = BundlePane(self.state, shown.lines)
        pane.border_title = "bundle · what support gets"
        if self.state.is_read_only:
            self._app.push_screen(Dialog(pane, "bundle · read-only: not written", self.state, 0))
            return
        ask = bundle_ask(shown.name, partial(self.escalating.write, shown))

        def answered(is_written: bool | None) -> None:
            if is_written:
                self._app.notify("the bundle was written; nothing was sent", markup=False)

        self._app.push_screen(PreviewDialog(self.state, ask, pane), answered)

    # --- Records ---------------------------------------------------------------------------------------------------

    def verify_records(self, run_id: str | None) -> None:
        """Verify a run; without one, all."""
        self.records.claim_verify()
        self._begin(partial(self.records.verify, run_id), "verify", _VERIFY_GROUP)

    def stop_verifying(self) -> None:
        """End the verification in progress."""
        self.records.stop()
        self._cancel(_VERIFY_GROUP)

    # --- Profiles --------------------------------------------------------------------------------------------------

    def open_setup(self) -> None:
        """Set a new profile up, in the config of the profile in use."""
        from console.app.dialogs.setup_dialog import SetupDialog
        from console.app.setup.wizard import converse

        profile, environment = self.session.profile, self._environment

        async def hold(dialog: SetupDialog) -> str | None:
            return await converse(self._app, dialog, profile, environment)

        def ended(name: str | None) -> None:
            if name is not None:
                self._app.call_later(self.switch_profile, name)

        self._app.push_screen(SetupDialog(self.state, hold), ended)

    # --- Runs ------------------------------------------------------------------------------------------------------

    def look_at_run(self, run_id: str) -> None:
        """Put a run in view."""
        self._begin(partial(self.bridge.runs.look_at, run_id), "look at a run", _RUNS_GROUP)

    def begin_run_work(self, work: Work, name: str) -> None:
        """Do some work on a run."""
        self._begin(work, name, _STEP_GROUP)

    def cut_run_work(self) -> None:
        """Stop the step in progress, and record what becomes of its call."""
        self._cancel(_STEP_GROUP)
        self._begin(self.bridge.steps.settle, "settle the run", _RUNS_GROUP)

    def open_new_run(self, show_run: Callable[[], None]) -> None:
        """Ask what a new run is about; earlier input is still there.

        Args:
            show_run: Called once the run has begun, to show it.

        """
        from console.app.dialogs.new_run_dialog import NewRunDialog
        from console.app.runs.new_run import writers

        async def begin(form: RunForm) -> str:
            refused = await self.bridge.begin(form)
            if not refused:
                self._app.call_later(show_run)
            return refused

        def keep(form: RunForm | None) -> None:
            self._form = form or self._form

        profile = self.session.profile
        form, fill = self._form, None
        if self._is_demo:
            from console.app.runs.new_run import filled, offered

            fill = partial(filled, environment=self._environment)
            if not form.prepared and not form.task:
                form = fill(form, offered().tasks[0])
        written_by = writers(profile, self._environment)
        dialog = NewRunDialog(self.state, form, begin, checks=profile.policy.checks, writers=written_by, fill=fill)
        self._app.push_screen(dialog, keep)

    # --- Workers ---------------------------------------------------------------------------------------------------

    def _open_gateway(self) -> None:
        self._begin(self.session.keep_open, "gateway", _GATEWAY_GROUP)

    def _read_runs(self) -> None:
        self._begin(self.bridge.runs.keep_open, "runs", _RUNS_GROUP)

    def _begin(self, work: Work, name: str, group: str) -> Worker[None]:
        return self._app.run_worker(work, name=name, group=group)

    def _cancel(self, group: str) -> None:
        self._app.workers.cancel_group(self._app, group)


def _working_directory() -> str:
    """Return the working directory; empty where it was deleted."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _roles(checks: Sequence[RouteCheck]) -> str:
    return ", ".join(check.route.key for check in checks)
