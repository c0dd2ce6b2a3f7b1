"""Follow a watch: write what it tells, and pass it on to whoever asked for it."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex

from console import __version__
from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_kind, most_actionable
from console.cli.recording import live_recording
from console.cli.reports.code import code_of
from console.cli.reports.documents.watch.event import WatchEventDocument, WatchEventsDocument
from console.cli.reports.sweep import counted
from console.cli.watch.order import WatchOrder, Webhook
from console.domain.ledger.checkpoint import moment
from console.domain.money import usd_text
from console.domain.probes.standing import Standing
from console.domain.routes.contract import RouteCheck
from console.domain.tokens.secret import Secret
from console.domain.watch.profile_watch import ProfileWatch
from console.domain.watch.told import Told, ToldKind
from console.services.config.settings import Profile
from console.services.gateway.address import canonical_origin
from console.services.open_gateway import TokenError
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.tokens.resolve import resolve_token
from console.services.tokens.sources import open_sources
from console.services.tokens.terminal import ask_on_terminal
from console.services.watch.courier import END_S, Courier, CourierEvent, CourierFailed
from console.services.watch.desk import Desk
from console.services.watch.exposition import require_metrics_file, serve_metrics, write_metrics
from console.services.watch.notification import Notifier
from console.services.watch.round import Recording, See, no_recording
from console.services.watch.watch import (
    Overslept,
    PaidRounds,
    RoundCut,
    RoundEnded,
    StateUnkept,
    Watch,
    WatchEvent,
    WatchPlan,
)
from console.view.explanation import duration
from console.view.watch.metrics import WatchMetrics, otlp_metrics, prometheus_text
from console.view.watch.told_words import told_subject, told_words

Change = tuple[Told, WatchEventDocument]


@dataclass(slots=True)
class _Follower:
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


def _recording(order: WatchOrder) -> Recording:
    """Return what shows the history each round of an open gateway; where none was opened, nothing is a fact."""

    def begin(profile: Profile, checks: tuple[RouteCheck, ...], origin: str) -> See:
        if not origin:
            return no_recording(profile, checks, origin)
        return live_recording(profile, checks, origin, is_read_only=order.is_read_only).see

    return begin


async def follow(order: WatchOrder, desk: Desk) -> ExitCode:
    """Watch until the order's end or a signal; return the exit code of the last round.

    Args:
        order: What to watch, how and where it is told.
        desk: The config and its gateways.

    Raises:
        Problem: The config cannot be used, or something that was asked for cannot be opened.

    """
    stop, hurry = asyncio.Event(), asyncio.Event()
    _take_signals(stop, hurry)
    return _end(await _follow(order, desk, _plan(order), stop, hurry), is_stopped=stop.is_set())


async def follow_round(order: WatchOrder, desk: Desk, state: Path, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """Make one round for whoever keeps the watch's state itself, and tell what changed as `follow` does.

    Args:
        order: What to watch, how and where it is told.
        desk: The config and its gateways.
        state: A directory with the state of the last round, which then has that of this one.
        stop: Ends the round.
        hurry: Ends the wait for those who are told.

    Raises:
        Problem: The config cannot be used.

    """
    plan = replace(_plan(order), state=state, rounds=1)
    await _follow(order, desk, plan, stop, hurry, is_announced=False)


async def _follow(
    order: WatchOrder,
    desk: Desk,
    plan: WatchPlan,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    *,
    is_announced: bool = True,
) -> _Follower:
    began_at = time.time()
    follower = _Follower(order, began_at, WatchMetrics(__version__, {}, began_at, began_at, 0, 0.0))
    tasks: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as stack:
        await _open_outputs(follower, stack, tasks)
        if is_announced:
            _announce(order)
        watch = Watch(plan, desk, stop, recording=_recording(order))
        try:
            async with aclosing(watch.run()) as events:
                async for event in events:
                    follower.take(event)
                    _raise_fault(tasks)
            await _finish(follower, hurry)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return follower


def _take_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """End the watch at the first signal, and what waits for others at the second."""
    if not current().owns_process:
        return

    def take() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, take)


def _raise_fault(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        if task.done():
            task.result()


def _plan(order: WatchOrder) -> WatchPlan:
    state = None
    if not order.is_read_only:
        try:
            state = state_directory(current().environment)
        except PrivateFileError as error:
            output.note(f"the watch's state is not kept, so a restart tells everything again: {error}")
    return WatchPlan(
        order.top,
        order.every_s,
        order.rounds,
        order.for_s,
        is_read_only=order.is_read_only,
        state=state,
        random=random.Random() if order.has_jitter else None,  # noqa: S311  # spreads rounds, and keeps no secret
        delays_first=order.has_jitter and order.is_once,
        now=lambda: current().now().timestamp(),
    )


async def _open_outputs(follower: _Follower, stack: AsyncExitStack, tasks: "list[asyncio.Task[None]]") -> None:
    """Open what the order tells, before anything is sent to a gateway. Raises `Problem` if something cannot be."""
    order = follower.order
    by_hook: dict[Webhook, Courier[Change]] = {}
    for hook in (*([] if order.webhook is None else [order.webhook]), *order.webhooks.values()):
        if hook not in by_hook:
            secret = await _secret_of(hook)
            by_hook[hook] = Courier(hook.address, _webhook_body, _courier_told("webhook"), secret=secret)
            tasks.append(asyncio.create_task(by_hook[hook].run()))
    follower.courier = None if order.webhook is None else by_hook[order.webhook]
    follower.couriers = {profile: by_hook[hook] for profile, hook in order.webhooks.items()}
    if order.otel is not None:
        follower.otel = Courier(
            order.otel, lambda batch, _: otlp_metrics(batch[-1]), _courier_told("--otel"), limit=1
        )  # fmt: skip
        tasks.append(asyncio.create_task(follower.otel.run()))
    if order.prometheus_port is not None:
        served = serve_metrics(order.prometheus_port, lambda: prometheus_text(follower.metrics))
        output.note(f"metrics: {await stack.enter_async_context(served)}")
    if order.prometheus_file is not None:
        require_metrics_file(order.prometheus_file)
        write_metrics(order.prometheus_file, prometheus_text(follower.metrics))
    if order.notifies:
        follower.notifier = Notifier(current().environment)
        stack.callback(follower.notifier.close)
        tasks.append(asyncio.create_task(follower.notify()))


def _announce(order: WatchOrder) -> None:
    names = ", ".join(order.profiles) if len(order.profiles) <= 6 else counted(len(order.profiles), "profile")
    end = "" if order.rounds is None else f", {counted(order.rounds, 'round')}"
    output.note(f"watching {names} to rung {int(order.top)}, every {duration(order.every_s)}{end}; only changes follow")


def _webhook_body(changes: Sequence[Change], dropped: int) -> bytes:
    return output.json_of(WatchEventsDocument.of(changes, dropped))


async def _secret_of(hook: Webhook) -> Secret | None:
    """Return the webhook's own token. Raises `TokenError` if it is not there."""
    profile = hook.profile
    if profile is None or hook.token_ref is None:
        return None
    sources = open_sources(profile.gateway, current().environment, ask=ask_on_terminal)
    found = await resolve_token((hook.token_ref,), sources, canonical_origin(hook.address.origin))
    if not found.is_usable:
        raise TokenError(f"webhook_token_ref of profile {profile.name}: {found.event.advice}")
    if found.bound_origin not in (None, canonical_origin(hook.address.origin)):
        raise TokenError(f"webhook_token_ref of profile {profile.name} is bound to another origin than the webhook")
    return found.secret


def _courier_told(name: str) -> Callable[[CourierEvent], None]:
    def tell(event: CourierEvent) -> None:
        if isinstance(event, CourierFailed):
            output.note(f"{name} {event.origin} does not take what is sent: {event.reason}. Tried again a few times")
        else:
            lost = f"; {event.dropped} were given up meanwhile" if event.dropped else ""
            output.note(f"{name} {event.origin} takes what is sent again{lost}")

    return tell


async def _finish(follower: _Follower, hurry: asyncio.Event) -> None:
    """Give what still waits a little time, less if a second signal comes; say what was not delivered."""
    couriers = follower.all_couriers
    work = [asyncio.ensure_future(each.finish()) for each in couriers]
    if follower.otel is not None:
        work.append(asyncio.ensure_future(follower.otel.finish()))
    if follower.notifier is not None:
        work.append(asyncio.ensure_future(follower.notified.join()))
    hurried = asyncio.ensure_future(hurry.wait())
    try:
        if work:
            ended = asyncio.create_task(_all(work))
            await asyncio.wait({ended, hurried}, timeout=END_S, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
    finally:
        hurried.cancel()
        for each in work:
            each.cancel()
        await asyncio.gather(hurried, *work, return_exceptions=True)
    lost = sum(each.waiting + each.dropped for each in couriers)
    if lost:
        output.note(f"webhook: {counted(lost, 'change')} not delivered")


async def _all(work: Sequence[asyncio.Task[None]]) -> None:
    for each in work:
        await each


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


def _end(follower: _Follower, *, is_stopped: bool) -> ExitCode:
    """Say how the watch ended, and return the exit code of its last round."""
    last = follower.last
    if last is None:
        output.note("ended before the first round was over: nothing is known")
        return ExitCode.INTERRUPTED if is_stopped else ExitCode.FAILED
    profiles = list(last.profiles.values())
    code = most_actionable(code for each in profiles for code in _codes(each, is_paid=follower.order.top.is_paid))
    routes = [route for each in profiles for route in each.routes.values()]
    red = [route for route in routes if route.red is not None]
    waiting = sum(not route.is_confirmed for route in red)
    unproven = sum(route.standing is not Standing.PROVEN for route in routes if route.red is None)
    parts = [f"{counted(last.number, 'round')}, {counted(len(routes), 'route')}: {len(red)} red"]
    parts[0] += f" ({waiting} not confirmed yet)" if waiting else ""
    parts[0] += f", {len(routes) - len(red)} green as far as tried"
    if unproven:
        parts.append(f"{unproven} not proven to the rung that the role needs")
    if unusable := sum(each.problem is not None for each in profiles):
        parts.append(f"{counted(unusable, 'profile')} not usable")
    output.note("; ".join([*parts, f"exit code {int(code)}"]))
    return code


def _codes(profile: ProfileWatch, *, is_paid: bool) -> Iterator[ExitCode]:
    if profile.problem is not None:
        yield code_of_kind(profile.problem)
    if profile.is_budget_told and is_paid:
        yield ExitCode.FAILED
    for route in profile.routes.values():
        red = route.red
        if red is None:
            yield ExitCode.OK
        elif red.standing is Standing.DRIFT:
            yield ExitCode.DRIFT
        else:
            yield ExitCode.FAILED if red.category is None else code_of(red.category)
