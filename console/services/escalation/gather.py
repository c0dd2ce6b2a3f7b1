"""Gathers a bundle: from a run's record, or from a route and what a live call of it showed."""

import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console import __version__
from console.domain.errors.category import Classification, guidance
from console.domain.escalation.bundle import (
    Bundle,
    BundledCall,
    BundledCategory,
    BundledFinding,
    BundledProfile,
    BundledRoute,
    BundledSymptom,
    BundledVersions,
    Destination,
    EventCount,
    path_without_values,
)
from console.domain.escalation.finding_words import finding_words
from console.domain.exchange.kept import KeptExchange
from console.domain.exchange.shape import ExchangeShape
from console.domain.probes.ladder import RungResult
from console.domain.probes.smoke import SmokeResult
from console.domain.problem import ProblemKind
from console.domain.routes.contract import RouteCheck
from console.domain.routes.documentation import documentation_for
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.run.call_event import CallFailed, CallIntended, CallRecorded
from console.domain.run.pinned import PinnedRoute
from console.domain.run.state import CallEnd, RunState
from console.domain.text.closed_name import VERSION
from console.domain.verification import rows
from console.services.config.settings import EMBEDDED, Profile
from console.services.doctor import Symptom
from console.services.escalation.guard import EscalationError
from console.services.run.run_log import RunLog

_USAGE = ProblemKind.USAGE
_ROW = "support-escalation"
"""The verification row that names where to report what a gateway does."""
_CLOSED = frozenset(
    {"terminal.size", "terminal.colours", "terminal.tmux", "terminal.ssh", "network.proxy", "network.key_log",
     "network.ignored", "token.entry"}
)  # fmt: skip
"""The symptoms whose words name no path, no variable's value and no reference."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every bundle of this machine has."""

    made_at_ms: int
    symptoms: tuple[Symptom, ...]
    environment: Mapping[str, str]


def failed_call(state: RunState) -> CallFailed | None:
    """Return the newest call of a run that failed; None if none did."""
    return next((end for end in reversed(state.ends) if isinstance(end, CallFailed)), None)


def route_that_failed(state: RunState) -> Route:
    """Return the route of a run's failed call.

    Raises:
        EscalationError: No call of the run failed.

    """
    failed = failed_call(state)
    route = None if failed is None else state.route(failed.role)
    if route is None:
        raise EscalationError(f"no call of run {state.run_id} failed, so there is nothing to show again", _USAGE)
    return Route(route.role, route.model, route.endpoint_family, route.endpoint_path)


def bundle_of_run(
    log: RunLog, profile: Profile | None, around: Surroundings, kept: KeptExchange | None = None
) -> Bundle:
    """Return the bundle of a run, from its record alone; of the profile, only what the record lacks is asked.

    Args:
        log: The run.
        profile: The profile that it was begun with; None if it can no longer be loaded.
        around: The machine and the time.
        kept: What this machine keeps of the failed call's exchange; None if nothing.

    """
    state = log.state
    intended, end = _call_of(state)
    begun = next((each.at_ms for each in log.entries if intended is not None and each.event == intended), None)
    stopped, created = state.stopped, state.created
    role = intended.role if intended is not None else None if stopped is None else stopped.role or state.role
    route = None if role is None else state.route(role)
    noted = () if stopped is None else stopped.findings
    found = [BundledFinding(each.id, each.severity, finding_words(each.id)) for each in noted]
    if isinstance(end, CallFailed) and end.finding is not None:
        found.insert(0, BundledFinding(end.finding, None, finding_words(end.finding)))
    if kept is not None:
        found = [*(BundledFinding(each.id, each.severity, each.message) for each in kept.findings), *found]
        told = {each.id for each in found if each.severity is not None}
        found = [each for each in found if each.severity is not None or each.id not in told]
    origin = None if created is None else created.gateway_origin
    return Bundle(
        made_at_ms=around.made_at_ms,
        versions=_versions(),
        run_id=state.run_id,
        run_head=state.head,
        profile=_profile(profile, "" if created is None else created.profile, origin),
        route=None if route is None else _pinned(route),
        call=None if intended is None else _recorded_call(intended, end, kept, begun),
        category=_category_of_run(state, end, kept),
        findings=tuple(dict.fromkeys(found)),
        doctor=_doctor(around.symptoms),
        destination=_destination(profile, origin, around.environment),
    )


def bundle_of_route(
    profile: Profile,
    check: RouteCheck,
    around: Surroundings,
    *,
    origin: str | None,
    result: SmokeResult | None = None,
    begun_at_ms: int | None = None,
    rungs: tuple[RungResult, ...] = (),
) -> Bundle:
    """Return the bundle of a route: its offline check, and a live call of it if there was one.

    Args:
        profile: The profile.
        check: The route with its offline check.
        around: The machine and the time.
        origin: The gateway's origin; None if it is not known.
        result: What the call showed; None if none was made.
        begun_at_ms: When it was begun, in milliseconds since 1970; None if that is not known.
        rungs: What the probe ladder showed of the route; without a call, the highest refused rung says why.

    """
    of_rungs = [finding for rung in rungs for finding in rung.findings]
    findings = (*check.findings, *of_rungs, *(() if result is None else result.findings))
    refused = next((rung.classification for rung in reversed(rungs) if rung.classification is not None), None)
    route = check.route
    return Bundle(
        made_at_ms=around.made_at_ms,
        versions=_versions(),
        run_id=None,
        run_head=None,
        profile=_profile(profile, profile.name, origin),
        route=BundledRoute(
            str(route.key), route.model, route.endpoint_family.value, path_without_values(route.endpoint_path)
        ),
        call=None
        if result is None or (not result.requests_sent and result.total_ms is None)
        else _live_call(result, begun_at_ms),
        category=_category(refused if result is None else result.classification),
        findings=tuple(dict.fromkeys(BundledFinding(each.id, each.severity, each.message) for each in findings)),
        doctor=_doctor(around.symptoms),
        destination=_destination(profile, origin, around.environment),
    )


# --- The call ---------------------------------------------------------------------------------------------------------


def _call_of(state: RunState) -> tuple[CallIntended | None, CallEnd | None]:
    """Return the call that a bundle is about: the newest failed one, or else the newest."""
    ends = {end.call_id: end for end in state.ends}
    failed = failed_call(state)
    newest = state.calls[-1] if state.calls else None
    call = next((each for each in state.calls if failed is not None and each.call_id == failed.call_id), newest)
    return call, None if call is None else ends.get(call.call_id)


def _recorded_call(
    intended: CallIntended, end: CallEnd | None, kept: KeptExchange | None, begun_at_ms: int | None
) -> BundledCall:
    outcome = "open" if end is None else "lost"
    requests: int | None = None
    finish = None if kept is None else kept.finish
    if isinstance(end, CallFailed):
        outcome, requests = "failed", end.requests_sent
    elif isinstance(end, CallRecorded):
        outcome, requests, finish = "answered", 1, end.finish
    facts = end if isinstance(end, CallFailed | CallRecorded) else None
    return BundledCall(
        outcome=outcome,
        at_ms=begun_at_ms,
        call_id=intended.call_id,
        requests_sent=requests,
        http_status=None if facts is None else facts.http_status,
        request_id=None if facts is None else facts.request_id,
        model_reported=None if facts is None else facts.model_reported,
        finish=finish,
        input_tokens=None if facts is None else facts.input_tokens,
        output_tokens=None if facts is None else facts.output_tokens,
        first_byte_ms=None if kept is None else kept.first_byte_ms,
        ttft_ms=None if facts is None else facts.ttft_ms,
        total_ms=None if facts is None else facts.total_ms,
        arrival=None if kept is None else kept.arrival,
        events=None if kept is None else counted(kept.shape),
        is_events_whole=kept is not None and kept.shape.is_whole,
    )


def _live_call(result: SmokeResult, begun_at_ms: int | None) -> BundledCall:
    return BundledCall(
        outcome="answered" if result.classification is None else "failed",
        at_ms=begun_at_ms,
        call_id=None,
        requests_sent=result.requests_sent,
        http_status=result.http_status,
        request_id=result.request_id,
        model_reported=result.model_reported,
        finish=result.finish,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        first_byte_ms=_whole(result.first_byte_ms),
        ttft_ms=_whole(result.ttft_ms),
        total_ms=_whole(result.total_ms),
        arrival=None if result.arrival is None else result.arrival.pattern.value,
        events=None if result.exchange is None else counted(result.exchange),
        is_events_whole=result.exchange is not None and result.exchange.is_whole,
    )


def counted(exchange: ExchangeShape) -> tuple[EventCount, ...]:
    """Return the events of an exchange, by kind and in order."""
    return tuple(EventCount(kind, count) for kind, count in exchange.sequence)


def _whole(ms: float | None) -> int | None:
    return None if ms is None else round(ms)


# --- The category -----------------------------------------------------------------------------------------------------


def _category(found: Classification | None) -> BundledCategory | None:
    if found is None:
        return None
    means = guidance()[found.category].means
    return BundledCategory(found.category, found.blame, found.rule, means, found.action, found.ask)


def _category_of_run(state: RunState, end: CallEnd | None, kept: KeptExchange | None) -> BundledCategory | None:
    category = end.category if isinstance(end, CallFailed) else None
    if category is None and state.stopped is not None:
        category = state.stopped.category
    if category is None:
        return None
    about = guidance()[category]
    blame = end.blame if isinstance(end, CallFailed) else about.blame
    found = Classification(category, blame, "", about.action)
    return BundledCategory(category, blame, "" if kept is None else kept.rule, about.means, about.action, found.ask)


# --- The profile and where to send it ---------------------------------------------------------------------------------


def _profile(profile: Profile | None, name: str, origin: str | None) -> BundledProfile:
    known = None if profile is None else profile.gateway
    return BundledProfile(
        name=name,
        gateway_origin=origin,
        is_embedded=origin == EMBEDDED or (profile is not None and profile.is_embedded),
        auth=None if known is None else known.auth,
        token_kinds=None if known is None else tuple(dict.fromkeys(each.scheme.value for each in known.token_ref)),
        header_names=None if known is None else tuple(sorted(known.headers)),
    )


def _destination(profile: Profile | None, origin: str | None, environment: Mapping[str, str]) -> Destination:
    """Return where to send a bundle: the profile's address, or that of the gateway's own row."""
    if profile is not None and profile.gateway.support:
        return Destination(profile.gateway.support, "It is the profile's own address (gateway.support).")
    if origin == EMBEDDED or (profile is not None and profile.is_embedded):
        return Destination("", "The embedded gateway answered, which no one supports: this shows the form alone.")
    base = None if profile is None else profile.gateway.base(environment)
    host = _host(origin) if base is None else base.host
    name = "" if profile is None else profile.gateway.documentation
    row = next(each for each in rows() if each.id == _ROW)
    of_row = documentation_for("", _host(row.source_url))
    if of_row is not None and documentation_for(name, host) is of_row:
        return Destination(row.source_url, f"It is the page of the verification row {_ROW}.")
    return Destination(
        "", "Write the gateway's support address into gateway.support of the profile, as a URL or an e-mail address."
    )


def _host(url: str | None) -> str:
    found = re.match(r"https?://([^/:?#]+)", url or "")
    return "" if found is None else found[1]


# --- The machine ------------------------------------------------------------------------------------------------------


def _versions() -> BundledVersions:
    parts = (platform.system(), platform.release(), platform.machine())
    closed = (
        part for part in parts if re.fullmatch(r"[A-Za-z]{1,20}|[A-Za-z0-9_]{1,20}", part) or VERSION.fullmatch(part)
    )
    return BundledVersions(__version__, platform.python_version(), " ".join(closed))


def _doctor(symptoms: Iterable[Symptom]) -> tuple[BundledSymptom, ...]:
    return tuple(BundledSymptom(each.id, each.health.value, _closed_words(each)) for each in symptoms)


def _closed_words(symptom: Symptom) -> str:
    """Return a symptom's words as far as they are closed: of a token, its state alone."""
    if symptom.id == "token.state":
        return symptom.found.partition(":")[0]
    return symptom.found if symptom.id in _CLOSED else ""


def _pinned(route: PinnedRoute) -> BundledRoute:
    key = RouteKey.of(route.role, "")
    return BundledRoute(str(key), route.model, route.endpoint_family.value, path_without_values(route.endpoint_path))


def default_path(bundle: Bundle, ending: str) -> Path:
    """Return the file name that a bundle gets if the operator names none, in the current directory."""
    about = bundle.run_id if bundle.run_id is not None else "" if bundle.route is None else bundle.route.route
    return Path(f"gateway-console-bundle-{about}-{bundle.made_at_ms // 1000}.{ending}")
