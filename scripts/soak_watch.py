"""Watch a gateway that fails in every way for some minutes: `python scripts/soak_watch.py [SECONDS] [BUDGET_TOKENS]`.

It prints what the soak of tests/services/watch/test_soak.py asserts over fewer rounds, with a webhook that hangs too,
and waits in real time. `wrong` has to be empty, and the measures flat: resident memory in kB, threads and descriptors.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.watch.soak import soak
from support.watch.webhooks import MOODS


def main() -> None:
    """Soak, and print what it showed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    budget = int(sys.argv[2]) if len(sys.argv) > 2 else 300_000
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as directory:
        soaked = asyncio.run(
            soak(
                Path(directory) / "state",
                lambda _: time.monotonic() >= end,
                budget_tokens=budget,
                moods=(*MOODS, "hangs"),
            )
        )
    for field in fields(soaked):
        shown = getattr(soaked, field.name)
        if field.name == "measures" and len(shown) > 5:
            shown = [shown[len(shown) * part // 4] for part in range(4)] + shown[-1:]
        sys.stdout.write(f"{field.name}: {shown}\n")


if __name__ == "__main__":
    main()
