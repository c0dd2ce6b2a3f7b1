"""An exchange: one call of a route, judged as it arrives. Parts go in, events come out; no IO."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Category, Classification, judged
from console.domain.errors.classify import RefusedCall, classify
from console.domain.finding import Finding, Severity
from console.domain.probes.assertion import finding_of
from console.domain.probes.event import (
    AnswerStarted,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    SmokeEvent,
    SmokeFinished,
)
from console.domain.probes.served_as import Service, check_served, prove
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.text.closed_name import FINISH, MODEL_NAME
from console.domain.tokens.secret import RedactedStream, Secret
from console.services.gateway.call import CallPart, Chunk, Started, Written
from console.services.gateway.failure import CallError
from console.services.probes.head import check_head, request_id
from console.services.probes.mask import Mask
from console.services.probes.request import ProbeRequest
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, Delta, error_in, is_shaped
from console.wire.json_value import decode
from console.wire.judge.expectation import NOTHING
from console.wire.sse import SseDecoder

_ERROR_BODY_LIMIT = 65_536


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
    """One smoke call as it arrives: parts go in, events come out. Does no IO and never raises."""

    def __init__(self, route: Route, secret: Secret | None, request: ProbeRequest | None = None) -> None:
        """Start an exchange.

        Args:
            route: The route to call.
            secret: The token, to mask in the answer.
            request: What was sent; None means a text probe.

        """
        self.is_over = False
        """The call has failed; nothing that still arrives can change that."""
        self.has_open_end = False
        """Set by the reader of the call if it stayed open after the answer was complete."""
        self._route = route
        self._shape = Shape.TEXT if request is None else request.shape
        self._mask = Mask(secret)
        self._has_key = secret is not None
        self._decoder = SseDecoder()
        expected = NOTHING if request is None else request.expected
        self._reader = FAMILY_WIRES[route.endpoint_family].open_stream(expected)
        self._times = _Times()
        self._started: Started | None = None
        self._plain = bytearray()
        self._redacted = RedactedStream(secret) if secret else None
        self._is_telling = secret is not None and secret.is_unmistakable
        self._is_reasoning = False
        self._said = ""
        self._requests = 0

    @property
    def is_settled(self) -> bool:
        """Whether the answer has said how it ends: what may follow is a formality and must come soon."""
        return self._reader.is_complete or self._reader.has_failed

    def take(self, part: CallPart) -> list[SmokeEvent]:
        """Take the call's next part and return its events."""
        self._times.last = part.elapsed_ms
        match part:
            case Written(elapsed_ms):
                self._times.written = elapsed_ms
                self._requests += 1
                return [RequestWritten(self._route.role, elapsed_ms)]
            case Started(status, _, elapsed_ms):
                self._started = part
                self._times.started = elapsed_ms
                first_byte_ms = self._times.since_written(elapsed_ms) or 0.0
                return [AnswerStarted(self._route.role, status, first_byte_ms)]
            case Chunk(data, elapsed_ms):
                return self._take_chunk(data, elapsed_ms)

    def finish(self, failure: CallError | None) -> list[SmokeEvent]:
        """Take the call's end, and its failure if it had one; return the last events."""
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
        """Whether the answer is a stream of events; a refusal may be one too."""
        return self._started is not None and self._started.content_type == "text/event-stream"

    def _show(self, delta: Delta) -> list[SmokeEvent]:
        """Mask in the order in which text is shown: a token may be split between content and reasoning."""
        self._is_reasoning = delta.is_reasoning
        text = delta.text if self._redacted is None else self._redacted.feed(delta.text)
        return [self._output(text)] if text else []

    def _output(self, text: str) -> OutputReceived:
        ttft_ms = self._times.since_written(self._times.first_content) or 0.0
        return OutputReceived(self._route.role, text, self._is_reasoning, ttft_ms)

    def _result(self, failure: CallError | None) -> SmokeResult:
        answer = self._reader.close() if self._is_stream else Answer()
        refusal = self._refusal(answer)
        reading = None if refusal is None else self._read_refusal(refusal)
        findings = [finding_of("COM-O-01", "framing")] if self._decoder.fault is not None else []
        findings += [self._mask.finding(finding) for finding in answer.findings]
        findings += [*self._check_echo(answer), *self._check_ends(failure)]
        service = self._service(answer)
        if self._started is not None:
            body = bytes(self._plain) if refusal is None else refusal
            findings += check_head(self._started, self._route.endpoint_family, body, reading, self._mask)
        if service is not None:
            findings += check_served(service)
        classification = reading or self._broken(answer, failure, findings)
        return SmokeResult(
            role=self._route.role,
            model=self._route.model,
            endpoint_family=self._route.endpoint_family,
            endpoint_path=self._route.endpoint_path,
            status=_status(classification),
            classification=classification,
            model_reported=self._mask.closed(answer.model, MODEL_NAME),
            http_status=self._started.status if self._started else (failure.http_status if failure else None),
            requests_sent=self._requests,
            request_written_ms=self._times.written,
            first_byte_ms=self._times.since_written(self._times.started),
            ttft_ms=self._times.since_written(self._times.first_content),
            total_ms=self._total_ms(failure),
            input_tokens=self._mask.count(answer.usage.input_tokens),
            output_tokens=self._mask.count(answer.usage.output_tokens),
            finish=self._mask.closed(answer.finish, FINISH),
            request_id=None if self._started is None else request_id(self._started, self._mask),
            findings=tuple(findings),
            shape=self._shape,
            service=service,
        )

    def _service(self, answer: Answer) -> Service | None:
        """Return what answered, with names of closed form only; None if nothing did."""
        if self._started is None or not answer.is_complete:
            return None
        found = prove(
            self._route.endpoint_family,
            self._route.model,
            answer.model,
            answer_id=answer.answer_id,
            headers=self._started.headers,
            allowed=self._route.served_as,
        )
        return found.closed(lambda name: self._mask.closed(name, MODEL_NAME))

    def _total_ms(self, failure: CallError | None) -> float | None:
        if self._times.completed is not None:
            return self._times.completed
        return self._times.last if failure is None or failure.elapsed_ms is None else failure.elapsed_ms

    def _check_echo(self, answer: Answer) -> list[Finding]:
        """Return a finding if the answer's text or names contain the token, which we never send to a model."""
        is_in_text = self._redacted is not None and self._redacted.has_masked
        names = (answer.model, answer.answer_id, answer.finish)
        is_echo = is_in_text or any(name is not None and self._mask.is_hit(name) for name in names)
        return [finding_of("COM-E-02", "in_answer")] if is_echo and self._is_telling else []

    def _check_ends(self, failure: CallError | None) -> list[Finding]:
        """Return the findings on the call itself: its requests, its time and its end."""
        findings = []
        if self._requests > 1:
            findings.append(finding_of("COM-T-06", "repeated"))
        if failure is not None and failure.http_status is not None and 300 <= failure.http_status < 400:
            findings.append(finding_of("COM-T-01", "redirected"))
        is_complete = self._reader.is_complete
        if failure is not None and failure.classification.category is Category.TIMEOUT and not is_complete:
            findings.append(finding_of("COM-T-02", "late"))
        if self._decoder.is_inside_event:
            findings.append(finding_of("COM-O-04", "cut_inside"))
        if self.has_open_end and is_complete:
            findings.append(finding_of("COM-T-05", "open_end"))
        return findings

    def _broken(self, answer: Answer, failure: CallError | None, findings: Sequence[Finding]) -> Classification | None:
        """Say why an answer that is not a refusal cannot be trusted; None if it can."""
        if failure is not None and not answer.is_complete:
            return failure.classification
        broken = next((finding for finding in findings if finding.severity is Severity.FAIL), None)
        if broken is None:
            return None
        page = finding_of("COM-T-03", "html")
        if page in findings and self._started is not None:
            return judged(
                Category.CONTRACT_VIOLATION,
                f"{page.id}: HTTP status {self._started.status} with a web page",
                action="Check base_url: it points at a website or a login page, not at a gateway's API.",
            )
        return judged(Category.CONTRACT_VIOLATION, f"{broken.id}: {broken.message}")

    def _refusal(self, answer: Answer) -> bytes | None:
        """Return the body of a refusal; None if the call was not refused."""
        status = 0 if self._started is None else self._started.status
        if self._is_stream:
            if answer.error is not None:
                return answer.error_body or answer.error.as_body()
            return b"" if status >= 300 else None
        body = bytes(self._plain)
        if status >= 300:
            return body  # a refusal even if its body is cut, slow or compressed
        value = decode(body)
        if not isinstance(value, dict):
            return None
        is_answer = any(is_shaped(wire.read(value)) for wire in FAMILY_WIRES.values())
        has_content = any(isinstance(value.get(key), list) and value[key] for key in ("choices", "output", "content"))
        return body if error_in(value) is not None or not (is_answer or has_content) else None

    def _read_refusal(self, body: bytes) -> Classification:
        """Classify a refusal, and keep its own words for display."""
        started = self._started
        read = read_error_body(body, "" if started is None else started.content_type)
        self._said = self._mask.excerpt(read.message)
        return classify(
            RefusedCall(
                None if started is None else started.status,
                {} if started is None else started.headers,
                read,
                self._route.endpoint_family,
                self._route.endpoint_path,
                (self._times.last or 0.0) / 1000,
                has_key=self._has_key,
            )
        )


def _status(classification: Classification | None) -> SmokeStatus:
    if classification is None:
        return SmokeStatus.PASSED
    if classification.category.stops_before_generation or classification.category is Category.ORIGIN_REFUSED:
        return SmokeStatus.BLOCKED
    return SmokeStatus.FAILED
