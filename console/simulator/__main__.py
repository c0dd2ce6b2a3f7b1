"""`python -m console.simulator`: the embedded gateway as a child process, until its stdin closes."""

import asyncio

from console.simulator.process import simulate

asyncio.run(simulate(until_stdin_closes=True))
