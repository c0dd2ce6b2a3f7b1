"""The metrics of a watch: Prometheus' format to the letter, and OTLP's as its own schema reads it."""

from collections import Counter

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from support.watch.exposition_check import Sample, parsed
from support.watch.sightings import AUTH, ROUTE, green, red

from console.domain.money import Spent
from console.domain.watch.profile_watch import ProfileRound, ProfileWatch
from console.domain.watch.told import ToldKind
from console.view.watch.metrics import WatchMetrics, otlp_metrics, prometheus_text

NAMES = {"profile": "p", "route": "writer", "model": 'm"x\\y\nz'}


def measured(*rounds: ProfileRound) -> WatchMetrics:
    known = ProfileWatch("p")
    for each in rounds:
        known, _ = known.after(each)
    return WatchMetrics("1.2.3", {"p": known}, 100.0, 700.0, 3, 0.25, Counter({ToldKind.ALARM: 2}), 1)


def odd(seen: object) -> ProfileRound:
    """Return a round of a route whose model has every character that the format escapes."""
    from dataclasses import replace

    return ProfileRound(400.0, (replace(seen, route=replace(ROUTE, model=NAMES["model"])),), spent=Spent(7, 1_500))


def test_the_text_is_what_the_format_wants_and_says_what_is_known() -> None:
    samples = parsed(prometheus_text(measured(odd(green()), odd(red(AUTH)))))
    values = {each.name.removeprefix("gateway_console_watch_"): each.value for each in samples}
    assert Sample("gateway_console_watch_route_red_seconds", tuple(NAMES.items()), 300.0) in samples
    assert (values["route_green"], values["route_alarm"], values["profile_usable"]) == (0, 1, 1)
    assert (values["spent_usd"], values["last_round_duration_seconds"]) == (0.0015, 0.25)
    assert values["undelivered_total"] == 1
    alarms = ("gateway_console_watch_changes_total", (("kind", "alarm"),))
    assert [each.value for each in samples if (each.name, each.labels) == alarms] == [2]


def test_a_watch_that_has_no_round_yet_has_metrics_of_itself() -> None:
    assert {each.name for each in parsed(prometheus_text(WatchMetrics("1", {}, 1.0, 1.0, 0, 0.0)))}


def test_the_json_is_a_request_that_opentelemetrys_own_types_read_with_the_same_values() -> None:
    of = measured(odd(green()), odd(red(AUTH)))
    request = Parse(otlp_metrics(of), ExportMetricsServiceRequest())
    (resource,) = request.resource_metrics
    (scope,) = resource.scope_metrics
    found = {}
    for metric in scope.metrics:
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        assert kind == "gauge" or (data.is_monotonic and data.aggregation_temporality == 2)
        for point in data.data_points:
            labels = frozenset((each.key, each.value.string_value) for each in point.attributes)
            found[metric.name, labels] = point.as_double
            assert point.time_unix_nano == 700 * 10**9
    text = {
        (
            each.name.removesuffix("_total").replace("gateway_console_watch_", "gateway_console.watch."),
            frozenset(each.labels),
        ): each.value
        for each in parsed(prometheus_text(of))
    }
    assert found == text
