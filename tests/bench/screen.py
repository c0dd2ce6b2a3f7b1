"""What the screen costs: `python -m tests.bench.screen [ROUNDS]`.

The real console in a pseudo-terminal of 160 by 50 cells smokes six routes, each of which streams 100 deltas a second
from a loopback server in a process of its own. The anchor is a hand-written program that reads the same streams from
raw sockets and writes the same panes as a plain ANSI difference of cells. Both are measured for the same few seconds
of a stream, one after the other in each round: bytes to the terminal, CPU time, and how late the event loop ran.
`slow link` is the console with SSH_CONNECTION set. `key to paint` is the time from a key to the last byte of its paint,
while six hostile routes flood the console with tiny events, blank lines, huge events and escapes.
"""

import asyncio
import contextlib
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

from .harness.measuring import Row, print_rows, rounds_of, row

COLUMNS, LINES = 160, 50
ROLES = ("planner", "writer", "revision", "reviewer", "critic", "fallback")
PER_S = 100
SETTLE_S, WINDOW_S = 1.5, 5.0
STREAM_S = 60.0
FRAME_S = 1 / 15
PROBE_S = 0.005
TEXT_WIDTH, TEXT_HEIGHT = 40, 36
TOKEN = "sk-bench-" + "7f3a" * 8


# --- The server --------------------------------------------------------------------------------------------------


def delta(text: str) -> bytes:
    """Return a chunk with one delta of text, as Chat Completions streams it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return chunk(b"data: " + json.dumps(body).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def hostile(number: int, words: Iterator[str]) -> bytes:
    """Return one step of a stream that means no good, one kind a route."""
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: b"".join(delta(next(words)[:1]) for _ in range(20)),
        lambda: chunk(b"\n" * 2000),
        lambda: delta(" ".join(next(words) for _ in range(2000))),
        lambda: delta("\x1b[2J\x1b]0;title\x07\x9b31m" + next(words)),
        lambda: delta("\n" * 50 + next(words)),
        lambda: delta("漢字" + "e\u0301" * 20 + "\U0001f469\u200d\U0001f680" + next(words)),
    )
    return kinds[number % len(kinds)]()


def words_of(seed: int) -> Iterator[str]:
    """Yield words that do not repeat."""
    chance = random.Random(seed)
    while True:
        yield "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) + " "


async def serve() -> None:
    """Stream to everyone who asks until told to end; print the port."""
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            body = await reader.readexactly(length)
            if not head.startswith(b"POST"):
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            count += 1
            number, words, is_hostile = count, words_of(count), b"hostile" in body
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            started = time.monotonic()
            for step in range(int(STREAM_S * PER_S)):
                writer.write(hostile(number, words) if is_hostile else delta(next(words)))
                await writer.drain()
                await asyncio.sleep(max(0.0, started + (step + 1) / PER_S - time.monotonic()))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# --- The two programs in the terminal ------------------------------------------------------------------------------


async def probe(samples: list[tuple[float, float]]) -> None:
    """Note how late the loop wakes up, in ms."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(PROBE_S)
        now = time.monotonic()
        samples.append((now, max(0.0, now - before - PROBE_S) * 1000))


def run_console(config: str, samples_path: str) -> None:
    """Run the console, with a probe in its event loop."""
    from console.app import app as module
    from console.cli import main

    samples: list[tuple[float, float]] = []

    class Probed(module.ConsoleApp):
        CSS_PATH = str(Path(module.__file__).with_name("console.tcss"))

        def on_load(self) -> None:
            self._probing = asyncio.create_task(probe(samples))

        async def on_unmount(self) -> None:
            self._probing.cancel()

    module.ConsoleApp = Probed  # type: ignore[misc]
    try:
        main.run(["--config", config])
    finally:
        Path(samples_path).write_text(json.dumps(samples), encoding="utf-8")


class AnsiDiff:
    """A hand-written difference of cells: what a careful programmer would write without a library."""

    def __init__(self) -> None:
        self.shown = [[" "] * COLUMNS for _ in range(LINES)]

    def write(self, lines: list[str]) -> bytes:
        written = []
        for y, line in enumerate(lines):
            shown, wanted = self.shown[y], list(line.ljust(COLUMNS)[:COLUMNS])
            if shown == wanted:
                continue
            x = 0
            while x < COLUMNS:
                if shown[x] == wanted[x]:
                    x += 1
                    continue
                end = last = x + 1
                while end < COLUMNS and end - last < 6:
                    end += 1
                    if shown[end - 1] != wanted[end - 1]:
                        last = end
                written.append(f"\x1b[{y + 1};{x + 1}H\x1b[37m{''.join(wanted[x:last])}\x1b[0m")
                x = last
            self.shown[y] = wanted
        return "".join(written).encode()


async def run_anchor(port: int, samples_path: str) -> None:
    """Read the streams from raw sockets and draw the same panes."""
    import msgspec

    texts, counts = [""] * len(ROLES), [0] * len(ROLES)
    samples: list[tuple[float, float]] = []
    decode = msgspec.json.Decoder().decode

    async def read(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}")
        await reader.readuntil(b"\r\n\r\n")
        while size := int(await reader.readline(), 16):
            data = (await reader.readexactly(size + 2))[:-2]
            piece = decode(data[6:].strip())["choices"][0]["delta"]["content"]
            texts[place] = (texts[place] + piece)[-4000:]
            counts[place] += 1

    diff = AnsiDiff()
    tasks = [asyncio.create_task(probe(samples)), *(asyncio.create_task(read(place)) for place in range(len(ROLES)))]
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    while not leaving.is_set():
        await asyncio.sleep(FRAME_S)
        lines = [f"{role:9} {counts[place]:6} live" for place, role in enumerate(ROLES)]
        wrapped: list[str] = []
        row = ""
        for word in texts[0].split():
            if len(row) + len(word) >= TEXT_WIDTH:
                wrapped.append(row)
                row = ""
            row += word + " "
        lines += [" " * (COLUMNS - TEXT_WIDTH - 2) + line for line in [*wrapped, row][-TEXT_HEIGHT:]]
        os.write(1, diff.write(lines + [""] * (LINES - len(lines))))
    for task in tasks:
        task.cancel()
    Path(samples_path).write_text(json.dumps(samples), encoding="utf-8")


# --- Measuring -----------------------------------------------------------------------------------------------------


class Terminal:
    """A program in a pseudo-terminal that reads at once whatever is written; it keeps the bytes and when they came."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        base = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        command = [sys.executable, "-m", "tests.bench.screen", *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=base | environment, start_new_session=True
        )
        os.close(slave)
        self.raw = bytearray()
        self.last_byte = 0.0
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.last_byte = time.monotonic()
                self.raw += data
                if b"\x1b[?2026$p" in data:
                    os.write(self.master, b"\x1b[?2026;2$y")

    def until(self, is_true: Callable[[], bool]) -> None:
        ends = time.monotonic() + 60
        while not is_true():
            if time.monotonic() > ends or self.process.poll() is not None:
                raise RuntimeError(f"the program in the terminal did not come so far: {bytes(self.raw[-500:])!r}")
            time.sleep(0.01)

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def window(self, samples: Path, end: Callable[[], None]) -> dict[str, float]:
        """Measure a window of the stream: kB/s to the terminal, % of a core, and the loop's lag in ms."""
        time.sleep(SETTLE_S)
        begun, cpu, size = time.monotonic(), self.cpu_s(), len(self.raw)
        time.sleep(WINDOW_S)
        ended, cpu, size = time.monotonic(), self.cpu_s() - cpu, len(self.raw) - size
        end()
        self.process.wait(30)
        lags = sorted(lag for at, lag in json.loads(samples.read_text()) if begun <= at <= ended)
        return {
            "kb_per_s": size / 1000 / (ended - begun),
            "cpu": 100 * cpu / (ended - begun),
            "lag_p99_ms": lags[int(len(lags) * 0.99)],
            "lag_max_ms": lags[-1],
        }


def config_of(port: int, directory: Path, model: str) -> Path:
    rows = "".join(
        f'[profiles.p.routes.{role}]\nmodel = "{model}-{role}"\nendpoint_family = "chat_completions"\n'
        'endpoint_path = "/v1/chat/completions"\n'
        for role in ROLES
    )
    path = directory / "config.toml"
    path.write_text(
        f'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\nbase_url = "http://127.0.0.1:{port}"\n'
        f'token_ref = ["env:BENCH_KEY"]\ndeadline_s = {STREAM_S}\n{rows}',
        encoding="utf-8",
    )
    return path


def opened(port: int, directory: Path, model: str = "m", **more: str) -> tuple[Terminal, Path]:
    """Start the console and smoke all routes."""
    samples = directory / "samples.json"
    environment = {"HOME": str(directory), "BENCH_KEY": TOKEN, **more}
    terminal = Terminal(["console", str(config_of(port, directory, model)), str(samples)], environment)
    terminal.until(lambda: b"env:BENCH_KEY" in terminal.raw)
    os.write(terminal.master, b"S")
    terminal.until(lambda: b"x stop" in terminal.raw)
    return terminal, samples


def measure_console(port: int, directory: Path, **more: str) -> dict[str, float]:
    terminal, samples = opened(port, directory, **more)
    return terminal.window(samples, lambda: (os.write(terminal.master, b"q"), None)[1])


def measure_anchor(port: int, directory: Path) -> dict[str, float]:
    samples = directory / "samples.json"
    terminal = Terminal(["anchor", str(port), str(samples)], {"HOME": str(directory)})
    terminal.until(lambda: b"live" in terminal.raw)
    return terminal.window(samples, terminal.process.terminate)


def measure_keys(port: int, directory: Path) -> list[float]:
    """Return how long a key took to the first frame that shows the next row's cursor, in ms."""
    terminal, _ = opened(port, directory, "hostile")
    time.sleep(SETTLE_S)
    taken = []
    for number in range(20):
        row = (number + 1) % len(ROLES) + 1
        size, begun = len(terminal.raw), time.monotonic()
        os.write(terminal.master, b"j" if row > 1 else b"g")
        while not _shows(bytes(terminal.raw[size:])):
            if time.monotonic() - begun > 10:
                raise RuntimeError("the key was never painted")
            select.select([], [], [], 0.001)
        taken.append((time.monotonic() - begun) * 1000)
        time.sleep(0.1)
    os.write(terminal.master, b"q")
    terminal.process.wait(30)
    return taken


def _shows(raw: bytes) -> bool:
    """Return whether the row cursor was drawn, in its line of the table, and the frame to its end."""
    return re.search(rb"\x1b\[\d+;2?[0-9]H[^H]*\xe2\x96\x8c[^\x00]*\x1b\[\?2026l", raw) is not None


def measure(rounds: int = 3) -> dict[str, Row]:
    """Measure all of it, one after the other in each round."""
    found: dict[str, list[dict[str, float]]] = {"console": [], "anchor": [], "slow": []}
    keys: list[float] = []
    with subprocess.Popen([sys.executable, "-m", "tests.bench.screen", "serve"], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            for _ in range(rounds):
                with tempfile.TemporaryDirectory() as name:
                    directory = Path(name)
                    found["console"].append(measure_console(port, directory))
                    found["anchor"].append(measure_anchor(port, directory))
                    found["slow"].append(measure_console(port, directory, SSH_CONNECTION="a 1 b 22"))
                    keys.append(max(measure_keys(port, directory)))
        finally:
            server.terminate()

    def of(side: str, field: str) -> list[float]:
        return [run[field] for run in found[side]]

    return {
        what: row(of("console", field), of("anchor", field), "ANSI difference", unit)
        for what, field, unit in (
            ("CPU", "cpu", "% of a core"),
            ("bytes", "kb_per_s", "kB/s"),
            ("lag p99", "lag_p99_ms", "ms"),
        )
    } | {
        "slow link": Row(ours=of("slow", "kb_per_s"), unit="kB/s"),
        "key to paint": Row(ours=keys, unit="ms, longest of 20"),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["console", config, samples]:
            run_console(config, samples)
        case ["anchor", port, samples]:
            asyncio.run(run_anchor(int(port), samples))
        case rest:
            print_rows(measure(rounds_of(rest, 3)))
