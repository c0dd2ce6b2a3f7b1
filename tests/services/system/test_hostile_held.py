"""A hostile program that is held: it tries the ways past what holds it, and leaves processes that run away."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from support.referees.not_tested import not_tested
from support.system.held import require
from support.waiting import HANG_S

from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard
from console.services.system.confinement import Confinement, confined, find_isolation
from console.services.system.handover import handover
from console.services.system.process import ChildReport, run_bounded

PYTHON = str(Path(sys.executable).resolve())
SEARCH = {"PATH": os.environ["PATH"]}
HELD = [FileGuard.BUBBLEWRAP, FileGuard.LANDLOCK]


async def run(script: str, may: Confinement, *arguments: str) -> ChildReport:
    (work,) = may.writable
    (work / "script.py").write_text(script)
    return await run_bounded(
        confined((PYTHON, str(work / "script.py"), *arguments), may, SEARCH),
        environment={"HOME": str(work)},
        directory=work,
        timeout_s=HANG_S,
        limit_bytes=1_000_000,
        is_stderr_kept=True,
        is_marked=True,
        is_supervisor=True,
    )


async def said_by(script: str, may: Confinement, *arguments: str) -> dict[str, str]:
    report = await run(script, may, *arguments)
    assert report.is_success, report.tail.decode()
    return dict(json.loads(report.tail))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


DOORS = """
import ctypes, json, os, socket, sys
tcp, udp, named, terminal = sys.argv[1:]
said = {}
def tries(name, action):
    try:
        said[name] = str(action())
    except OSError as error:
        said[name] = "refused"
def connects(family, protocol, address):
    with socket.socket(family, socket.SOCK_STREAM, protocol) as client:
        client.settimeout(5)
        client.connect(address)
        return "connected"
def sends(kind, flags, port):
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(5)
        client.sendto(b"x", flags, ("127.0.0.1", int(port)))
        return "sent"
def asks_the_kernel_for_keys():
    numbers = {"x86_64": 250, "aarch64": 219}
    found = ctypes.CDLL(None, use_errno=True).syscall(numbers[os.uname().machine], 0, -3, 0)
    return "refused" if found < 0 else "told"
def opens(path):
    os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    return "opened"
tries("tcp", lambda: connects(socket.AF_INET, 0, ("127.0.0.1", int(tcp))))
tries("mptcp", lambda: connects(socket.AF_INET, 262, ("127.0.0.1", int(tcp))))
tries("fast open", lambda: sends(socket.SOCK_STREAM, socket.MSG_FASTOPEN, tcp))
tries("abstract socket", lambda: connects(socket.AF_UNIX, 0, "\\0" + os.path.basename(named)))
tries("named socket", lambda: connects(socket.AF_UNIX, 0, named))
tries("virtual machine", lambda: socket.socket(40, socket.SOCK_STREAM) and "opened")
tries("keys", asks_the_kernel_for_keys)
tries("terminal", lambda: opens(terminal))
tries("memory", lambda: opens("/dev/shm"))
tries("datagram", lambda: sends(socket.SOCK_DGRAM, 0, udp))
print(json.dumps(said))
"""


@pytest.mark.parametrize("files", HELD)
async def test_no_other_way_leads_out(work: Path, tmp_path: Path, files: FileGuard) -> None:
    """Forms of TCP that Landlock does not see, sockets of this machine's programs, its keys and its terminals."""
    isolation, named = require(files), tmp_path / "socket"
    if isolation.network is NetworkGuard.NONE:
        not_tested("what leads past Landlock's rules on the network", "this kernel has none")
    master, slave = os.openpty()
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as door,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        door.bind(str(named))
        abstract.bind("\0" + named.name)
        for each in (door, abstract):
            each.listen()
        ports = (str(each.getsockname()[1]) for each in (tcp, udp))
        may = Confinement((work,), port=1, isolation=isolation)
        said = await said_by(DOORS, may, *ports, str(named), os.ttyname(slave))
        with pytest.raises(BlockingIOError):
            udp.recv(1)
    os.close(master)
    os.close(slave)
    assert {name for name, what in said.items() if what != "refused"} == set()


async def test_a_socket_that_no_hidden_directory_holds_is_covered(work: Path) -> None:
    """A read-only file system stops no call: whoever may open the socket of a daemon can use it."""
    place = Path(sys.prefix) / f"hostile-{os.getpid()}"  # beside the interpreter, which the program has to see
    connects = (
        "import json, socket, sys\n"
        "try:\n"
        "    socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "    print(json.dumps({'socket': 'connected'}))\n"
        "except OSError:\n"
        "    print(json.dumps({'socket': 'refused'}))\n"
    )
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place))
        try:
            door.listen()
            may = Confinement((work,), (place.parent,), isolation=require(FileGuard.BUBBLEWRAP))
            assert await said_by(connects, may, str(place)) == {"socket": "refused"}
        finally:
            place.unlink()


async def test_where_it_has_a_network_of_its_own_only_we_answer_there(work: Path) -> None:
    """Not even another host of this machine at the relay's port, which a rule on ports alone would allow."""
    own = Isolation(FileGuard.BUBBLEWRAP, NetworkGuard.NAMESPACE)
    if await find_isolation(SEARCH) != own:
        not_tested("a network of its own", "bubblewrap cannot give a program one here")
    script = (
        "import json, socket, sys\n"
        "said = {}\n"
        "for host in ('127.0.0.1', '127.0.0.2'):\n"
        "    try:\n"
        "        with socket.create_connection((host, int(sys.argv[1])), 10) as client:\n"
        "            said[host] = client.recv(9).decode()\n"
        "    except OSError:\n"
        "        said[host] = 'refused'\n"
        "print(json.dumps(said))\n"
    )
    servers: list[asyncio.Server] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"the relay")
        await writer.drain()
        writer.close()

    async def listen_on(opened: socket.socket) -> None:
        servers.append(await asyncio.start_server(answer, sock=opened))

    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        (work / "script.py").write_text(script)
        async with handover(listen_on) as channel:
            may = Confinement((work,), port=port, isolation=own)
            report = await run_bounded(
                confined((PYTHON, str(work / "script.py"), str(port)), may, SEARCH, channel),
                environment={},
                timeout_s=HANG_S,
                limit_bytes=1_000_000,
                is_stderr_kept=True,
                is_supervisor=True,
                passed=(channel,),
            )
    for server in servers:
        server.close()
    assert json.loads(report.tail) == {"127.0.0.1": "the relay", "127.0.0.2": "refused"}


@pytest.mark.parametrize("files", HELD)
async def test_a_hidden_file_is_not_read_and_its_neighbours_are(work: Path, tmp_path: Path, files: FileGuard) -> None:
    """A token in a file may be anywhere, also beside what the program needs."""
    token, beside = tmp_path / "shown" / "token", tmp_path / "shown" / "beside"
    token.parent.mkdir()
    for each in (token, beside):
        each.write_text("its text")
    script = (
        "import json, sys\n"
        "def read(path):\n"
        "    try:\n"
        "        return open(path).read()\n"
        "    except OSError:\n"
        "        return ''\n"
        "print(json.dumps(dict(zip(('token', 'beside'), map(read, sys.argv[1:])))))\n"
    )
    may = Confinement((work,), (beside,), (token,), isolation=require(files))
    assert await said_by(script, may, str(token), str(beside)) == {"token": "", "beside": "its text"}


CHAIN = """
import os, sys
def start(deep):
    if os.fork() == 0:
        os.setsid()
        pipe = os.open(sys.argv[1], os.O_WRONLY)
        for each in (0, 1, 2):
            os.dup2(pipe, each)
        os.set_inheritable(pipe, True)
        if deep:
            start(deep - 1)
        os.write(pipe, b".")
        os.execve(sys.executable, ["daemon", "-I", "-S", "-c", sys.argv[2]], {})
start(3)
with open(sys.argv[1] + ".go"):
    pass
"""
STAYS = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
MOVES = "import os\nwhile True:\n    if os.fork():\n        os._exit(0)"


@pytest.mark.parametrize("files", [*HELD, FileGuard.NONE])
@pytest.mark.parametrize("does", [STAYS, MOVES], ids=["each holds the next", "each begins the next and goes"])
async def test_a_family_without_marks_ends_with_its_program(work: Path, files: FileGuard, does: str) -> None:
    """Each in a session of its own and without our mark: the program itself ends first, and leaves them to us."""
    pipe = work / "pipe"
    for each in (pipe, Path(f"{pipe}.go")):
        os.mkfifo(each)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    loop, come = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(reading, come.set)
    running = asyncio.create_task(run(CHAIN, Confinement((work,), isolation=require(files)), str(pipe), does))
    begun = b""
    while len(begun) < 4:
        await come.wait()
        come.clear()
        with contextlib.suppress(BlockingIOError):
            begun += os.read(reading, 4)
    loop.remove_reader(reading)
    (await asyncio.to_thread(open, f"{pipe}.go", "w")).close()
    report = await running
    left = os.read(reading, 1)
    os.close(reading)
    assert (report.exit_code, left) == (0, b"")


async def test_what_is_held_can_be_interrupted_as_everywhere(work: Path) -> None:
    """An agent interrupts the commands that it runs; a shell keeps what was ignored before it began."""
    said = "import json, signal; print(json.dumps({s.name: str(signal.getsignal(s)) for s in (signal.SIGHUP,)}))"
    assert await said_by(said, Confinement((work,))) == {"SIGHUP": str(signal.SIG_DFL)}
