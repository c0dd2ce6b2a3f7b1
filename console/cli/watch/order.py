"""What to watch, how and where it is told, from the command line and the profiles' settings."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from console.cli.context import current
from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.services.config.load import BrokenProfile
from console.services.config.settings import Profile, WatchSettings
from console.services.gateway.post_address import PostAddress
from console.services.tokens.reference import Reference
from console.services.watch.spending import NO_BUDGET

_OTLP_PATH = "/v1/metrics"
_OTLP_USUAL = f"http://127.0.0.1:4318{_OTLP_PATH}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the changes of some profiles go."""

    address: PostAddress
    token_ref: Reference | None = None
    """Where its own token is; None sends none, as to the one of the command line."""
    profile: Profile | None = field(default=None, compare=False)
    """A profile whose config names it: its keyring or vault has the token."""


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """What to watch, how and where it is told."""

    profiles: tuple[str, ...]
    simulated: frozenset[str]
    """The profiles on the embedded gateway."""
    top: Rung
    every_s: float
    rounds: int | None
    for_s: float | None
    has_jitter: bool
    is_once: bool
    is_read_only: bool
    as_json: bool
    webhook: Webhook | None
    """Where the changes of all profiles go, by the command line."""
    webhooks: dict[str, Webhook]
    """Where those of each profile go, by the config; empty if the command line says it."""
    prometheus_port: int | None
    prometheus_file: Path | None
    otel: PostAddress | None
    rings: bool
    notifies: bool

    @classmethod
    def of(
        cls,
        arguments: argparse.Namespace,
        profiles: Sequence[Profile | BrokenProfile],
        *,
        port: int | None,
        file: Path | None,
    ) -> Self:
        """Return what a command line asks for.

        Args:
            arguments: The command line.
            profiles: The profiles, as the config has them at the start.
            port: Where metrics are served; None if they are not.
            file: Where metrics are written; None if they are not.

        Raises:
            Problem: It contradicts itself or the config.

        """
        usable = [each for each in profiles if isinstance(each, Profile)]
        settings = [each.watch for each in usable] or [WatchSettings()]
        level = min(each.level for each in settings) if arguments.level is None else arguments.level
        if arguments.read_only and level > Rung.CATALOGUE:
            raise Problem(
                f"--read-only: rung {level} sends calls that may cost money; nothing was sent. Next: --level 2",
                ProblemKind.REFUSED,
            )
        if level >= Rung.SMOKE:
            unlimited = [each.name for each in usable if not _has_budget(each)]
            if unlimited:
                raise Problem(f"--level {level}: profile {unlimited[0]}: {NO_BUDGET}", ProblemKind.CONFIG)
        return cls(
            profiles=tuple(each.name for each in profiles),
            simulated=frozenset(each.name for each in usable if each.is_embedded),
            top=Rung(level),
            every_s=arguments.every or min(each.every_s for each in settings),
            rounds=1 if arguments.once else arguments.rounds,
            for_s=arguments.for_s,
            has_jitter=arguments.jitter,
            is_once=arguments.once,
            is_read_only=arguments.read_only,
            as_json=arguments.json,
            webhook=None if arguments.webhook is None else Webhook(_address(arguments.webhook, "--webhook")),
            webhooks={} if arguments.webhook is not None else _webhooks(profiles),
            prometheus_port=port,
            prometheus_file=file,
            otel=None if arguments.otel is None else _otel(arguments.otel),
            rings=arguments.bell,
            notifies=arguments.notify,
        )


def _has_budget(profile: Profile) -> bool:
    return profile.policy.budget_tokens is not None or profile.policy.budget_usd is not None


def _webhooks(profiles: Sequence[Profile | BrokenProfile]) -> dict[str, Webhook]:
    return {
        each.name: Webhook(
            _address(each.watch.webhook, f"webhook of profile {each.name}"), each.watch.webhook_token_ref, each
        )
        for each in profiles
        if isinstance(each, Profile) and each.watch.webhook
    }


def _address(text: str, name: str) -> PostAddress:
    """Return a webhook's address. Raises `Problem`, whose message does not contain it."""
    url = text
    if text.startswith("env:"):
        variable = text.removeprefix("env:")
        url, name = current().environment.get(variable, ""), f"{name}: the value of the variable"
        if not url:
            raise Problem(f"{name} that it names is not set", ProblemKind.CONFIG)
    try:
        return PostAddress.parse(url)
    except ValueError as error:
        raise Problem(f"{name} {error}", ProblemKind.USAGE) from None


def _otel(given: str) -> PostAddress:
    environment = current().environment
    base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    found = given or environment.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "")
    found = found or (f"{base}{_OTLP_PATH}" if base else _OTLP_USUAL)
    try:
        address = PostAddress.parse(found)
    except ValueError as error:
        raise Problem(f"--otel: the endpoint {error}", ProblemKind.USAGE) from None
    return address if address.path != "/" else PostAddress(address.origin, _OTLP_PATH)
