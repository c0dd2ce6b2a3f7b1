"""A console in a process of its own: `python run_console.py DIRECTORY BASE_URL TOKEN NAME`; it does what stdin says.

Each line on stdin is a deed and a run; it reads the run, says "ready", waits for the next line, and says in JSON how
the deed ended.
"""

import asyncio
import json
import sys
from pathlib import Path

from services.run_desks import Office

from console.domain.gate import GateVerdict
from console.domain.ledger_line import Actor, ActorKind
from console.services.ledger.ledger import LedgerError
from console.services.run.deciding import command, operator_verdict
from console.services.run.desk import RunDesk
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.session import stepping


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def decide(desk: RunDesk, log: RunLog, name: str) -> None:
    verdict = GateVerdict.BLOCK if int(name[-1]) % 2 else GateVerdict.READY
    await command(desk, log, operator_verdict(log.state, log.state.gate, verdict, f"as {name} sees it"))


async def step(desk: RunDesk, log: RunLog, _: str) -> None:
    async with stepping(desk, log) as stepper:
        async for _ in stepper.step():
            pass


async def serve(office: Office, name: str) -> None:
    async with office.desk(Actor(ActorKind.OPERATOR, name)) as desk:
        for line in iter(sys.stdin.readline, ""):
            deed, run_id = line.split()
            log = await RunLog.open(desk.ledger, run_id)
            say("ready")
            sys.stdin.readline()
            try:
                await {"decide": decide, "step": step}[deed](desk, log, name)
            except (LedgerError, RunRefusedError) as error:
                say({"name": name, "is_done": False, "error": type(error).__name__, "words": str(error)})
            else:
                say({"name": name, "is_done": True})


if __name__ == "__main__":
    directory, base_url, token, name = sys.argv[1:]
    asyncio.run(serve(Office(Path(directory), base_url, token), name))
