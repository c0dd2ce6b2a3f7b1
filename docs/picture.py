"""Draw docs/screen.svg from the running app: `python docs/picture.py`."""

import asyncio
import re
from pathlib import Path

from console.app import themes
from console.app.app import ConsoleApp
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile

SIZE = (120, 34)


async def drawn() -> str:
    """Smoke the sample's faulty profile on the embedded gateway and return what the screen shows."""
    app = ConsoleApp(load_profile(name="faults"))
    async with app.run_test(size=SIZE) as pilot:
        app.theme = themes.DEFAULT
        while app.controller.state.token_state is not TokenState.FOUND:
            await pilot.pause(0.05)
        await pilot.press("j", "j", "j", "S")
        while app.controller.state.is_live or app.controller.state.loop_lag_p99_ms is None:
            await pilot.pause(0.05)
        await pilot.pause(0.2)
        return app.export_screenshot(title="gateway-console")


def settled(svg: str) -> str:
    """Return a picture without what differs from run to run: the port, the picture's own name, single milliseconds.

    Measured figures are rounded down, so that two quiet runs give the same picture.
    """
    svg = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:40000", svg)
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    return re.sub(r"(>(?:&#160;)*)(\d{2,3})(\.\d)?(&#160;ms|&#160;tok/s)?(</text>)", _rounded, svg)


def _rounded(found: re.Match[str]) -> str:
    step = 25 if found[3] else 10
    return f"{found[1]}{int(found[2]) // step * step}{found[4] or ''}{found[5]}"


if __name__ == "__main__":
    Path(__file__).with_name("screen.svg").write_text(settled(asyncio.run(drawn())), encoding="utf-8")
