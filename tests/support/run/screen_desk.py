"""A desk for the run screen under Textual's pilot: a repository, a config, and a screen that was opened on them."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from support.app import hands
from support.config import config_table, route, write_config
from support.git.repositories import Repository

from console.app.app import ConsoleApp
from console.app.dialogs.new_run_dialog import NewRunDialog
from console.app.screens.run_screen import RunScreen
from console.app.session import StartEmbedded
from console.app.widgets.picker import Picker
from console.domain.run.state import Phase, RunState
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.run_view import RunView

_ROUTES = {
    "planner": ("gpt-route-placeholder", "responses"),
    "writer": ("gpt-route-placeholder", "responses"),
    "revision": ("gpt-route-placeholder", "responses"),
    "reviewer": ("gpt-review-route-placeholder", "responses"),
    "critic": ("claude-critic-route-placeholder", "anthropic_messages"),
    "fallback": ("chat-compatible-route-placeholder", "chat_completions"),
}


def repository(tmp_path: Path) -> Path:
    """Make a repository with an instruction file and a commit."""
    root = tmp_path / "repository"
    return Repository(root, {"AGENTS.md": b"# Rules\nKeep it short.\n", "README.md": b"# Demo\n"}).root


def config(tmp_path: Path, policy: str = "", agent: str = "", **models: str) -> Path:
    """Write a config on the embedded gateway, with other models for some roles, and a command that may write runs."""
    routes = {role: route(models.get(role, model), family) for role, (model, family) in _ROUTES.items()}
    table = config_table({"base_url": "sim:", "token_ref": ["sim:"]}, routes, profile="desk", policy=policy)
    table["profiles"]["desk"]["agent"] = {"command": agent}
    return write_config(tmp_path / "config.toml", table)


class Desk:
    """A screen at work, and the keys of who sits at it."""

    def __init__(self, app: ConsoleApp) -> None:
        self.app = app

    @property
    def view(self) -> RunView:
        return hands.state_of(self.app).run or RunView()

    @property
    def run(self) -> RunState:
        assert self.view.state is not None
        return self.view.state

    @property
    def screen(self) -> RunScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, RunScreen))

    async def press(self, *keys: str) -> None:
        await hands.press(self.app, *keys)

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Let the app work until something holds and is painted."""
        await hands.until(self.app, is_reached)

    async def until_screen(self, kind: type) -> None:
        await self.until(lambda: isinstance(self.app.screen, kind))

    def drawn(self, pane_id: str) -> str:
        """Return what a pane of the screen that is on top shows."""
        return hands.drawn(self.app.screen, pane_id)

    def drawn_size(self, pane_id: str) -> int:
        """Return how many lines a pane has on the screen; 0 where it is not shown."""
        return self.app.screen.query_one(f"#{pane_id}").size.height

    def said(self) -> list[str]:
        """Return all that was notified."""
        return hands.said(self.app)

    async def type(self, words: str) -> None:
        await hands.type_in(self.app, words)

    async def begin(self, repository: Path, task: str = "write a note", *, are_checks_confirmed: bool = False) -> None:
        """Begin a run by the form."""
        await self.press("n")
        await self.until_screen(NewRunDialog)
        form = self.app.screen
        assert isinstance(form, NewRunDialog)
        for picker in form.query("#prepared").results(Picker):  # the demo offers tasks; this one is our own
            picker.action_go(-picker.picked)
        form.query_one("#task").focus()
        await hands.settled(self.app)
        await self.type(task)
        form.query_one("#repository").value = str(repository)  # type: ignore[attr-defined]
        if are_checks_confirmed:
            form.query_one("#checks").value = True  # type: ignore[attr-defined]
        await self.press("tab", "enter")
        await self.until_screen(RunScreen)
        await self.until(lambda: self.view.state is not None)

    async def step(self) -> None:
        """Step to the next stop; the first paid call is confirmed."""
        before = self.run.head
        await self.press("enter")
        await self.until(lambda: not self.view.is_stepping and self._is_worked_off)
        if not isinstance(self.app.screen, RunScreen):
            await self.press("enter")
        await self.until(lambda: self.run.head != before and not self.view.is_stepping)

    @property
    def _is_worked_off(self) -> bool:
        """Whether no work on a run goes on: after a step, it still reads the run, and may ask before the call."""
        return all(each.is_finished for each in self.app.workers if each.group == "step")

    async def say(self, key: str, reason: str = "") -> None:
        """Decide with a reason."""
        before = self.run.head
        await self.press(key)
        await self.type(reason)
        await self.press("enter")
        await self.until(lambda: self.run.head != before and isinstance(self.app.screen, RunScreen))

    async def go_to(self, gate: str) -> None:
        """Step and say ready until a gate is due."""
        while self.run.gate != gate and not self.run.is_over:
            if self.run.phase is Phase.WAITING:
                await self.say("y")
            else:
                await self.step()


@contextlib.asynccontextmanager
async def sitting(
    config: Path | None = None,
    size: tuple[int, int] = (120, 40),
    *,
    is_read_only: bool = False,
    is_demo: bool = False,
    gateway: StartEmbedded = hands.at_once,
) -> AsyncIterator[Desk]:
    """Sit at a screen whose gateway is open and whose runs were read."""
    profile = load_profile(name="demo") if config is None else load_profile(config, why_no_programs=None)
    app = ConsoleApp(profile, is_read_only=is_read_only, is_demo=is_demo, start_embedded=gateway)
    async with app.run_test(size=size):
        desk = Desk(app)
        await desk.until(lambda: hands.state_of(app).token_state is TokenState.FOUND and desk.view.is_read)
        yield desk
