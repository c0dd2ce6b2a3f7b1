"""Starts one program that is held: run by its path, in a Python of its own, before anything of the console is loaded.

    python -I -S confined_child.py supervise PARENT PROGRAM…    starts PROGRAM, and ends all that it started
    python -I -S confined_child.py hold LIMITS PROGRAM…         gives up rights, then becomes PROGRAM

`confinement.py` builds both command lines. Only the standard library is here, because no code may run between fork and
exec in a process with threads, and because the console's own modules may be out of the program's sight.

Sources: landlock(7), prctl(2), seccomp(2), https://docs.kernel.org/userspace-api/landlock.html, read on 2026-12-02.
"""

import contextlib
import ctypes
import dataclasses
import errno
import json
import os
import resource
import signal
import socket
import struct
import sys
from pathlib import Path

NOT_HELD = 125
"""The exit code of a program that was not started, because it could not be held."""
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
_CAPABILITIES = 64
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH, _RULE_PORT = 1, 2
_ASK_VERSION = 1
_LOOPBACK, _BACKLOG = "127.0.0.1", 128
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a directory
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write, read, truncate, device control
_CONNECT_TCP = 1 << 1
_ABSTRACT_SOCKETS_AND_SIGNALS = 1 << 0 | 1 << 1
_DEVICES = ("null", "zero", "full", "random", "urandom")
"""No terminal is among them: a program could type into the operator's, which is in the same directory."""
_OUR_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGXFSZ)
"""What this process handles or ignores. The program gets them as they are by default, so that it can be interrupted."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return result


def landlock_version() -> int:
    """Return the version of the kernel's Landlock; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    try:
        return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    except OSError:
        return 0


# --- Hold: rights are dropped, then the program runs --------------------------------------------------------------


def _all_rights(version: int) -> int:
    highest = 12 + min(version - 1, 2) + (1 if version >= 5 else 0)
    return (1 << (highest + 1)) - 1


def _restrict(*, readable: list[str] | None, writable: list[str], port: int | None, has_network: bool) -> None:
    """Give up rights for good.

    Args:
        readable: What may be read and executed; None leaves files alone.
        writable: What may also be written.
        port: The one TCP port to connect to; None for none.
        has_network: Whether the network is left alone.

    """
    version = landlock_version()
    rights = 0 if readable is None else _all_rights(version)
    network = 0 if has_network else _CONNECT_TCP
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", rights, network, scopes)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for paths, allowed in ((readable or [], _READ), (writable if readable is not None else [], rights)):
        for path in paths:
            _allow(ruleset, path, allowed & rights)
    if readable is not None:
        for name in _DEVICES:
            _allow(ruleset, f"/dev/{name}", rights)
    if port is not None and network:
        rule = struct.pack("=QQ", _CONNECT_TCP, port)
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PORT), rule, ctypes.c_uint32(0))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it is not there, so nothing has to be allowed
    try:
        if not Path(path).is_dir():
            allowed &= _OF_FILES
        rule = struct.pack("=Qi", allowed, descriptor)
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def _drop_capabilities() -> None:
    """Give up what root may do: it would read other programs' memory in spite of Landlock."""
    if sys.platform != "linux":
        return
    for capability in range(_CAPABILITIES):
        with contextlib.suppress(OSError):  # this kernel has no such capability, or this user may not drop it
            _prctl(_PR_CAPBSET_DROP, capability)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _limit(file_bytes: int, cpu_s: int, memory_bytes: int, processes: int) -> None:
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_CPU, cpu_s)]
    if sys.platform == "linux":  # elsewhere, memory that is only reserved counts, and so do other users' processes
        limits += [(resource.RLIMIT_DATA, memory_bytes), (resource.RLIMIT_NPROC, processes)]
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (least, least))


def _hand_over(channel: int, port: int) -> None:
    """Open a port in this network, which is the program's own, and hand it to the console, which answers there."""
    with socket.socket(fileno=channel) as console, socket.socket() as listening:
        listening.bind((_LOOPBACK, port))
        listening.listen(_BACKLOG)
        socket.send_fds(console, [b"0"], [listening.fileno()])


def _hold(limits: str, program: list[str]) -> int:
    asked = json.loads(limits)
    try:
        if sys.platform == "linux":
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # it ends with whoever supervises it
        _limit(asked["file_bytes"], asked["cpu_s"], asked["memory_bytes"], asked["processes"])
        if asked["channel"] is not None:
            _hand_over(asked["channel"], asked["port"])
        if asked["readable"] is not None or not asked["has_network"]:
            _restrict(
                readable=asked["readable"],
                writable=asked["writable"],
                port=asked["port"],
                has_network=asked["has_network"],
            )
        if asked["is_held"]:
            _drop_capabilities()
            _close_doors(has_unix_sockets=asked["readable"] is None, has_network=asked["has_network"])
    except (OSError, ValueError):
        return NOT_HELD
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execv(program[0], program)  # noqa: S606  # no shell is wanted
    except OSError:
        return NOT_HELD


# --- Doors: system calls past what holds a program -------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Machine:
    """The numbers of system calls on one kind of processor."""

    audited_as: int
    socket: int
    ioctl: int
    sends: tuple[tuple[int, int], ...]
    """Calls that send, each with the place of its flags."""
    keys: tuple[int, ...]
    highest: int
    """The first number that is not a call of this machine's own."""


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 41, 16, ((44, 3), (46, 2), (307, 3)), (248, 249, 250), 0x40000000),
    "aarch64": _Machine(0xC00000B7, 198, 29, ((206, 3), (211, 2), (269, 3)), (217, 218, 219), 0x40000000),
}
_IO_URING_SETUP = 425
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_MSG_FASTOPEN = 0x20000000
_TCP, _STREAM, _SOCKET_TYPE = 6, 1, 0xF
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_PR_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _END = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


def _close_doors(*, has_unix_sockets: bool, has_network: bool) -> None:
    """Refuse the system calls that lead past what holds the program; on other processors they are left.

    Those are the operator's key rings, typing into a terminal, sockets that no rule covers, such as a virtual
    machine's, and io_uring, which makes calls that no filter sees. Where Landlock alone holds the files, also the
    sockets of this machine's programs; where it holds the network, also all but plain TCP, whose other forms it does
    not see.
    """
    machine = _MACHINES.get(os.uname().machine) if sys.platform == "linux" else None
    if machine is None:
        return
    refused, unknown = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    families = [_INET, _INET6, _NETLINK, *([_UNIX] if has_unix_sockets else [])]
    program = [
        *(_load(4), _unless(_EQUAL, machine.audited_as, _ends(unknown))),
        *(_load(0), _when(_AT_LEAST, machine.highest, _ends(unknown)), _when(_EQUAL, _IO_URING_SETUP, _ends(unknown))),
        *(_when(_EQUAL, each, _ends(refused)) for each in machine.keys),
        _when(
            _EQUAL,
            machine.ioctl,
            _argument(1)
            + _when(_EQUAL, _TIOCSTI, _ends(refused))
            + _when(_EQUAL, _TIOCLINUX, _ends(refused))
            + _ends(_ALLOW),
        ),
    ]
    ours = b"".join(_when(_EQUAL, each, _ends(_ALLOW)) for each in (families if has_network else families[2:]))
    stream = _argument(1) + _op(_AND, _SOCKET_TYPE) + _unless(_EQUAL, _STREAM, _ends(refused))
    plain = stream + _argument(2) + _when(_EQUAL, 0, _ends(_ALLOW)) + _when(_EQUAL, _TCP, _ends(_ALLOW))
    tcp = b"" if has_network else b"".join(_when(_EQUAL, each, plain + _ends(refused)) for each in families[:2])
    program.append(_when(_EQUAL, machine.socket, _argument(0) + ours + tcp + _ends(refused)))
    if not has_network:
        program += [
            _when(_EQUAL, call, _argument(place) + _when(_ANY_BIT, _MSG_FASTOPEN, _ends(refused)) + _ends(_ALLOW))
            for call, place in machine.sends
        ]
    code = b"".join(program) + _ends(_ALLOW)
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if _libc().prctl(_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(described), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Return one instruction of the filter, as in linux/filter.h."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _load(offset: int) -> bytes:
    return _op(_LOAD, offset)


def _argument(place: int) -> bytes:
    """Load the low half of a call's argument; both machines keep it first."""
    return _load(16 + 8 * place)


def _ends(answer: int) -> bytes:
    return _op(_END, answer)


def _when(test: int, value: int, block: bytes) -> bytes:
    """Run a block if a test of what was loaded holds; it must end with an answer, or go on with what it loads."""
    return _op(test, value, 0, len(block) // 8) + block


def _unless(test: int, value: int, block: bytes) -> bytes:
    return _op(test, value, len(block) // 8, 0) + block


# --- Supervise: all that it started ends with it, and with the console -----------------------------------------------


class _ToldToEndError(Exception):
    """The console is gone, or says that the program has to end."""


def _tell(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: a second one would interrupt the end
    raise _ToldToEndError


def _children(own: int) -> list[int]:
    """Return the processes whose parent this is: also those whose own parent has left them."""
    with contextlib.suppress(OSError):
        named = Path(f"/proc/{own}/task/{own}/children").read_bytes().split()
        if named:  # it may leave some out while others end, so that an empty one proves nothing
            return [int(each) for each in named]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1]) == own:
                found.append(int(entry.name))
    return found


def _end_all(child: int | None) -> None:
    """Kill the child and all that it left; the children of what is killed become ours, and are killed next."""
    own = os.getpid()
    wanted = [] if child is None else [child]
    while True:
        for process in (*wanted, *_children(own)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        wanted = []
        try:
            ended, _ = os.waitpid(-1, 0)
            while ended:
                ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return


def _supervise(parent: int, program: list[str]) -> int:
    signal.signal(signal.SIGTERM, _tell)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code, running = 128 + signal.SIGTERM, None
    try:
        if sys.platform == "linux":
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
            _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return NOT_HELD
        child = running = os.posix_spawn(program[0], program, os.environ, setsigdef=_OUR_SIGNALS)
        while True:
            ended, status = os.waitpid(-1, 0)
            if ended == child:
                code, running = os.waitstatus_to_exitcode(status), None
                break
    except _ToldToEndError:
        pass
    except OSError:
        code = NOT_HELD
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_all(running)
    return code if code >= 0 else 128 - code


def _main(arguments: list[str]) -> int:
    match arguments:
        case ["hold", limits, *program] if program:
            return _hold(limits, program)
        case ["supervise", parent, *program] if program:
            return _supervise(int(parent), program)
        case _:
            return NOT_HELD


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
