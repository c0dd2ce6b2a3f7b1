"""When the bytes of one call's answer arrived: by the kernel's own stamp where it gives one.

A busy event loop reads late, so a time that the process takes at its read says more about the process than about the
gateway. Linux stamps each segment as it comes in (`SO_TIMESTAMPNS`, socket(7)) and tells a reader the stamp of the
last segment of what it read. TLS reads its ciphertext from the same socket, so its bytes have the same stamps.
Segments that wait for a late reader are joined, with the last stamp (`tcp_try_coalesce` in net/ipv4/tcp_input.c):
the stamp is right while the reader is not later than the gap between two pieces, and never earlier than the truth.

The stamp is a reading of the wall clock, but a call's times are by a monotonic one. So each read takes from the wall
clock how old the stamp is, and from the monotonic clock when now is. A wall clock that was set since the read before
would falsify the age; the two clocks then no longer differ as they did, and the process's own time is used.
"""

import contextlib
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.domain.probes.smoke import StampedBy

if TYPE_CHECKING:
    from aiohttp import AddrInfoType, StreamReader
    from typing_extensions import Buffer

Clock = Callable[[], float]
"""A monotonic clock in seconds."""

Stamp = tuple[float, StampedBy]
"""When bytes arrived, by the call's clock in seconds, and whose time that is."""

MACHINE_CLOCK: Clock = time.perf_counter
"""The only clock on which the kernel's stamps can be placed. On Linux, `time.monotonic` reads the same one."""

_SO_TIMESTAMPNS = 35
"""Linux's number of the option and of its control message (asm-generic/socket.h); Python does not name it."""
_KERNEL_STAMPS = sys.platform == "linux" and struct.calcsize("l") == 8
_TIMESPEC = struct.Struct("=qq")
_CONTROL_SIZE = socket.CMSG_SPACE(_TIMESPEC.size)
_SET_NS = 1_000_000
"""How much the wall clock may run ahead of the monotonic one, or fall behind it, between two reads, in nanoseconds:
more than any slewing (500 ppm at most, adjtimex(2)) within a second, and far less than a clock that is set."""
_SLEWED = 0.001
"""The same for a longer time between two reads, as a part of it."""
_READINGS = 3
"""How often both clocks are read until nothing has paused the process in between."""
_AT_ONCE_S = 0.0001
"""The longest that reading both takes without a pause, in seconds."""


class Arrivals:
    """The arrivals of one call's answer. The socket notes its reads, and the reader of the body asks for them."""

    __slots__ = (
        "_clock",
        "_content",
        "_current",
        "_head",
        "_marks",
        "_offset_ns",
        "_read_ns",
        "_sealed",
        "_wall_ns",
        "wants_kernel",
    )

    def __init__(self, clock: Clock, wall_ns: Callable[[], int] = time.time_ns) -> None:
        """Start with nothing read. The kernel's stamps are wanted if the call goes by the machine's own clock.

        Args:
            clock: The clock of the call's times.
            wall_ns: The wall clock, in nanoseconds; the kernel stamps by it.

        """
        self.wants_kernel = _KERNEL_STAMPS and clock is MACHINE_CLOCK
        self._clock = clock
        self._wall_ns = wall_ns
        self._content: StreamReader | None = None
        self._current: Stamp | None = None
        self._head: Stamp | None = None
        self._marks: deque[tuple[int, Stamp]] = deque()
        self._sealed = 0
        self._read_ns = time.perf_counter_ns()
        self._offset_ns = wall_ns() - self._read_ns

    @property
    def last(self) -> Stamp:
        """The stamp of what was read last; now, if the socket noted no read."""
        return self._current or (self._clock(), StampedBy.PROCESS)

    def follow(self, content: "StreamReader") -> None:
        """Know the body from here on. Call it with the head: so far one read has brought the head and the body."""
        self._content = content
        self._head = self._current

    @property
    def head(self) -> Stamp:
        """The stamp of the answer's head; now, if the socket noted no read."""
        return self._head or (self._clock(), StampedBy.PROCESS)

    def seal(self) -> None:
        """Give what has been read so far its stamp, before the next read."""
        content = self._content
        if content is not None and content.total_bytes > self._sealed:
            self._sealed = content.total_bytes
            self._marks.append((self._sealed, self.last))

    def note(self, control: list[tuple[int, int, bytes]]) -> None:
        """Note a read that has just been made, with its control messages."""
        wall_ns, now = self._now()
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                self._current = self._placed(seconds * 1_000_000_000 + nanoseconds, wall_ns, now)
                return
        self._current = (now, StampedBy.PROCESS)

    def stamps(self, start: int, size: int) -> list[tuple[int, Stamp]]:
        """Split a piece of the body by its arrivals.

        Args:
            start: How much of the body is before the piece, in bytes.
            size: The piece's size, in bytes.

        Returns:
            Where each part ends, from the beginning of the piece, with the part's stamp.

        """
        if not self._marks:
            return [(size, self.last)]
        parts: list[tuple[int, Stamp]] = []
        while self._marks:
            end, stamp = self._marks[0]
            if end > start:
                parts.append((min(end - start, size), stamp))
            if end > start + size:
                return parts
            self._marks.popleft()
            if end == start + size:
                return parts
        return [*parts, (size, self.last)]

    def _now(self) -> tuple[int, float]:
        """Read both clocks, the wall clock first: a pause in between makes a time later, never too early."""
        for _ in range(_READINGS):
            before = self._clock()
            wall_ns, now = self._wall_ns(), self._clock()
            if now - before < _AT_ONCE_S:
                break
        return wall_ns, now

    def _placed(self, stamp_ns: int, wall_ns: int, now: float) -> Stamp:
        """Place a stamp of the wall clock on the call's clock."""
        monotonic_ns = int(now * 1e9)
        offset_ns, since_ns = wall_ns - monotonic_ns, monotonic_ns - self._read_ns
        was_set = abs(offset_ns - self._offset_ns) > max(_SET_NS, since_ns * _SLEWED)
        self._offset_ns, self._read_ns = offset_ns, monotonic_ns
        age_ns = wall_ns - stamp_ns
        if was_set or age_ns < 0:
            return now, StampedBy.PROCESS
        at = (monotonic_ns - age_ns) / 1e9  # `now`, but read together with the wall clock
        if self._current is not None and at < self._current[0]:
            at = self._current[0]  # what is read later did not arrive earlier
        return at, StampedBy.KERNEL


class StampedSocket(socket.socket):
    """A socket that notes when what it reads arrived. asyncio reads with `recv`, and for TLS with `recv_into`."""

    def __init__(self, arrivals: Arrivals, address: "AddrInfoType") -> None:
        """Open a socket for an address as getaddrinfo names it."""
        family, kind, protocol, _, _ = address
        super().__init__(family, kind, protocol)
        self._arrivals = arrivals
        if arrivals.wants_kernel:
            with contextlib.suppress(OSError):  # a kernel that refuses gives no stamps; the call goes on
                self.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Read, and note when it arrived."""
        self._arrivals.seal()
        data, control, _, _ = self.recvmsg(size, _CONTROL_SIZE, flags)
        self._arrivals.note(control)
        return data

    def recv_into(self, buffer: "Buffer", nbytes: int = 0, flags: int = 0) -> int:
        """Read into a buffer, and note when it arrived."""
        self._arrivals.seal()
        place: Any = memoryview(buffer)[:nbytes] if nbytes else buffer
        size, control, _, _ = self.recvmsg_into([place], _CONTROL_SIZE, flags)
        self._arrivals.note(control)
        return size


def keep_stamping() -> socket.socket | None:
    """Open a socket that keeps the kernel stamping until it is closed; None where the kernel has no stamps.

    Linux stamps what comes in only while some socket of the machine wants that, and begins a moment after the first
    one does (`net_enable_timestamp` in net/core/dev.c defers it). With no more than a call's own socket, the beginning
    of many an answer has no stamp.
    """
    if not _KERNEL_STAMPS:
        return None
    try:
        keeper = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return None  # such as too many open files: the call says so by itself
    try:
        keeper.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        keeper.close()
        return None
    return keeper
