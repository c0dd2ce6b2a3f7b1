"""Where a watch is told: webhooks, metrics and the desktop, opened before the first round, finished after the last."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from console.cli import output
from console.cli.context import current
from console.cli.reports.documents.watch.event import WatchEventsDocument
from console.cli.reports.sweep import counted
from console.cli.watch.follower import Change, Follower
from console.cli.watch.order import Webhook
from console.domain.tokens.secret import Secret
from console.services.gateway.address import canonical_origin
from console.services.open_gateway import TokenError
from console.services.tokens.resolve import resolve_token
from console.services.tokens.sources import open_sources
from console.services.tokens.terminal import ask_on_terminal
from console.services.watch.courier import END_S, Courier, CourierEvent, CourierFailed
from console.services.watch.exposition import require_metrics_file, serve_metrics, write_metrics
from console.services.watch.notification import Notifier
from console.view.watch.metrics import otlp_metrics, prometheus_text


async def open_outputs(follower: Follower, stack: AsyncExitStack, tasks: "list[asyncio.Task[None]]") -> None:
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


async def finish(follower: Follower, hurry: asyncio.Event) -> None:
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
