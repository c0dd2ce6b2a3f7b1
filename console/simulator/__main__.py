"""`python -m console.simulator [PACE]`: the embedded gateway as a child process, until its stdin closes."""

import asyncio
import sys

from console.simulator.process import simulate

asyncio.run(simulate(until_stdin_closes=True, pace=float((sys.argv[1:] or ["1"])[0])))
