"""Confinement: what this machine can hold a program with, and the command line that holds it.

A confined program writes to directories of its own, sees neither the operator's home nor other programs' sockets, and
connects to one port. How much of that holds depends on the machine: bubblewrap, or the kernel's Landlock, or nothing.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard
from console.services.system import confined_child
from console.services.system.confined_child import landlock_version
from console.services.system.process import own_processes, run_bounded

_NETWORK_VERSION = 4
"""The first Landlock that can restrict TCP; the first of all can restrict files."""
_FILE_BYTES = 2_000_000_000
_MEMORY_BYTES = 8 * 1024**3
_MORE_PROCESSES = 1_024
_TRY_S = 10.0
_PRIVATE = ("/home", "/root", "/run", "/tmp", "/var/tmp", "/mnt", "/media")  # noqa: S108  # hidden, not used
_DEVICES = Path("/dev")
"""Landlock allows the harmless ones one by one; a namespace has its own."""
_SOCKETS = Path("/proc/net/unix")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a confined program may do."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    """What it may read in the hidden directories, such as where it is installed. A directory around a hidden one is
    left out."""
    hidden: tuple[Path, ...] = ()
    """What it may not see, beside the directories where a system keeps its users' files and its temporary ones: the
    operator's home, for one, or a file with a token."""
    port: int | None = None
    """The one port that it may connect to; None for none, where the network is held at all."""
    cpu_s: int = 3600
    isolation: Isolation = field(default=Isolation(FileGuard.NONE, NetworkGuard.NONE))
    """What has to hold it; see `find_isolation`."""


async def find_isolation(environment: Mapping[str, str]) -> Isolation:
    """Return the most that this machine can hold a program with: tried with a program, not guessed."""
    version = landlock_version()
    network = NetworkGuard.LANDLOCK if version >= _NETWORK_VERSION else NetworkGuard.NONE
    tried = []
    if _wrapper(environment) is not None:
        tried += [Isolation(FileGuard.BUBBLEWRAP, each) for each in (NetworkGuard.NAMESPACE, network)]
    if version:
        tried.append(Isolation(FileGuard.LANDLOCK, network))
    for isolation in tried:
        if await _works(isolation, environment):
            return isolation
    return Isolation(FileGuard.NONE, NetworkGuard.NONE)


def confined(
    program: Sequence[str], confinement: Confinement, environment: Mapping[str, str], channel: int | None = None
) -> tuple[str, ...]:
    """Return the command line that runs a program confined. All that it starts ends with it, and with this process.

    It ends with `NOT_HELD`, and the program does not start, if what has to hold it does not.

    Args:
        program: The program, by its absolute path, and its arguments.
        confinement: What it may do.
        environment: The source of PATH, where bubblewrap is.
        channel: A socket that the command inherits. Where the program has a network of its own, a listening socket at
            the port in that network comes over it; see `handover`.

    """
    files, network = confinement.isolation.files, confinement.isolation.network
    hidden, own = _hidden(confinement), (*_own_files(), *_readable(confinement))
    readable = (*_visible((*hidden, _DEVICES)), *map(str, own))
    limits = {
        "readable": readable if files is FileGuard.LANDLOCK else None,
        "writable": [str(each) for each in confinement.writable],
        "port": confinement.port,
        "channel": channel if network is NetworkGuard.NAMESPACE else None,
        "has_network": network is not NetworkGuard.LANDLOCK,
        "file_bytes": _FILE_BYTES,
        "cpu_s": confinement.cpu_s,
        "memory_bytes": _MEMORY_BYTES,
        "processes": own_processes() + _MORE_PROCESSES,
        "is_held": files is not FileGuard.NONE,
    }
    held = (*_PYTHON, "hold", json.dumps(limits), *program)
    if files is FileGuard.BUBBLEWRAP:
        wrapper = _wrapper(environment) or "bwrap"
        alone = ("--unshare-net",) if network is NetworkGuard.NAMESPACE else ()
        held = (wrapper, *_NAMESPACES, *alone, *_mounts(confinement, hidden, own), "--", *held)
    return (*_PYTHON, "supervise", str(os.getpid()), *held)


_CHILD = Path(confined_child.__file__).resolve()
_PYTHON = (str(Path(sys.executable).resolve()), "-I", "-S", str(_CHILD))
_NAMESPACES = ("--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")


def _wrapper(environment: Mapping[str, str]) -> str | None:
    return shutil.which("bwrap", path=environment.get("PATH", os.defpath)) if sys.platform == "linux" else None


async def _works(isolation: Isolation, environment: Mapping[str, str]) -> bool:
    """Return whether a program that does nothing can be held."""
    nothing = (_PYTHON[0], "-I", "-S", "-c", "")
    try:
        argv = confined(nothing, Confinement((), isolation=isolation), environment)
        report = await run_bounded(argv, environment={}, timeout_s=_TRY_S, limit_bytes=4096, is_supervisor=True)
    except OSError:
        return False
    return report.is_success


def _own_files() -> tuple[Path, ...]:
    """Return what the first step of the program needs, before the program itself runs: this Python, and its script."""
    return (Path(sys.base_prefix).resolve(), Path(sys.executable).resolve().parent, _CHILD)


def _all_hidden(confinement: Confinement) -> set[Path]:
    """Return the hidden directories and files that exist."""
    wanted = (*map(Path, _PRIVATE), Path(tempfile.gettempdir()), *confinement.hidden)
    return {each.resolve() for each in wanted if each.exists()} - {Path("/")}


def _hidden(confinement: Confinement) -> tuple[Path, ...]:
    """Return what is hidden, the outermost of each tree."""
    wanted = _all_hidden(confinement)
    return tuple(sorted(each for each in wanted if not any(other in each.parents for other in wanted)))


def _readable(confinement: Confinement) -> tuple[Path, ...]:
    """Return what may be read in the hidden directories: none of them as a whole, nor what is around them."""
    hidden = _all_hidden(confinement)
    around = {*hidden, *(parent for each in hidden for parent in each.parents)}
    return tuple(each for each in confinement.readable if each.resolve() not in around)


def _visible(hidden: Sequence[Path], below: Path = Path("/")) -> Iterator[str]:
    """Yield the entries of the file system that hold nothing hidden, the outermost of each tree."""
    try:
        entries = sorted(below.iterdir())
    except PermissionError:
        return  # what this user cannot list, the program does not get either
    for entry in entries:
        if entry in hidden or entry.is_symlink():
            continue  # a link is followed to where it leads, and that has its own rule
        if any(entry in each.parents for each in hidden):
            yield from _visible(hidden, entry)
        else:
            yield str(entry)


def _doors(hidden: Sequence[Path], own: Sequence[Path]) -> Iterator[Path]:
    """Yield the sockets in sight at which programs of this machine listen: a read-only mount does not close them."""
    try:
        listed = _SOCKETS.read_bytes().splitlines()
    except OSError:
        return
    named = {Path(os.fsdecode(b"/" + name)) for line in listed if (name := line.partition(b" /")[2])}
    for each in sorted(named):
        with contextlib.suppress(OSError):
            where = each.resolve()
            is_hidden = any(one in where.parents for one in hidden) and not any(one in where.parents for one in own)
            if where.is_socket() and not is_hidden:
                yield where


def _mounts(confinement: Confinement, hidden: Sequence[Path], own: Sequence[Path]) -> Iterator[str]:
    """Yield bubblewrap's arguments: all is read-only, what is hidden is empty, and the program's own is as it is."""
    yield from ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    for each in hidden:
        yield from ("--tmpfs", str(each)) if each.is_dir() else ("--ro-bind", os.devnull, str(each))
    for each in own:
        yield from ("--ro-bind-try", str(each), str(each))
    for each in _doors(hidden, own):
        yield from ("--ro-bind", os.devnull, str(each))
    for each in confinement.writable:
        yield from ("--bind", str(each), str(each))
