"""When an answer's bytes arrived: by the kernel, however late our process reads them. Every socket here is real."""

import contextlib
import select
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.gateway.certificates import make_certificate
from support.gateway.opened import Opened, opened
from support.gateway.servers import (
    HOST,
    Peer,
    Request,
    answer_with,
    chunk,
    good_stream,
    head,
    raw_server,
    stay_silent,
)
from support.probes.smoking import smoke_once
from support.waiting import Patience

from console.domain.probes.smoke import StampedBy
from console.domain.routes.family import EndpointFamily
from console.services.gateway.arrivals import MACHINE_CLOCK, Arrivals, StampedSocket, keep_stamping
from console.services.gateway.tls import verifying_context

BY_KERNEL = StampedBy.KERNEL if sys.platform == "linux" else StampedBy.PROCESS
pytestmark = pytest.mark.usefixtures("no_trust_store", "stamping")


@pytest.fixture
def stamping() -> Iterator[None]:
    """Make the kernel stamp, and wait until it does: it begins a moment after it is asked."""
    with keep_stamping() or contextlib.nullcontext():
        arrivals = Arrivals(MACHINE_CLOCK)
        with connected(arrivals) as (client, peer):
            patience = Patience()
            while arrivals.last[1] is not BY_KERNEL:
                assert not patience.is_over, "this kernel does not stamp what comes in"
                peer.sendall(b"x")
                client.recv(1)
        yield


@contextlib.contextmanager
def connected(arrivals: Arrivals) -> Iterator[tuple[StampedSocket, socket.socket]]:
    """Yield a client's stamped socket and its peer."""
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (HOST, 0))
    with socket.create_server((HOST, 0)) as listening, StampedSocket(arrivals, address) as client:
        client.connect(listening.getsockname())
        peer, _ = listening.accept()
        with peer:
            yield client, peer


def arrived(client: socket.socket) -> float:
    """Wait until something has arrived that is not read yet; return the moment."""
    select.select([client], [], [])
    return MACHINE_CLOCK()


def stamp(at_ns: int) -> list[tuple[int, int, bytes]]:
    """Return the kernel's message of a stamp: SO_TIMESTAMPNS with a timespec."""
    return [(socket.SOL_SOCKET, 35, struct.pack("=qq", *divmod(at_ns, 1_000_000_000)))]


def test_a_late_read_is_stamped_with_the_arrival_and_the_next_with_its_own() -> None:
    arrivals = Arrivals(MACHINE_CLOCK)
    with connected(arrivals) as (client, peer):
        begun = MACHINE_CLOCK()
        peer.sendall(b"first")
        between = arrived(client)
        assert client.recv(100) == b"first"
        first, stamped_by = arrivals.last
        peer.sendall(b"second")
        place = bytearray(100)
        assert client.recv_into(place) == 6
        second, _ = arrivals.last
    assert stamped_by is BY_KERNEL
    assert begun <= first <= second
    if stamped_by is StampedBy.KERNEL:
        assert first <= between <= second


def test_another_clock_than_the_machines_gets_no_stamps_of_the_kernel() -> None:
    arrivals = Arrivals(lambda: 7.0)
    with connected(arrivals) as (client, peer):
        peer.sendall(b"x")
        assert client.recv(1) == b"x"
    assert arrivals.last == (7.0, StampedBy.PROCESS)


def test_a_read_into_the_beginning_of_a_buffer_leaves_its_rest() -> None:
    with connected(Arrivals(MACHINE_CLOCK)) as (client, peer):
        peer.sendall(b"abc")
        place = bytearray(b"....")
        assert client.recv_into(place, 2) == 2
    assert place == b"ab.."


@pytest.mark.parametrize("jump_s", [3_600, -3_600, 1])
def test_a_wall_clock_that_is_set_between_two_reads_is_not_believed_until_the_next(jump_s: int) -> None:
    wall = {"ahead_ns": 0}

    def wall_ns() -> int:
        return time.time_ns() + wall["ahead_ns"]

    arrivals = Arrivals(MACHINE_CLOCK, wall_ns)
    begun = MACHINE_CLOCK()
    by = []
    for ahead_s in (0, jump_s, jump_s):
        sent_ns = wall_ns()
        wall["ahead_ns"] = ahead_s * 1_000_000_000
        arrivals.note(stamp(sent_ns))
        at, stamped_by = arrivals.last
        by.append(stamped_by)
        assert begun <= at <= MACHINE_CLOCK()
        begun = at
    assert by == [StampedBy.KERNEL, StampedBy.PROCESS, StampedBy.KERNEL]


def test_a_stamp_of_the_future_is_the_process_own_time() -> None:
    arrivals = Arrivals(MACHINE_CLOCK)
    arrivals.note(stamp(time.time_ns() + 1_000_000_000))
    at, stamped_by = arrivals.last
    assert (at <= MACHINE_CLOCK(), stamped_by) == (True, StampedBy.PROCESS)


def test_what_is_read_later_did_not_arrive_earlier() -> None:
    arrivals = Arrivals(MACHINE_CLOCK)
    now_ns = time.time_ns()
    arrivals.note(stamp(now_ns))
    first, _ = arrivals.last
    arrivals.note(stamp(now_ns - 500_000))
    assert arrivals.last == (first, StampedBy.KERNEL)


@pytest.fixture(params=["http", "https"])
async def answer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Peer, Opened]]:
    """Open a call, plain and over TLS, to a peer that has sent its head and the first piece at once."""
    certificate = make_certificate(tmp_path) if request.param == "https" else None
    context = verifying_context()
    if certificate is not None:
        context.load_verify_locations(certificate.path)

    async def begin(peer: Peer, request: Request) -> None:
        await peer.send(head() + chunk(b"one"))
        await stay_silent(peer, request)

    async with (
        raw_server(begin, tls=None if certificate is None else certificate.server) as server,
        opened(server.base_url, context) as call,
    ):
        yield server.peers[0], call


async def test_a_piece_that_came_with_the_head_has_the_heads_stamp(answer: tuple[Peer, Opened]) -> None:
    _, call = answer
    data = await call.content.read(100)
    assert call.arrivals.head[1] is BY_KERNEL
    assert (data, call.arrivals.stamps(0, len(data))) == (b"one", [(3, call.arrivals.head)])


async def test_a_reader_that_comes_late_still_sees_each_arrival(answer: tuple[Peer, Opened]) -> None:
    peer, call = answer
    await call.until_read(3)
    between = [MACHINE_CLOCK()]
    for size in (5, 9):
        await peer.send(chunk(b"next" if size == 9 else b"ab"))
        await call.until_read(size)
        between.append(MACHINE_CLOCK())
    assert await call.content.read(4) == b"onea"
    begin = call.arrivals.stamps(0, 4)
    assert await call.content.read(100) == b"bnext"
    rest = call.arrivals.stamps(4, 5)
    assert [end for end, _ in begin + rest] == [3, 4, 1, 5]
    (first, second), (same, third) = [at for _, (at, _) in begin], [at for _, (at, _) in rest]
    assert second == same
    assert first <= between[0] <= second <= between[1] <= third <= between[2]
    assert {by for _, (_, by) in begin + rest} == {BY_KERNEL}


@pytest.mark.parametrize(("clock", "stamped_by"), [(MACHINE_CLOCK, BY_KERNEL), (lambda: 1.0, StampedBy.PROCESS)])
async def test_a_result_says_who_took_the_time_of_its_first_token(clock: object, stamped_by: StampedBy) -> None:
    async with raw_server(answer_with(good_stream(EndpointFamily.RESPONSES))) as server:
        result = await smoke_once(server.base_url, clock=clock)
    assert result.ttft_stamped_by is stamped_by
