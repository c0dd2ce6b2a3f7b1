"""Who follows a watch: writes what it tells, and passes it on to whoever asked for it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from secrets import token_hex

from console import __version__
from console.cli import output
from console.cli.reports.documents.watch.event import WatchEventDocument
from console.cli.reports.sweep import counted
from console.cli.watch.order import WatchOrder
from console.domain.ledger.checkpoint import moment
from console.domain.money import usd_text
from console.domain.watch.told import Told, ToldKind
from console.services.system.private_file import PrivateFileError
from console.services.watch.courier import Courier
from console.services.watch.exposition import write_metrics
from console.services.watch.notification import Notifier
from console.services.watch.watch import (
    Overslept,
    PaidRounds,
    RoundCut,
    RoundEnded,
    StateUnkept,
    WatchEvent,
)
from console.view.explanation import duration
from console.view.watch.metrics import WatchMetrics, prometheus_text
from console.view.watch.told_words import told_subject, told_words

Change = tuple[Told, WatchEventDocument]


@dataclass(slots=True)
class Follower:
    """What is passed on, and to whom."""

    order: WatchOrder
    began_at: float
    metrics: WatchMetrics
    courier: Courier[Change] | None = None
    """For all profiles; None if each has its own, or none."""
    couriers: dict[str, Courier[Change]] = field(default_factory=dict)
    """By profile."""
    otel: Courier[WatchMetrics] | None = None
    notifier: Notifier | None = None
    told: Counter[ToldKind] = field(default_factory=Counter)
    id: str = field(default_factory=lambda: token_hex(8))
    number: int = 0
    notified: "asyncio.Queue[Told]" = field(default_factory=lambda: asyncio.Queue(64))
    said: set[str] = field(default_factory=set)
    last: RoundEnded | None = None

    @property
    def all_couriers(self) -> tuple[Courier[Change], ...]:
        """Those who deliver changes, each once."""
        return tuple(dict.fromkeys((*([] if self.courier is None else [self.courier]), *self.couriers.values())))

    def take(self, event: WatchEvent) -> None:
        """Pass on an event."""
        match event:
            case Told():
                self._tell(event)
            case RoundEnded():
                self._measure(event)
            case PaidRounds():
                output.note(_paid_words(event))
            case StateUnkept(profile, reason):
                output.note(f"{profile}: the watch's state is not kept, so a restart tells everything again: {reason}")
            case Overslept(late_s):
                output.note(f"the round is {duration(late_s)} late: this machine slept, or the last round took as long")
            case RoundCut(billed):
                for profile, keys in billed.items():
                    output.note(f"{profile}: stopped: calls of {', '.join(keys)} may have been sent, and may be billed")

    def _tell(self, told: Told) -> None:
        self.number += 1
        self.told[told.kind] += 1
        number = f"{self.id}-{self.number}"
        document = WatchEventDocument.of(told, number, is_simulated=told.profile in self.order.simulated)
        if self.order.as_json:
            output.write_json_line(document)
            if told.words:
                output.note(f"{told_subject(told)}: {told.words}")
        else:
            at = moment(int(told.at) * 1000).replace(".000Z", "Z")
            output.write_line(f"{at}  {told_subject(told)}  {told_words(told)}")
        for courier in self.all_couriers:
            if not told.profile or courier in (self.courier, self.couriers.get(told.profile)):
                courier.put((told, document))
        if told.kind.is_alarm and self.order.rings and not output.ring_bell():
            self.say_once("--bell: stderr is not a terminal, so nothing rings")
        if self.notifier is not None and (told.kind.is_alarm or told.kind.is_all_clear):
            if self.notified.full():
                self.notified.get_nowait()
                self.notified.task_done()
            self.notified.put_nowait(told)

    def _measure(self, ended: RoundEnded) -> None:
        self.last = ended
        dropped = sum(each.dropped_in_all for each in self.all_couriers)
        self.metrics = WatchMetrics(
            __version__, ended.profiles, self.began_at, ended.at, ended.number, ended.elapsed_s, self.told, dropped
        )
        if self.otel is not None:
            self.otel.put(self.metrics)
        if self.order.prometheus_file is not None:
            try:
                write_metrics(self.order.prometheus_file, prometheus_text(self.metrics))
                self.said = {each for each in self.said if not each.startswith("--prometheus")}
            except PrivateFileError as error:
                self.say_once(f"--prometheus: {error}")

    def say_once(self, words: str) -> None:
        """Print a note, unless it was printed before."""
        if words not in self.said:
            self.said.add(words)
            output.note(words)

    async def notify(self) -> None:
        """Show what is told on the desktop, until cancelled."""
        while self.notifier is not None:
            told = await self.notified.get()
            body = told_words(told, is_local=False)
            reason = await self.notifier.show(told_subject(told), body, is_urgent=told.kind.is_alarm)
            if reason:
                self.say_once(f"--notify: {reason}")
            self.notified.task_done()


def _paid_words(event: PaidRounds) -> str:
    most, per_day = event.a_round, event.rounds_a_day
    price = "" if most.microusd is None else f", {usd_text(most.microusd * per_day)}"
    limits = event.budget.limits
    caps = [] if limits.tokens is None else [f"{limits.tokens} tokens"]
    caps += [] if limits.microusd is None else [usd_text(limits.microusd)]
    spent = f", of which {event.budget.spent.tokens} tokens are spent today" if event.budget.spent.tokens else ""
    return (
        f"{event.profile}: each round {most}; a day of {counted(per_day, 'round')} at most {most.tokens * per_day}"
        f" tokens{price}. The budget holds for the whole watch: {' and '.join(caps)}{spent}; then paid rungs stop"
    )
