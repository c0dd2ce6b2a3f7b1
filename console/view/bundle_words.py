"""The bundle as Markdown, which a person can read before it is sent; the same text in both faces."""

from collections.abc import Iterator
from datetime import UTC, datetime

from console.domain.errors.category import Blame
from console.domain.escalation.bundle import Bundle, BundledCall, EventCount
from console.domain.finding import Severity

_OWN = frozenset({Blame.CLIENT, Blame.CONFIG, Blame.CONTENT})
"""Where the cause is on this side, so that support cannot remove it."""


def bundle_lines(bundle: Bundle) -> list[str]:
    """Return the bundle as lines of Markdown."""
    return [
        "# Support bundle",
        "",
        f"Made on {_moment(bundle.made_at_ms)}. It holds no prompt, no output and no token.",
        "",
        "## Where to send it",
        "",
        *_destination(bundle),
        "",
        "## Text to send",
        "",
        *message_lines(bundle),
        "",
        "## Profile",
        "",
        *_rows(_profile(bundle)),
        "",
        "## Route",
        "",
        *_rows(_route(bundle)),
        "",
        "## Call",
        "",
        *_rows(_call(bundle)),
        "",
        "## Event sequence, without content",
        "",
        *_events(bundle.call),
        "",
        "## Findings",
        "",
        *_findings(bundle),
        "",
        "## This machine",
        "",
        *_rows(_versions(bundle)),
        *_doctor(bundle),
    ]


def message_lines(bundle: Bundle) -> list[str]:
    """Return the text to send, as lines."""
    return ["Hello,", "", *_what_happened(bundle), "", *_what_is_asked(bundle), "", "Thank you."]


def _what_happened(bundle: Bundle) -> Iterator[str]:
    route, call, category = bundle.route, bundle.call, bundle.category
    if route is None:
        yield "a run stopped before any route was called."
    else:
        where = f"model {route.model}, endpoint family {route.endpoint_family}, path {route.endpoint_path}"
        outcome = "no call was made yet" if call is None else _OUTCOMES[call.outcome]
        if call is not None and call.requests_sent == 0:
            outcome = "a call could not be sent"
        if call is not None and call.outcome == "answered" and category is not None:
            outcome = "a call was answered, and the answer cannot be used"
        yield f"{outcome}: {where}."
    if call is not None:
        status = "no HTTP status arrived" if call.http_status is None else f"HTTP status {call.http_status}"
        named = "no request id arrived" if call.request_id is None else f"request id {call.request_id}"
        when = "" if call.at_ms is None else f", begun on {_moment(call.at_ms)}"
        yield f"{status}, {named}{when}."
    if category is not None:
        yield f"Our client reads it as {category.category}. {category.means}"
    broken = dict.fromkeys(each.id for each in bundle.findings if each.severity is Severity.FAIL)
    if broken:
        yield f"Our client found: {', '.join(broken)}."


def _what_is_asked(bundle: Bundle) -> Iterator[str]:
    category = bundle.category
    if category is None:
        yield "Please say whether this is what you expect of this route."
        return
    if category.blame in _OWN:
        yield f"The cause is most likely on our side: {category.blame}. Please confirm it, or say what else it is."
    else:
        yield f"The cause is most likely here: {category.blame}. Please say whether this is so, and what we can change."
    yield "Please quote the request id in your answer." if _has_id(bundle) else "What can we send to find the call?"


_OUTCOMES = {
    "answered": "a call was answered",
    "failed": "a call failed",
    "lost": "a call was cut off, and its outcome is unknown",
    "open": "a call has no end yet",
}


def _has_id(bundle: Bundle) -> bool:
    return bundle.call is not None and bundle.call.request_id is not None


def _destination(bundle: Bundle) -> Iterator[str]:
    to = bundle.destination
    yield f"- to: {to.address or 'no address is known'}"
    yield f"- {to.source}"
    category = bundle.category
    if category is not None:
        yield f"- ask first: {category.ask}"
        yield f"- do first: {category.action}"


def _profile(bundle: Bundle) -> Iterator[tuple[str, str]]:
    about = bundle.profile
    yield "profile", about.name
    yield "gateway", "the embedded gateway" if about.is_embedded else about.gateway_origin or "not known"
    yield "token in", about.auth or "not known: the profile could not be loaded"
    yield "token from", _list(about.token_kinds, "none: the gateway takes no token")
    yield "own headers", _list(about.header_names, "none")


def _list(names: tuple[str, ...] | None, empty: str) -> str:
    return "not known: the profile could not be loaded" if names is None else ", ".join(names) or empty


def _route(bundle: Bundle) -> Iterator[tuple[str, str]]:
    if bundle.run_id is not None:
        yield "run", bundle.run_id
        yield "record head", bundle.run_head or ""
    route = bundle.route
    if route is None:
        yield "route", "none was concerned"
        return
    yield "route", route.route
    yield "model", route.model
    yield "family", route.endpoint_family
    yield "path", route.endpoint_path


def _call(bundle: Bundle) -> Iterator[tuple[str, str]]:
    call, category = bundle.call, bundle.category
    if call is None:
        yield "call", "not tried: no call was made"
    else:
        yield "outcome", call.outcome
        if call.at_ms is not None:
            yield "begun", _moment(call.at_ms)
        if call.call_id is not None:
            yield "call id", call.call_id
        yield "requests", _known(call.requests_sent)
        yield "HTTP status", _known(call.http_status)
        yield "request id", call.request_id or "none in a form that can be shown"
        yield "answered as", call.model_reported or "not reported"
        yield "finish", call.finish or "none"
        yield "tokens", f"{_known(call.input_tokens)} in, {_known(call.output_tokens)} out"
        yield "first byte", _ms(call.first_byte_ms)
        yield "first token", _ms(call.ttft_ms)
        yield "total", _ms(call.total_ms)
        if call.arrival is not None:
            yield "arrival", call.arrival
    if category is not None:
        yield "category", category.category.value
        yield "means", category.means
        yield "blame", category.blame.value
        if category.rule:
            yield "rule", category.rule


def _events(call: BundledCall | None) -> Iterator[str]:
    if call is None:
        yield "Not tried: no call was made."
    elif call.events is None:
        yield "Not kept: the record has the outcome of the call, and this machine does not have its events."
    elif call.http_status is None:
        yield "No answer arrived."
    elif not call.events:
        yield "The answer was not a stream of events."
    else:
        yield from (f"{number}. {each}" for number, each in enumerate(map(_event, call.events), 1))
        if not call.is_events_whole:
            yield ""
            yield "The stream was longer: the events above are its beginning."


def _event(events: EventCount) -> str:
    return events.kind if events.count == 1 else f"{events.kind}, {events.count} in a row"


def _findings(bundle: Bundle) -> Iterator[str]:
    for each in bundle.findings:
        severity = "" if each.severity is None else f" ({each.severity})"
        yield f"- {each.id}{severity}: {each.words or 'an id that this version does not know'}"
    if not bundle.findings:
        yield "None."


def _versions(bundle: Bundle) -> Iterator[tuple[str, str]]:
    yield "gateway-console", bundle.versions.console
    yield "Python", bundle.versions.python
    yield "system", bundle.versions.system


def _doctor(bundle: Bundle) -> Iterator[str]:
    for each in bundle.doctor:
        yield f"- {each.id}: {each.health}{f', {each.found}' if each.found else ''}"


def _rows(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    return (f"- {label}: {text}" for label, text in rows)


def _known(value: int | None) -> str:
    return "not known" if value is None else str(value)


def _ms(value: int | None) -> str:
    return "not known" if value is None else f"{value} ms"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
