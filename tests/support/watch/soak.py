"""A soak of a watch: a gateway that fails in every way for many rounds, and what must hold of all of them.

Each change of the script is told exactly once and nothing else is; a webhook that fails in every way too gets every
change once or counts it; the budget is kept; memory, threads and descriptors stay flat.
"""

import asyncio
import gc
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from support.gateway.servers import HOST
from support.watch.desks import FixedDesk, profile_at
from support.watch.exposition_check import Sample, parsed
from support.watch.failing_gateway import ACTS, GOOD, PAID_ACTS, ROUND_COUNT, Act, FailingGateway, failing_gateway
from support.watch.webhooks import MOODS, MoodyWebhook

from console.cli.reports.documents.watch.event import WatchEventDocument, WatchEventsDocument
from console.domain.probes.ladder import Rung
from console.domain.watch.told import Told, ToldKind
from console.services.config.settings import PolicySettings
from console.services.gateway.post_address import PostAddress
from console.services.watch.courier import Courier
from console.services.watch.exposition import serve_metrics, write_metrics
from console.services.watch.watch import RoundEnded, StateUnkept, Watch, WatchEvent, WatchPlan
from console.view.watch.metrics import WatchMetrics, otlp_metrics, prometheus_text

CALM = Act("is good", GOOD)
WARM_ROUNDS = 200
"""After how many rounds the process is measured, again and again: the first time, everything is loaded."""
SCRAPE_ROUNDS = 50
"""After how many rounds the metrics are written and scraped, again and again."""
BUDGET_TOKENS = 6_300
"""Used up in the second cycle, at a round in which nothing else is told."""


@dataclass(frozen=True)
class Measure:
    """What the process holds."""

    rss_kb: int
    threads: int
    descriptors: int

    @classmethod
    def now(cls) -> "Measure":
        gc.collect()
        status = Path("/proc/self/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        # asyncio starts the threads of its own pool as they are needed, up to a limit of its own: they are no growth.
        threads = sum(not each.name.startswith("asyncio_") for each in threading.enumerate())
        return cls(rss, threads, sum(1 for _ in Path("/proc/self/fd").iterdir()))


@dataclass
class Soaked:
    """What a soak showed."""

    rounds: int = 0
    acts: int = 0
    told: int = 0
    wrong: list[str] = field(default_factory=list)
    """Acts of which something else was told than must be: empty if every change was told once."""
    measures: list[Measure] = field(default_factory=list)
    generating: int = 0
    spent_tokens: int = 0
    budget_told: int = 0
    paid_rounds: int = 0
    """How many rounds there were before the budget was used up."""
    delivered: int = 0
    delivered_twice: int = 0
    dropped: int = 0
    waiting: int = 0
    """How many were still to be delivered when the time for the rest was over."""
    unknown_ids: int = 0
    scrapes: int = 0
    samples: int = 0
    webhook_moods: dict[str, int] = field(default_factory=dict)


def names(told: Told) -> tuple[str, str]:
    """Return a change in the words of an act: its kind, and what says the rest."""
    if told.kind in (ToldKind.ALARM, ToldKind.RECOVERED, ToldKind.CHANGED):
        return told.kind.value, told.cause.category if told.cause and told.cause.category else "findings"
    if told.kind is ToldKind.DOUBT:
        return told.kind.value, told.now
    if told.kind is ToldKind.VERDICT:
        return told.kind.value, told.was
    return told.kind.value, " ".join(told.models)


@dataclass
class _Script:
    """Which act each round has, and what was told in the rounds of an act."""

    is_over: Callable[[int], bool]
    soaked: Soaked
    is_paid: bool = True
    """Whether paid rungs are climbed; not any more once the budget is used up."""
    stops: bool = False
    """Whether it was used up within this act."""

    def rounds(self) -> Iterator[tuple[Act, int]]:
        """Yield each round's act, with how many of its rounds are left."""
        yield CALM, 1
        for number in count():
            cycle = (*ACTS, *PAID_ACTS)
            act = cycle[number % len(cycle)]
            for place in range(ROUND_COUNT):
                yield act, ROUND_COUNT - place
            if self.is_over(self.soaked.rounds):
                return

    def expected(self, act: Act) -> list[list[tuple[str, str]]]:
        """Return what may be told of an act: one thing, but where paid rungs stop within it."""
        if act is CALM:
            return [[("first", "m n")]]
        paid = list(act.told if act.told_if_paid is None else act.told_if_paid)
        free = [] if act in PAID_ACTS else list(act.told)
        return [paid, free] if self.stops else [paid] if self.is_paid else [free]


async def soak(
    directory: Path,
    is_over: Callable[[int], bool],
    *,
    budget_tokens: int = BUDGET_TOKENS,
    moods: tuple[str, ...] = MOODS,
    measure_each: int = WARM_ROUNDS,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> Soaked:
    """Watch a gateway that fails in every way until a number of rounds says that it is over.

    Args:
        directory: Where the state and the metrics are written.
        is_over: Returns whether so many rounds are enough; asked after each whole act.
        budget_tokens: The budget of the paid rungs.
        moods: What the webhook does, in this order.
        measure_each: After how many rounds the process is measured, again and again.
        pause: How a delivery waits before it is tried again; None means the real time.

    """
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(failing_gateway())
        hook = await stack.enter_async_context(MoodyWebhook(moods).serving())
        more = {} if pause is None else {"pause": pause}
        address = PostAddress.parse(f"http://{HOST}:{hook.port}/hook?x=1")
        courier: Courier[Change] = Courier(address, _body, lambda _: None, **more)
        delivering = asyncio.ensure_future(courier.run())
        stack.push_async_callback(_ended, delivering)
        soaking = _Soaking(directory, gateway, courier, is_over, measure_each)
        soaking.metrics_at = await stack.enter_async_context(serve_metrics(0, lambda: prometheus_text(soaking.metrics)))
        policy = PolicySettings(budget_tokens=budget_tokens, run_max_output_tokens=256)
        desk = FixedDesk([profile_at(gateway.base_url, policy=policy, idle_timeout_s=0.2, connect_timeout_s=5.0)])
        watch = Watch(WatchPlan(Rung.SHAPE, 0.0, state=directory), desk, soaking.stop)
        async with aclosing(watch.run()) as events:
            async for event in events:
                await soaking.take(event)
        hook.is_good = True
        await courier.finish()
        return soaking.ended(hook)


async def _ended(task: "asyncio.Future[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


Change = tuple[Told, WatchEventDocument]


class _Soaking:
    """A soak at work: it plays the next act after each round, and compares what each act told."""

    def __init__(
        self,
        directory: Path,
        gateway: FailingGateway,
        courier: Courier[Change],
        is_over: Callable[[int], bool],
        measure_each: int,
    ) -> None:
        self.soaked = Soaked()
        self.stop = asyncio.Event()
        self.metrics = WatchMetrics("0", {}, 1.0, 1.0, 0, 0.0)
        self.metrics_at = ""
        self._directory = directory
        self._gateway = gateway
        self._courier = courier
        self._measure_each = measure_each
        self._script = _Script(is_over, self.soaked)
        self._plays = self._script.rounds()
        self._act, self._left = next(self._plays)
        self._told: list[Told] = []
        self._sent: set[str] = set()

    async def take(self, event: WatchEvent) -> None:
        """Note what happened."""
        match event:
            case StateUnkept(_, reason):
                self.soaked.wrong.append(reason)
            case Told():
                self._note(event)
            case RoundEnded():
                await self._go_on(event)

    def _note(self, told: Told) -> None:
        if told.kind is ToldKind.BUDGET_USED_UP:
            self.soaked.budget_told += 1
            self.soaked.paid_rounds = self.soaked.rounds
            self._script.is_paid, self._script.stops = False, True
        else:
            self._told.append(told)
        self.soaked.told += 1
        document = WatchEventDocument.of(told, str(self.soaked.told), is_simulated=False)
        self._sent.add(document.id)
        self._courier.put((told, document))

    async def _go_on(self, ended: RoundEnded) -> None:
        soaked = self.soaked
        soaked.rounds += 1
        soaked.spent_tokens = ended.profiles["p"].spent.tokens
        self.metrics = WatchMetrics("0", ended.profiles, 1.0, ended.at, ended.number, ended.elapsed_s)
        if soaked.rounds % SCRAPE_ROUNDS == 0:
            write_metrics(self._directory / "watch.prom", prometheus_text(self.metrics))
            json.loads(otlp_metrics(self.metrics))
            soaked.samples += len(await _scraped(self.metrics_at))
            soaked.scrapes += 1
        if soaked.rounds % self._measure_each == 0:
            soaked.measures.append(Measure.now())
        if self._left == 1:
            _compare(self._script, self._act, self._told)
            self._told.clear()
        following = next(self._plays, None)
        if following is None:
            self.stop.set()
            return
        self._act, self._left = following
        is_calm = ROUND_COUNT - self._left >= self._act.rounds
        await self._gateway.play(CALM if is_calm else self._act)

    def ended(self, hook: MoodyWebhook) -> Soaked:
        """Return what the soak showed, with what the webhook got."""
        soaked = self.soaked
        soaked.generating = self._gateway.generating
        soaked.dropped = self._courier.dropped_in_all
        soaked.waiting = self._courier.waiting
        soaked.delivered = len(set(hook.ids))
        soaked.delivered_twice = len(hook.ids) - soaked.delivered
        soaked.unknown_ids = len(set(hook.ids) - self._sent)
        soaked.webhook_moods = dict(hook.moods)
        return soaked


def _body(batch: object, dropped: int) -> bytes:
    import msgspec

    return msgspec.json.encode(WatchEventsDocument.of(batch, dropped))


def _compare(script: _Script, act: Act, told: list[Told]) -> None:
    soaked = script.soaked
    soaked.acts += 1
    found = [names(each) for each in told]
    expected = script.expected(act)
    if found not in expected:
        soaked.wrong.append(f"act {soaked.acts}, {act.name}: told {found}, not {expected}")
    script.stops = False


async def _scraped(address: str) -> list[Sample]:
    """Read the metrics as a scraper does."""
    port = int(address.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith("HTTP/1.1 200"), head
    return parsed(body)
