"""The metrics of a watch: one table of them, as Prometheus text and as OpenTelemetry's JSON.

The text is the exposition format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-12-02).
The JSON is an ExportMetricsServiceRequest of OTLP 1 (https://opentelemetry.io/docs/specs/otlp/, read 2026-12-02).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.domain.watch.profile_watch import ProfileWatch
from console.domain.watch.told import ToldKind

_PREFIX = "gateway_console_watch_"
_CUMULATIVE = 2


@dataclass(frozen=True, slots=True)
class WatchMetrics:
    """What is measured of a watch after a round."""

    version: str
    profiles: Mapping[str, ProfileWatch]
    began_at: float
    """When this process began to watch: Unix time in seconds; so is the next."""
    at: float
    """When the newest round began."""
    rounds: int
    round_s: float
    """How long the newest round took, in seconds."""
    told: Mapping[ToldKind, int] = field(default_factory=Counter)
    """How many changes of each kind were told."""
    dropped: int = 0
    """How many changes were not delivered to a webhook."""


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    unit: str
    help: str
    is_counter: bool
    samples: tuple[tuple[dict[str, str], float], ...]


def _metrics(of: WatchMetrics) -> Iterator[_Metric]:
    profiles = sorted(of.profiles.values(), key=lambda each: each.name)
    routes = [(known, {"profile": each.name, "route": str(known.route.key), "model": known.route.model})
              for each in profiles for known in each.routes.values()]  # fmt: skip
    yield _gauge(
        "profile_usable", "1", "Whether the profile can be watched: its config, token and address.",
        *(({"profile": each.name}, float(each.problem is None)) for each in profiles),
    )  # fmt: skip
    yield _gauge(
        "route_green", "1", "Whether nothing speaks against the route, as far as it was tried.",
        *((labels, float(known.red is None)) for known, labels in routes),
    )  # fmt: skip
    yield _gauge(
        "route_alarm", "1", "Whether the route is red and that was told: a transient red is told in its second round.",
        *((labels, float(known.red is not None and known.is_confirmed)) for known, labels in routes),
    )  # fmt: skip
    yield _gauge(
        "route_verdict", "1", "The route's verdict, in a label.",
        *((labels | {"verdict": str(known.standing)}, 1.0) for known, labels in routes),
    )  # fmt: skip
    yield _gauge(
        "route_rung", "1", "The highest rung of the probe ladder that holds with all below it.",
        *((labels, float(known.reached)) for known, labels in routes),
    )  # fmt: skip
    yield _gauge(
        "route_red_seconds", "s", "For how long the route is red; 0 if it is not.",
        *((labels, 0.0 if known.red_since is None else max(0.0, of.at - known.red_since)) for known, labels in routes),
    )  # fmt: skip
    yield _gauge("last_round_timestamp_seconds", "s", "When the newest round began, in Unix time.", ({}, of.at))
    yield _gauge("last_round_duration_seconds", "s", "How long the newest round took.", ({}, of.round_s))
    yield _gauge(
        "spent_tokens", "1", "The tokens that paid rungs took, today and in this watch.",
        *(({"profile": each.name}, float(each.spent.tokens)) for each in profiles),
    )  # fmt: skip
    yield _gauge(
        "spent_usd", "USD", "The US dollars that paid rungs took, today and in this watch, at the gateway's prices.",
        *(({"profile": each.name}, each.spent.microusd / 1_000_000) for each in profiles),
    )  # fmt: skip
    yield _counter("rounds_total", "The rounds since this process began.", ({}, float(of.rounds)))
    yield _counter(
        "changes_total", "The changes that were told since this process began, by kind.",
        *(({"kind": str(kind)}, float(of.told.get(kind, 0))) for kind in ToldKind),
    )  # fmt: skip
    yield _counter("undelivered_total", "The changes that a webhook did not take.", ({}, float(of.dropped)))


def _gauge(name: str, unit: str, words: str, *samples: tuple[dict[str, str], float]) -> _Metric:
    return _Metric(_PREFIX + name, unit, words, is_counter=False, samples=samples)


def _counter(name: str, words: str, *samples: tuple[dict[str, str], float]) -> _Metric:
    return _Metric(_PREFIX + name, "1", words, is_counter=True, samples=samples)


def prometheus_text(of: WatchMetrics) -> str:
    """Return the metrics in Prometheus' text format."""
    lines = []
    for metric in _metrics(of):
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} {'counter' if metric.is_counter else 'gauge'}")
        lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def otlp_metrics(of: WatchMetrics) -> bytes:
    """Return the metrics as the body of one request to OTLP's path /v1/metrics."""
    begun, now = _nanoseconds(of.began_at), _nanoseconds(max(of.at, of.began_at))
    metrics = [_otlp(metric, begun, now) for metric in _metrics(of) if metric.samples]
    resource = _attributes({"service.name": "gateway-console", "service.version": of.version})
    scope = {"name": "gateway-console", "version": of.version}
    scoped = {"scope": scope, "metrics": metrics}
    return json.dumps({"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": [scoped]}]}).encode()


def _otlp(metric: _Metric, begun: str, now: str) -> dict[str, Any]:
    """Return a metric; OpenTelemetry's names have dots, and no `_total` for counters."""
    name = metric.name.removesuffix("_total").replace(_PREFIX, "gateway_console.watch.")
    points = []
    for labels, value in metric.samples:
        start = {"startTimeUnixNano": begun} if metric.is_counter else {}
        points.append({"attributes": _attributes(labels), **start, "timeUnixNano": now, "asDouble": value})
    head = {"name": name, "description": metric.help, "unit": metric.unit}
    if metric.is_counter:
        return {
            **head, "sum": {"dataPoints": points, "aggregationTemporality": _CUMULATIVE, "isMonotonic": True}
        }  # fmt: skip
    return {**head, "gauge": {"dataPoints": points}}


def _attributes(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": each}} for key, each in values.items()]


def _nanoseconds(at: float) -> str:
    return str(int(at * 1_000) * 1_000_000)
