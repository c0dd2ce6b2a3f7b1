"""An exchange: one call of a route, judged while it comes in. Parts go in, events come out; no IO."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.category import Category, Classification, classify, judged
from console.domain.contract import Finding, Severity
from console.domain.event import (
    AnswerStarted,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    SmokeEvent,
    SmokeFinished,
    SmokeResult,
    SmokeStatus,
)
from console.domain.guard import safe, scrub
from console.domain.refusal import message_in
from console.domain.route import Route
from console.domain.secret import RedactedStream, Secret
from console.services.probe.call import CallPart, Chunk, Started, Written
from console.services.probe.failure import CallError
from console.wire import FAMILY_WIRES
from console.wire.answer import WRONG_SHAPE, Answer, Delta, error_in
from console.wire.sse import SseDecoder
from console.wire.value import decode

_ERROR_BODY_LIMIT = 65_536
_EXCERPT_LIMIT = 300
"""The most characters of a gateway's own words that are shown."""
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-oneapi-request-id",
    "x-cometapi-request-id",
    "x-litellm-call-id",
)
_HTML = Finding("COM-T-03", Severity.FAIL, "The gateway answered with a web page: base_url may point at a web site.")
_NOT_STREAMED = Finding("COM-T-04", Severity.FAIL, "The request asked for a stream and got a single body.")
_NO_STREAM_TYPE = Finding("COM-T-03", Severity.FAIL, "The answer's content type is not text/event-stream.")
_CUT_INSIDE = Finding("COM-O-04", Severity.WARN, "The stream ended in the middle of an event.")
_OPEN_END = Finding("COM-T-05", Severity.WARN, "The gateway kept the connection open after the answer's end.")
_FRAMING = Finding("COM-O-01", Severity.FAIL, "The stream's framing is broken, or goes over the console's caps.")
_NO_REQUEST_ID = Finding("COM-H-01", Severity.WARN, "The answer names no request id to ask the gateway's support with.")
_OTHER_MODEL = Finding("COM-B-01", Severity.WARN, "The answer names another model than the one that was asked for.")


@dataclass(slots=True)
class _Times:
    """When things happened, in milliseconds from the start of the call."""

    written: float | None = None
    started: float | None = None
    first_content: float | None = None
    completed: float | None = None
    last: float | None = None

    def since_written(self, moment: float | None) -> float | None:
        if moment is None:
            return None
        return max(0.0, moment - (self.written or 0.0))


class Exchange:
    """One smoke call as it comes in: parts go in, events come out. Does no IO and never raises."""

    def __init__(self, route: Route, secret: Secret | None) -> None:
        self.is_over = False
        """The call has failed: nothing that comes now could change that."""
        self.has_open_end = False
        """Set by who reads the call, where it stayed open after the answer was complete."""
        self._route = route
        self._secret = secret
        self._decoder = SseDecoder()
        self._reader = FAMILY_WIRES[route.endpoint_family].open_stream()
        self._times = _Times()
        self._started: Started | None = None
        self._plain = bytearray()
        self._redacted = RedactedStream(secret) if secret else None
        self._is_reasoning = False
        self._said = ""

    @property
    def is_settled(self) -> bool:
        """Tell whether the answer has said how it ends: what may follow is a formality, and has to come soon."""
        return self._reader.is_complete or self._reader.has_failed

    def take(self, part: CallPart) -> list[SmokeEvent]:
        """Take the call's next part and return the events in it."""
        self._times.last = part.elapsed_ms
        match part:
            case Written(elapsed_ms):
                self._times.written = elapsed_ms
                return [RequestWritten(self._route.role, elapsed_ms)]
            case Started(status, _, elapsed_ms):
                self._started = part
                self._times.started = elapsed_ms
                first_byte_ms = self._times.since_written(elapsed_ms) or 0.0
                return [AnswerStarted(self._route.role, status, first_byte_ms)]
            case Chunk(data, elapsed_ms):
                return self._take_chunk(data, elapsed_ms)

    def finish(self, failure: CallError | None) -> list[SmokeEvent]:
        """Take the call's end, and its failure where it had one; return the last events."""
        pending = self._redacted.close() if self._redacted is not None else ""
        rest: list[SmokeEvent] = [self._output(pending)] if pending else []
        result = self._result(failure)
        if self._said:
            rest.append(RefusalRead(self._route.role, self._said))
        return [*rest, SmokeFinished(result)]

    def _take_chunk(self, data: bytes, elapsed_ms: float) -> list[SmokeEvent]:
        if not self._is_stream:
            self._plain += data[: _ERROR_BODY_LIMIT - len(self._plain)]
            return []
        events: list[SmokeEvent] = []
        for event in self._decoder.feed(data):
            for delta in self._reader.feed(event):
                if self._times.first_content is None:
                    self._times.first_content = elapsed_ms
                events += self._show(delta)
        if self._reader.is_complete and self._times.completed is None:
            self._times.completed = elapsed_ms
        has_failed = self._reader.is_over and not self._reader.is_complete
        self.is_over = has_failed or self._decoder.fault is not None
        return events

    @property
    def _is_stream(self) -> bool:
        """Tell whether the answer is a stream of events; a refused call may be one too."""
        return self._started is not None and self._started.content_type == "text/event-stream"

    def _show(self, delta: Delta) -> list[SmokeEvent]:
        """Mask in the order in which text is shown: a token may be spread over content and reasoning."""
        self._is_reasoning = delta.is_reasoning
        text = delta.text if self._redacted is None else self._redacted.feed(delta.text)
        return [self._output(text)] if text else []

    def _output(self, text: str) -> OutputReceived:
        ttft_ms = self._times.since_written(self._times.first_content) or 0.0
        return OutputReceived(self._route.role, text, self._is_reasoning, ttft_ms)

    def _result(self, failure: CallError | None) -> SmokeResult:
        answer = self._reader.close() if self._is_stream else Answer()
        findings = [_FRAMING] if self._decoder.fault is not None else []
        findings += answer.findings
        if self._started is not None:
            findings += self._check_head(self._started)
        if answer.model is not None and not _is_same_model(self._route.model, answer.model):
            findings.append(_OTHER_MODEL)
        classification = self._classify(answer, failure, findings)
        return SmokeResult(
            role=self._route.role,
            model=self._route.model,
            endpoint_family=self._route.endpoint_family,
            endpoint_path=self._route.endpoint_path,
            status=_status(classification),
            classification=classification,
            model_reported=self._closed(answer.model, _MODEL_NAME),
            http_status=self._started.status if self._started else (failure.http_status if failure else None),
            requests_sent=0 if self._times.written is None else 1,
            request_written_ms=self._times.written,
            first_byte_ms=self._times.since_written(self._times.started),
            ttft_ms=self._times.since_written(self._times.first_content),
            total_ms=self._total_ms(failure),
            input_tokens=self._count(answer.usage.input_tokens),
            output_tokens=self._count(answer.usage.output_tokens),
            finish=self._closed(answer.finish, _WORD),
            request_id=self._request_id(),
            findings=tuple(findings),
        )

    def _total_ms(self, failure: CallError | None) -> float | None:
        if self._times.completed is not None:
            return self._times.completed
        return self._times.last if failure is None or failure.elapsed_ms is None else failure.elapsed_ms

    def _count(self, tokens: int | None) -> int | None:
        is_token = tokens is not None and self._secret is not None and self._secret.is_in(str(tokens))
        return None if is_token else tokens

    def _check_head(self, started: Started) -> list[Finding]:
        findings = []
        if started.content_type in ("text/html", "application/xhtml+xml"):
            findings.append(_HTML)
        elif started.status < 300 and not self._is_stream:
            findings.append(_NOT_STREAMED if started.content_type == "application/json" else _NO_STREAM_TYPE)
        if self._request_id() is None:
            findings.append(_NO_REQUEST_ID)
        if self._decoder.is_inside_event:
            findings.append(_CUT_INSIDE)
        if self.has_open_end and self._reader.is_complete:
            findings.append(_OPEN_END)
        return findings

    def _classify(
        self, answer: Answer, failure: CallError | None, findings: Sequence[Finding]
    ) -> Classification | None:
        status = 0 if self._started is None else self._started.status
        refusal = self._refusal(answer, status)
        if refusal is None and failure is not None and not answer.is_complete:
            return failure.classification
        if refusal is not None:
            return self._classify_refusal(refusal)
        if _HTML in findings:
            return judged(
                Category.CONTRACT_VIOLATION,
                f"{_HTML.id}: HTTP status {status} with a web page",
                action="Check base_url: it points at a web site or a login page, not at a gateway's API.",
            )
        broken = next((finding for finding in findings if finding.severity is Severity.FAIL), None)
        return None if broken is None else judged(Category.CONTRACT_VIOLATION, f"{broken.id}: {broken.message}")

    def _refusal(self, answer: Answer, status: int) -> bytes | None:
        """Return the body of a refusal; None where the call was not refused."""
        if self._is_stream:
            if answer.error is not None:
                return answer.error_body or answer.error.as_body()
            return b"" if status >= 300 else None
        body = bytes(self._plain)
        if status >= 300:
            return body  # a refusal stays one, also where its body is cut, slow or compressed
        value = decode(body)
        if not isinstance(value, dict):
            return None
        is_answer = any(WRONG_SHAPE not in wire.read(value).findings for wire in FAMILY_WIRES.values())
        has_content = any(isinstance(value.get(key), list) and value[key] for key in ("choices", "output", "content"))
        return body if error_in(value) is not None or not (is_answer or has_content) else None

    def _classify_refusal(self, body: bytes) -> Classification:
        started = self._started
        self._said = self._excerpt(body, "" if started is None else started.content_type)
        return classify(
            None if started is None else started.status,
            {} if started is None else started.headers,
            body,
            "" if started is None else started.content_type,
            self._is_stream,
            self._route.endpoint_family,
            self._route.endpoint_path,
            (self._times.last or 0.0) / 1000,
        )

    def _excerpt(self, body: bytes, content_type: str) -> str:
        """Return the gateway's own words for the eye; they are masked before they are cut, so no end of a key stays."""
        said = message_in(body, content_type)
        if self._secret is not None:
            said = self._secret.redact(said)
            said = said[: len(said) - self._secret.held_back(said)]  # a body that was cut within the token
        return safe(scrub(said), limit=_EXCERPT_LIMIT)

    def _request_id(self) -> str | None:
        if self._started is None:
            return None
        headers = self._started.headers
        return self._closed(next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None), _REQUEST_ID)

    def _closed(self, text: str | None, form: re.Pattern[str]) -> str | None:
        """Let a name from outside through only where it has a name's form and holds no token."""
        if text is None or not form.fullmatch(text) or (self._secret is not None and self._secret.is_in(text)):
            return None
        return safe(text)


_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+ \-]{0,199}")
_WORD = re.compile(r"[a-z_]{1,40}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4}|\d{6}|\d{8})")


def _is_same_model(requested: str, reported: str) -> bool:
    """Tell whether an answer's model is the one asked for, a dated snapshot of it, or the same without its vendor."""
    asked, said = (name.rpartition("/")[2].partition(":")[0].lower() for name in (requested, reported))
    asked = asked.removesuffix("-latest")
    return said == asked or (said.startswith(asked) and _SNAPSHOT.fullmatch(said[len(asked) :]) is not None)


def _status(classification: Classification | None) -> SmokeStatus:
    if classification is None:
        return SmokeStatus.PASSED
    if classification.category.stops_before_generation or classification.category is Category.ORIGIN_REFUSED:
        return SmokeStatus.BLOCKED
    return SmokeStatus.FAILED
