"""The console draws by itself only where it is known to work; everywhere else Textual does."""

import pytest
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from console.app.terminal import drawing
from console.app.terminal.driver import FrameDriver


def test_a_tested_textual_gets_our_driver() -> None:
    app: App[None] = App()
    drawing.draw_frames(app)
    assert app.driver_class is FrameDriver


def test_another_version_of_textual_draws_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "TESTED", "7.*")
    app: App[None] = App()
    drawing.draw_frames(app)
    assert app.driver_class is LinuxDriver
    assert "_display" not in vars(app)


def test_a_textual_without_one_of_the_names_draws_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(App, "_display")
    app: App[None] = App()
    drawing.draw_frames(app)
    assert app.driver_class is LinuxDriver


def test_another_driver_is_left_alone() -> None:
    app: App[None] = App(driver_class=HeadlessDriver)
    drawing.draw_frames(app)
    assert app.driver_class is HeadlessDriver
    assert "_display" not in vars(app)
