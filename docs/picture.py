"""Draw docs/screen.svg from the running app: `python docs/picture.py`."""

import asyncio
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


if __name__ == "__main__":
    Path(__file__).with_name("screen.svg").write_text(asyncio.run(drawn()), encoding="utf-8")
