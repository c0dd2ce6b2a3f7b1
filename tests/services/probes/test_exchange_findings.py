"""What an exchange finds in a call's head, times and end: each case of each assertion has a call that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from support.gateway.servers import closing, content, opening

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.assertion import JudgedBy, assertions, finding_of
from console.domain.probes.event import SmokeFinished
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.gateway.call import Chunk, Started, Written
from console.services.gateway.failure import CallError, deadline_passed, redirected
from console.services.probes.exchange import Exchange

TOKEN = "sk-exchange-0000-1111-2222"
GOOD = b"".join(
    [*opening(EndpointFamily.RESPONSES), content(EndpointFamily.RESPONSES, "O"), *closing(EndpointFamily.RESPONSES)]
)
STREAM = {"content-type": "text/event-stream", "x-request-id": "r-1"}
JSON = {"content-type": "application/json", "x-request-id": "r-1"}
REFUSED = b'{"error":{"message":"no","type":"t","param":null,"code":null}}'


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it comes in."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: STREAM)
    body: bytes = GOOD
    failure: CallError | None = None
    writes: int = 1
    has_open_end: bool = False
    model: str = "m"
    chunks: tuple[tuple[float, int], ...] = ()
    """When pieces of content arrive, and how many at once, in place of `body`."""


def arriving(chunks: tuple[tuple[float, int], ...]) -> list[Chunk]:
    """Return a whole answer whose pieces of content arrive as told."""
    (start, _), (end, _) = chunks[0], chunks[-1]
    text = "O" * sum(pieces for _, pieces in chunks)
    piece = content(EndpointFamily.RESPONSES, "O")
    return [
        Chunk(b"".join(opening(EndpointFamily.RESPONSES)), start),
        *(Chunk(piece * pieces, moment) for moment, pieces in chunks),
        Chunk(b"".join(closing(EndpointFamily.RESPONSES, text)), end),
    ]


def findings_on(call: Call, token: str = TOKEN) -> tuple[Finding, ...]:
    route = Route(Role.WRITER, call.model, EndpointFamily.RESPONSES, "/v1/responses")
    exchange = Exchange(route, Secret(token))
    for _ in range(call.writes):
        exchange.take(Written(1.0))
    if call.status:
        exchange.take(Started(call.status, call.headers, 2.0))
        for chunk in arriving(call.chunks) if call.chunks else [Chunk(call.body, 3.0)]:
            exchange.take(chunk)
    exchange.has_open_end = call.has_open_end
    finished = exchange.finish(call.failure)[-1]
    assert isinstance(finished, SmokeFinished)
    return finished.result.findings


def noticed(call: Call) -> list[Finding]:
    return [replace(finding, evidence="") for finding in findings_on(call)]


def limited(**headers: str) -> Call:
    return Call(429, JSON | {name.replace("_", "-"): value for name, value in headers.items()}, REFUSED)


CASES: dict[tuple[str, str], Call] = {
    ("COM-T-01", "redirected"): Call(status=0, failure=redirected(307)),
    ("COM-T-02", "late"): Call(body=GOOD[:200], failure=deadline_passed(9.0, written=True)),
    ("COM-T-03", "html"): Call(headers=STREAM | {"content-type": "text/html"}, body=b"<html>"),
    ("COM-T-03", "no_stream_type"): Call(headers=STREAM | {"content-type": "text/plain"}),
    ("COM-T-03", "error_page"): Call(502, STREAM | {"content-type": "text/html"}, b"<html>Bad Gateway</html>"),
    ("COM-T-03", "no_events"): Call(body=b"upstream connect error or disconnect"),
    ("COM-T-04", "single_body"): Call(headers=JSON, body=b"{}"),
    ("COM-T-04", "mislabelled"): Call(body=b"{}"),
    ("COM-T-05", "open_end"): Call(has_open_end=True),
    ("COM-T-06", "repeated"): Call(writes=2),
    ("COM-H-01", "missing"): Call(headers={"content-type": "text/event-stream"}),
    ("COM-H-02", "unreadable"): Call(headers=STREAM | {"x-ratelimit-remaining-tokens": "plenty"}),
    ("COM-H-03", "missing"): limited(),
    ("COM-H-03", "unreadable"): limited(retry_after="soon"),
    ("COM-H-03", "renamed"): Call(429, JSON | {"llm_provider-retry-after": "7"}, REFUSED),
    ("COM-B-01", "other_model"): Call(model="another"),
    ("COM-B-01", "other_model_in_header"): Call(headers=STREAM | {"x-model-actual": "another"}),
    ("COM-E-02", "in_head"): Call(headers=STREAM | {"x-echo": f"Bearer {TOKEN}"}),
    ("COM-E-02", "in_error"): Call(401, JSON, REFUSED.replace(b"no", TOKEN.encode())),
    ("COM-E-02", "in_answer"): Call(body=GOOD.replace(b'"delta": "O"', b'"delta": "%b"' % TOKEN.encode())),
    ("COM-O-01", "framing"): Call(body=b"data: \xff\n\n" + GOOD),
    ("COM-O-07", "burst"): Call(chunks=((5_000.0, 8),)),
    ("COM-O-07", "lumps"): Call(chunks=((100.0, 12), (3_000.0, 12))),
    ("COM-O-07", "pause"): Call(chunks=((100.0, 1), (5_100.0, 1))),
    ("COM-O-04", "cut_inside"): Call(body=GOOD + b"data: {"),
    ("SRV-01", "fell_back"): Call(headers=STREAM | {"x-litellm-attempted-fallbacks": "1"}),
    ("SRV-03", "alias"): Call(headers=STREAM | {"x-litellm-model-name": "openai/behind", "x-litellm-model-group": "m"}),
    ("SRV-02", "bridged"): Call(body=GOOD.replace(b'"id": "', b'"id": "chatcmpl-')),
}


@pytest.mark.parametrize("noticed_by", CASES, ids=" ".join)
def test_a_call_that_departs_from_an_assertion_is_noticed(noticed_by: tuple[str, str]) -> None:
    assert replace(finding_of(*noticed_by), evidence="") in noticed(CASES[noticed_by])
    assert replace(finding_of(*noticed_by), evidence="") not in noticed(Call())


def test_every_case_that_a_call_is_judged_by_is_shown() -> None:
    judged_here = {(row.id, case.name) for row in assertions() if row.judged_by is JudgedBy.CALL for case in row.cases}
    assert judged_here <= set(CASES)


def test_a_good_call_has_nothing_that_wants_a_look() -> None:
    assert {finding.severity for finding in findings_on(Call())} <= {Severity.INFO}


@pytest.mark.parametrize(
    "headers",
    [
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s",
        },
        {"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "12ms"},
        {"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-limit-tokens": "0"},
        {"anthropic-ratelimit-input-tokens-limit": "50000", "anthropic-ratelimit-tokens-reset": "2026-11-22T10:00:00Z"},
        {"x-ratelimit-model": "words are no limit"},
    ],
)
def test_rate_limits_as_the_vendors_write_them_are_readable(headers: dict[str, str]) -> None:
    assert "COM-H-02" not in {finding.id for finding in findings_on(Call(headers=STREAM | headers))}


@pytest.mark.parametrize("value", ["1", "0.5", "3600", "Sun, 22 Nov 2026 10:00:00 GMT"])
def test_a_time_to_come_back_within_an_hour_is_well(value: str) -> None:
    assert "COM-H-03" not in {finding.id for finding in findings_on(limited(retry_after=value))}


@pytest.mark.parametrize("value", ["0", "-1", "3601", "", "1e400", "9" * 400])
def test_a_time_to_come_back_outside_of_an_hour_is_noted(value: str) -> None:
    assert finding_of("COM-H-03", "unreadable") in findings_on(limited(retry_after=value))


def test_a_refusal_that_wants_an_action_needs_no_time_to_come_back() -> None:
    body = REFUSED.replace(b'"code":null', b'"code":"insufficient_quota"')
    assert "COM-H-03" not in {finding.id for finding in findings_on(Call(429, JSON, body))}


def test_a_connection_that_fails_is_no_finding_on_time() -> None:
    failure = CallError(judged(Category.UPSTREAM_UNAVAILABLE, "refused"))
    assert findings_on(Call(status=0, failure=failure)) == ()


def test_a_refusals_shape_is_judged() -> None:
    assert finding_of("COM-E-01", "dialect") in findings_on(Call(500, JSON, b'{"detail":"no"}'))
    assert finding_of("COM-E-01", "empty") in findings_on(Call(500, JSON, b""))


def test_a_token_of_digits_is_never_in_the_evidence() -> None:
    broken = Call(body=GOOD.replace(b'"text": "O"', b'"text": "KO"'))
    evidence = [finding.evidence for finding in findings_on(broken) if finding.id == "RSP-STREAM-05"]
    assert evidence == ["event 5, deltas: 1, characters: 1"]
    assert not [finding for finding in findings_on(broken, token="5") if "5" in finding.evidence]


@pytest.mark.parametrize("token", ["OK", "O", "secret7"])
def test_a_token_so_short_that_it_stands_in_ordinary_text_is_no_echo(token: str) -> None:
    said = GOOD.replace(b'"delta": "O"', b'"delta": "%b"' % token.encode())
    assert finding_of("COM-E-02", "in_answer") not in findings_on(Call(body=said), token)
