"""Two hosts as network namespaces, on a bridge with PostgreSQL, which they reach by TLS; root alone can make them."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.gateway.certificates import make_certificate
from support.postgres.server import Server
from support.team.ledger_soak import Event, Host, Soak, Soaked
from support.team.store import migrated

NET = "10.213.20"
NAME = "db.team.test"
HOSTS = ("a", "b")


async def soak(state: Path, server: Server, authority: Path, cut_s: float) -> Soaked:
    """Let both hosts work, and pull the cable of one."""
    url = await migrated(server)
    far = url.replace(f"127.0.0.1:{server.port}", f"{NAME}:{server.port}")
    far += f"?hostaddr={NET}.1&sslrootcert={authority}"
    soak = Soak(state, url, seed=1)

    async def pull() -> None:
        kept = soak.soaked.kept_by.copy()
        await _run("ip", "link", "set", "gc-a", "down")
        await asyncio.sleep(cut_s)
        await _run("ip", "link", "set", "gc-a", "up")
        meanwhile = {name: count - kept[name] for name, count in soak.soaked.kept_by.items()}
        soak.soaked.events.append(f"while the cable was out, each kept so many lines: {meanwhile}")
        soak.soaked.events.append(f"until then, each was refused so often: {dict(soak.soaked.refused_at)}")

    hosts = {
        f"{role}-{number}": Host(far, ("ip", "netns", "exec", f"gc-{name}"))
        for role in ("stepper", "operator")
        for number, name in enumerate(HOSTS)
    }
    soaked = await soak.run(
        runs=20,
        steppers=2,
        deciders=2,
        kill_each=1_000_000,
        call_s=1.5,
        hosts=hosts,
        events=(Event("cable pulled", lambda soaked: soaked.acknowledged >= 60, pull),),
    )
    if not soaked.refused_at["stepper-0"] + soaked.refused_at["operator-0"]:
        soaked.wrong.append("host a never said that the store cannot be reached")
    return soaked


def offer_tls(server: Server) -> Path:
    """Let a server offer TLS on the bridge, and return the file of its authority."""
    folder = server.directory.parent
    authority = make_certificate(folder, host=NAME).path
    owner = server.data.stat()
    for own, name in ((authority, "server.crt"), (folder / "key.pem", "server.key")):
        path = server.data / name
        path.write_bytes(own.read_bytes())
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)
    with (server.data / "postgresql.conf").open("a") as config:
        config.write(f"listen_addresses = '127.0.0.1,{NET}.1'\nssl = on\n")
    with (server.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"hostssl all all {NET}.0/24 scram-sha-256\n")
    server.stop()
    server.start()
    return authority


@contextlib.contextmanager
def cables() -> Iterator[None]:
    """Make both hosts, each with a cable to the bridge, and take them away again."""
    try:
        _ip("link", "add", "gc-bridge", "type", "bridge")
        _ip("addr", "add", f"{NET}.1/24", "dev", "gc-bridge")
        _ip("link", "set", "gc-bridge", "up")
        for number, name in enumerate(HOSTS, 2):
            _ip("netns", "add", f"gc-{name}")
            _ip("link", "add", f"gc-{name}", "type", "veth", "peer", "name", "eth0", "netns", f"gc-{name}")
            _ip("link", "set", f"gc-{name}", "master", "gc-bridge", "up")
            inside = ("netns", "exec", f"gc-{name}", "ip")
            _ip(*inside, "addr", "add", f"{NET}.{number}/24", "dev", "eth0")
            _ip(*inside, "link", "set", "eth0", "up")
            _ip(*inside, "link", "set", "lo", "up")
        yield
    finally:
        for name in HOSTS:
            subprocess.run(["ip", "netns", "del", f"gc-{name}"], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", "gc-bridge"], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
