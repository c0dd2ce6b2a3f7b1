"""Consoles, each in a process of its own: `python run_console.py DIRECTORY BASE_URL TOKEN SOCKET…` forks one a socket.

Each line that a console is told is a deed and a run; it reads the run, says "ready", waits for the next line, and says
in JSON how the deed ended. It ends when nothing more can be told. No lease ends meanwhile: no time passes for it.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import TextIO

from support.ledger.ledgers import BOOT_MS
from support.run.desks import Office

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.run.command import operator_verdict
from console.domain.run.gate import GateVerdict
from console.services.ledger.ledger import LedgerError
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.session import stepping


async def decide(desk: RunContext, log: RunLog, name: str) -> None:
    verdict = GateVerdict.BLOCK if int(name[-1]) % 2 else GateVerdict.READY
    await command(desk, log, operator_verdict(log.state, log.state.gate, verdict, f"as {name} sees it"))


async def step(desk: RunContext, log: RunLog, _: str) -> None:
    async with stepping(desk, log) as stepper:
        async for _ in stepper.step():
            pass


async def serve(office: Office, name: str, told: TextIO) -> None:
    def say(value: object) -> None:
        told.write(json.dumps(value) + "\n")
        told.flush()

    async with office.desk(Actor(ActorKind.OPERATOR, name)) as desk:
        for line in iter(told.readline, ""):
            deed, run_id = line.split()
            log = await RunLog.open(desk.ledger, run_id)
            say("ready")
            told.readline()
            try:
                await {"decide": decide, "step": step}[deed](desk, log, name)
            except (LedgerError, RunRefusedError) as error:
                say({"name": name, "is_done": False, "error": type(error).__name__, "words": str(error)})
            else:
                say({"name": name, "is_done": True})


def main(directory: str, base_url: str, token: str, *sockets: str) -> None:
    office = Office(Path(directory), base_url, token, boot_ms=lambda: BOOT_MS)
    for number, descriptor in enumerate(sockets):
        if os.fork() == 0:
            with socket.socket(fileno=int(descriptor)).makefile("rw") as told:
                asyncio.run(serve(office, f"operator-{number}", told))
            return
    for _ in sockets:
        os.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
