"""The documents of `smoke` and `demo`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.reports.documents.classification import ClassificationDocument
from console.cli.reports.documents.finding import FindingDocument
from console.cli.reports.documents.history.streak import StreakDocument
from console.cli.reports.finding import route_subject
from console.domain.probes.arrival import ArrivalPattern
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.served_as import ServedAs
from console.domain.probes.smoke import SmokeResult, SmokeStatus, StampedBy
from console.domain.probes.standing import Standing
from console.domain.record.record import Record
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.shape import Shape

if TYPE_CHECKING:
    from console.services.config.settings import Profile
    from console.view.console_state import ConsoleState


@dataclass(frozen=True, kw_only=True)
class _SmokedRoute:
    """The route that was called, and the end of the call."""

    role: Role
    route: str
    """The route's key: the role, with the route's name if it has one, as in `writer.fast`."""
    model: str
    model_reported: str | None
    """The model that the answer names."""
    model_answered: str | None
    """The model that answered, as far as known: the one that a header names, before the answer's own."""
    model_behind: str | None
    """The deployment behind the requested name, if the gateway's head names it."""
    """The model that the answer names."""
    served_as: ServedAs | None
    shape: Shape
    endpoint_family: EndpointFamily
    endpoint_path: str
    status: SmokeStatus


@dataclass(frozen=True, kw_only=True)
class SmokeResultDocument(ClassificationDocument, _SmokedRoute):
    """What one live smoke test of a route showed: no prompt, no output, no upstream text."""

    http_status: int | None
    requests_sent: int
    request_written_ms: float | None
    """From the start of the call until the request's last byte was handed to the kernel."""
    first_byte_ms: float | None
    ttft_ms: float | None
    ttft_stamped_by: StampedBy | None
    """Who took the time of the first content: the kernel, or this process, late by its loop's lag."""
    """Time to first token: from request written until the first content delta."""
    arrival: ArrivalPattern | None
    """How the content came. After a burst or lumps, `ttft_ms` is not the model's; null without content."""
    longest_gap_ms: float | None
    """The longest time between two arrivals of content; null without content."""
    is_at_limit: bool
    """Whether the answer ended at the call's token limit."""
    total_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    finish: str | None
    request_id: str | None
    findings: tuple[FindingDocument, ...]

    @classmethod
    def of_result(cls, result: SmokeResult) -> Self:
        """Return a smoke test's end as the documents name it."""

        def rounded(value: float | None) -> float | None:
            return None if value is None else round(value, 1)

        return cls(
            role=result.key.role,
            route=str(result.key),
            model=result.model,
            model_reported=result.model_reported,
            model_answered=result.service.model if result.service else None,
            model_behind=result.service.behind if result.service else None,
            served_as=result.service.served_as if result.service else None,
            shape=result.shape,
            endpoint_family=EndpointFamily(result.endpoint_family),
            endpoint_path=result.endpoint_path,
            status=result.status,
            **vars(ClassificationDocument.of(result.classification)),
            http_status=result.http_status,
            requests_sent=result.requests_sent,
            request_written_ms=rounded(result.request_written_ms),
            first_byte_ms=rounded(result.first_byte_ms),
            ttft_ms=rounded(result.ttft_ms),
            ttft_stamped_by=result.ttft_stamped_by,
            arrival=None if result.arrival is None else result.arrival.pattern,
            longest_gap_ms=None if result.arrival is None else rounded(result.arrival.longest_gap_ms),
            is_at_limit=result.is_at_limit,
            total_ms=rounded(result.total_ms),
            input_tokens=result.input_tokens,
            output_tokens=result.output_tokens,
            finish=result.finish,
            request_id=result.request_id,
            findings=tuple(FindingDocument.of(each, route_subject(result.key)) for each in result.findings),
        )


@dataclass(frozen=True, kw_only=True)
class _KnownRoute:
    """What is known of a route after the tests."""

    role: Role
    route: str
    """The route's key: the role, with the route's name if it has one, as in `writer.fast`."""
    verdict: Standing
    untested: Rung | None
    """The rung that would prove the route; null where it is proven or in trouble."""


@dataclass(frozen=True, kw_only=True)
class SmokedRouteDocument(StreakDocument, _KnownRoute):
    """What is known of a route after the tests, and since when it is red if it is."""

    @classmethod
    def of(cls, state: "ConsoleState", route: ProvenRoute) -> Self:
        """Return a route as the document names it."""
        return cls(
            role=route.role,
            route=str(route.key),
            verdict=route.standing,
            untested=route.proving_rung,
            **vars(StreakDocument.of_streak(state.streak(route.key))),
        )


@dataclass(frozen=True, kw_only=True)
class LagDocument:
    """How punctual this console was while it measured."""

    loop_lag_p99_ms: float


@dataclass(frozen=True, kw_only=True)
class SmokedDocument:
    """What live smoke tests of a profile's routes showed, without the document's name."""

    profile: str
    config: str
    """Where the profile comes from: a path, or that it is built in."""
    origin: str
    """Scheme, host and port of the gateway."""
    results: tuple[SmokeResultDocument, ...]
    routes: tuple[SmokedRouteDocument, ...]
    console: LagDocument

    @classmethod
    def of(
        cls,
        profile: "Profile",
        origin: str,
        results: Iterable[SmokeResult],
        loop_lag_p99_ms: float,
        state: "ConsoleState",
    ) -> Self:
        """Return the results as the documents name them."""
        return cls(
            profile=profile.name,
            config=profile.source,
            origin=origin,
            results=tuple(map(SmokeResultDocument.of_result, results)),
            routes=tuple(SmokedRouteDocument.of(state, route) for route in state.proven),
            console=LagDocument(loop_lag_p99_ms=round(loop_lag_p99_ms, 2)),
        )


@dataclass(frozen=True, kw_only=True)
class _Smoke:
    schema: Literal["gateway-console/smoke/v1"] = "gateway-console/smoke/v1"


@dataclass(frozen=True, kw_only=True)
class SmokeDocument(SmokedDocument, _Smoke):
    """What live smoke tests of a profile's routes showed."""


@dataclass(frozen=True, kw_only=True)
class _Demo:
    schema: Literal["gateway-console/demo/v1"] = "gateway-console/demo/v1"


@dataclass(frozen=True, kw_only=True)
class DemoDocument(SmokedDocument, _Demo):
    """The demo: smoke tests of its routes, then the records of its runs."""

    runs: tuple[Record, ...]
