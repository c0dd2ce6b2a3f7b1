"""An exchange: one call of a route, judged as it arrives. Parts go in, events come out; no IO."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from console.domain.errors.body import ErrorBody, read_error_body
from console.domain.errors.category import Category, Classification, Confidence
from console.domain.errors.classify import RefusedCall, classify
from console.domain.finding import Finding
from console.domain.probes.arrival import ArrivalMeter
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
from console.domain.probes.smoke import Counted, SmokeResult, SmokeStatus, StampedBy
from console.domain.probes.token_limit import TokenLimit
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.text.closed_name import FINISH, MODEL_NAME
from console.domain.tokens.secret import RedactedStream, Secret
from console.services.gateway.call import CallPart, Chunk, Started, Written
from console.services.gateway.failure import CallError
from console.services.probes.call_check import Ended, check_arrival, check_ends, offer_whole, why_broken
from console.services.probes.head import check_head, is_page, request_id
from console.services.probes.intake import EVENT_STREAM, Intake
from console.services.probes.kept_shape import ShapeKeeper
from console.services.probes.mask import Mask
from console.services.probes.request import SMOKE_LIMIT, ProbeRequest
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, Delta, WireError, error_in, is_shaped
from console.wire.json_value import decode, is_cut_json
from console.wire.judge.expectation import NOTHING
from console.wire.usage import counts_nothing

_IS_REASONING = attrgetter("is_reasoning")
_NO_ERROR = "no-error"
"""The rule for a successful answer that says nothing of an error."""

_AS_ANSWER = "as the model's answer, with a usage of no tokens"


@dataclass(slots=True)
class _Times:
    """When things happened, in milliseconds from the start of the call."""

    written: float | None = None
    started: float | None = None
    first_content: float | None = None
    first_by: StampedBy | None = None
    completed: float | None = None
    last: float | None = None

    def since_written(self, moment: float | None) -> float | None:
        if moment is None:
            return None
        return max(0.0, moment - (self.written or 0.0))


class Exchange:
    """One smoke call as it arrives: parts go in, events come out. Does no IO and never raises."""

    def __init__(
        self, route: Route, secret: Secret | None, request: ProbeRequest | None = None, *, is_shown: bool = True
    ) -> None:
        """Start an exchange.

        Args:
            route: The route to call.
            secret: The token, to mask in the answer.
            request: What was sent; None means a text probe.
            is_shown: Whether anyone looks at the answer's text; if not, the events say only how much came.

        """
        self.is_over = False
        """The call has failed; nothing that still arrives can change that."""
        self.has_open_end = False
        """Set by the reader of the call if it stayed open after the answer was complete."""
        self._route = route
        self._shape = Shape.TEXT if request is None else request.shape
        self._agent = None if request is None else request.agent
        self._mask = Mask(secret)
        self._has_key = secret is not None
        self._limit = TokenLimit(0, SMOKE_LIMIT) if request is None else request.limit
        self._wants_stream = request is None or request.wants_stream
        self._sent_bytes = 0 if request is None else len(request.body)
        self._expected = NOTHING if request is None else request.expected
        self._reader = FAMILY_WIRES[route.endpoint_family].open_stream(self._expected)
        self._kept = ShapeKeeper(route, self._mask)
        self._times = _Times()
        self._started: Started | None = None
        self._intake: Intake | None = None
        self._meter = ArrivalMeter()
        self._content_bytes = 0
        self._is_shown = is_shown
        self._redacted = RedactedStream(secret) if secret and is_shown else None
        self._is_telling = secret is not None and secret.is_unmistakable
        self._is_reasoning = False
        self._unshown = 0
        """The pieces whose text is held back."""
        self._said = ""
        self._of_agent = () if self._agent is None else self._agent.age
        self._requests = 0

    @property
    def content_bytes(self) -> int:
        """The bytes of the answer's text, and of what the model passed to tools, so far."""
        return self._content_bytes + self._reader.argument_bytes

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
                return [RequestWritten(self._route.key, elapsed_ms)]
            case Started(status, _, elapsed_ms):
                self._started = part
                self._intake = Intake(part)
                self._times.started = elapsed_ms
                first_byte_ms = self._times.since_written(elapsed_ms) or 0.0
                return [AnswerStarted(self._route.key, status, first_byte_ms)]
            case Chunk():
                return self._take_chunk(part)

    def finish(self, failure: CallError | None) -> list[SmokeEvent]:
        """Take the call's end, and its failure if it had one; return the last events."""
        pending = self._redacted.close() if self._redacted is not None else ""
        rest: list[SmokeEvent] = [self._output(pending)] if pending else []
        result = self._result(failure)
        if self._said:
            rest.append(RefusalRead(self._route.key, self._said))
        return [*rest, SmokeFinished(result)]

    def _take_chunk(self, chunk: Chunk) -> list[SmokeEvent]:
        if self._intake is None:
            return []
        elapsed_ms = chunk.elapsed_ms
        deltas: list[Delta] = []
        reader, kept = self._reader, self._kept.events
        for event in self._intake.feed(chunk.data):
            deltas += (pieces := reader.feed(event))
            characters = len(pieces[0].text) if pieces else 0
            if reader.was_piece and event.name == kept.run:
                kept.pieces += 1
                kept.characters += characters
            else:
                kept.take(event, is_piece=reader.was_piece, characters=characters)
        events: list[SmokeEvent] = []
        if deltas:
            if self._times.first_content is None:
                self._times.first_content, self._times.first_by = elapsed_ms, chunk.stamped_by
            self._meter.take(elapsed_ms, len(deltas))
            for is_reasoning, run in groupby(deltas, _IS_REASONING):
                events += self._show([delta.text for delta in run], is_reasoning=is_reasoning)
        if self._reader.is_complete and self._times.completed is None:
            self._times.completed = elapsed_ms
        has_failed = self._reader.is_over and not self._reader.is_complete
        self.is_over = has_failed or self._intake.fault is not None
        return events

    def _show(self, pieces: list[str], *, is_reasoning: bool) -> list[SmokeEvent]:
        """Mask in the order in which text is shown: a token may be split between content and reasoning."""
        self._is_reasoning = is_reasoning
        self._unshown += len(pieces)
        text = "".join(pieces)
        self._content_bytes += len(text) if text.isascii() else len(text.encode())
        if not self._is_shown:
            return [self._output("")]
        if self._redacted is not None:
            text = self._redacted.feed(text)
        return [self._output(text)] if text else []

    def _output(self, text: str) -> OutputReceived:
        ttft_ms = self._times.since_written(self._times.first_content) or 0.0
        pieces, self._unshown = self._unshown, 0
        return OutputReceived(self._route.key, text, self._is_reasoning, ttft_ms, pieces)

    def _result(self, failure: CallError | None) -> SmokeResult:
        answer = self._answer()
        told = self._told_as_answer(answer)
        if told is not None:
            answer = Answer(findings=(*answer.findings, finding_of("COM-S-01", "error_in_success", _AS_ANSWER)))
        refusal = self._refusal(answer) if told is None else told
        reading = None if refusal is None else self._read_refusal(refusal, is_cut=failure is not None)
        if told is not None and reading is not None:
            reading = replace(reading, evidence=reading.evidence.replace("the error object in", "the text of", 1))
        arrival = self._meter.arrival(self._times.written or 0.0)
        is_misframed = self._intake is not None and self._intake.fault is not None
        findings = [finding_of("COM-O-01", "framing")] if is_misframed else []
        findings += [self._mask.finding(finding) for finding in self._limit.told(answer.findings)]
        findings += self._check_echo(answer)
        findings += check_ends(self._ended(answer, failure))
        findings += check_arrival(arrival)
        service = self._service(answer)
        if self._started is not None and self._intake is not None:
            body = self._intake.body if refusal is None else refusal
            is_stream = self._intake.is_stream
            of_head = check_head(
                self._started,
                self._route.endpoint_family,
                body,
                reading,
                self._mask,
                is_stream=is_stream,
                wants_stream=self._wants_stream,
            )
            findings = [*findings, *of_head] if is_stream else [*of_head, *findings]
            if self._agent is not None:
                findings += [*self._of_agent, *self._agent.read_head(self._started.headers)]
                findings += self._agent.read_arrival(arrival)
        if service is not None:
            findings += check_served(service)
        classification = reading or self._broken(answer, failure, findings)
        return SmokeResult(
            key=self._route.key,
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
            ttft_stamped_by=self._times.first_by,
            total_ms=self._total_ms(failure),
            input_tokens=self._mask.count(answer.usage.input_tokens),
            output_tokens=self._mask.count(answer.usage.output_tokens),
            finish=self._mask.closed(answer.finish, FINISH),
            request_id=None if self._started is None else request_id(self._started, self._mask),
            findings=tuple(findings),
            shape=self._shape,
            service=service,
            arrival=arrival,
            limit=self._limit,
            counted=self._counted(answer),
            is_eventless=self._is_eventless,
            exchange=self._kept.shape(self._started, self._intake, failure),
        )

    @property
    def _is_eventless(self) -> bool:
        """Whether a successful stream ended before its first event."""
        if self._started is None or self._intake is None or self._started.status >= 300:
            return False
        return self._intake.is_stream and self._intake.events == 0 and self._intake.fault is None

    def _answer(self) -> Answer:
        """Return the answer as the intake has it: a stream's, or that of a whole body."""
        if self._started is None or self._intake is None:
            return Answer()
        is_refused = self._started.status >= 300
        if self._intake.is_stream:
            return self._reader.close(is_refusal=is_refused)
        value = None if is_refused else decode(self._intake.body)
        if not _is_answer(value):
            return Answer()
        return FAMILY_WIRES[self._route.endpoint_family].read(value, self._expected)

    def _counted(self, answer: Answer) -> Counted | None:
        """Return what was sent and received here; None if nothing shows what was received."""
        received = self.content_bytes or len(answer.text.encode("utf-8", "replace"))
        return Counted(self._sent_bytes, received) if answer.is_complete and received else None

    def _ended(self, answer: Answer, failure: CallError | None) -> Ended:
        intake = self._intake
        return Ended(
            failure,
            requests=self._requests,
            is_complete=answer.is_complete,
            has_open_end=self.has_open_end,
            is_inside_event=intake is not None and intake.is_inside_event,
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

    def _broken(self, answer: Answer, failure: CallError | None, findings: Sequence[Finding]) -> Classification | None:
        """Say why an answer that is not a refusal cannot be trusted; None if it can."""
        if failure is not None and not answer.is_complete:
            return offer_whole(failure.classification) if self._is_eventless else failure.classification
        status = 0 if self._started is None else self._started.status
        return why_broken(findings, status, self._limit, answer.finish, is_eventless=self._is_eventless)

    def _refusal(self, answer: Answer) -> bytes | None:
        """Return the body of a refusal; None if the call was not refused."""
        if self._started is None or self._intake is None:
            return None
        is_refused = self._started.status >= 300
        if self._intake.is_stream:
            if answer.error is not None:
                return answer.error_body or answer.error.as_body()
            return b"" if is_refused else None
        body = self._intake.body
        if is_refused:
            return body  # a refusal even if its body is cut, slow or compressed
        value = decode(body)
        if isinstance(value, list) and value:
            value = value[0]  # as Google's APIs wrap an error of a stream
        if not isinstance(value, dict):
            return body if self._started.content_type == EVENT_STREAM and self._says_why(body) else None
        has_content = any(isinstance(value.get(key), list) and value[key] for key in ("choices", "output", "content"))
        return body if error_in(value) is not None or not (_is_answer(value) or has_content) else None

    def _told_as_answer(self, answer: Answer) -> bytes | None:
        """Return the error that a whole answer tells as the model's text; None if it tells none.

        It is one only if the usage says that no model read or wrote anything, and a sentence has one known meaning:
        some gateways count no tokens of good answers either, and the answer for a role may talk of errors.
        """
        if self._intake is None or self._intake.is_stream or self._shape is Shape.ROLE or not answer.text:
            return None
        value = decode(self._intake.body)
        if not isinstance(value, dict) or error_in(value) is not None or not counts_nothing(value.get("usage")):
            return None
        told = WireError(message=answer.text).as_body()
        return told if self._classify(read_error_body(told)).confidence is Confidence.CERTAIN else None

    def _says_why(self, text: bytes) -> bool:
        """Return whether a text in place of events says why the call was refused."""
        return not is_page(text) and self._classify(read_error_body(text, "text/plain")).rule != _NO_ERROR

    def _read_refusal(self, body: bytes, *, is_cut: bool) -> Classification:
        """Classify a refusal, and keep its own words for display."""
        read = read_error_body(body, "" if self._started is None else self._started.content_type)
        is_cut = is_cut or self._intake is None or self._intake.is_body_cut or is_cut_json(body)
        self._said = self._mask.excerpt(read.message, is_cut=is_cut)
        reading = self._classify(read)
        if self._agent is not None:
            status, headers = (0, {}) if self._started is None else (self._started.status, self._started.headers)
            self._of_agent += self._agent.read_refusal(read, status, reading.category, headers, body)
        return reading

    def _classify(self, read: ErrorBody) -> Classification:
        started = self._started
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


def _is_answer(value: object) -> bool:
    """Return whether a decoded body is a whole answer of one of the families."""
    return isinstance(value, dict) and any(is_shaped(wire.read(value)) for wire in FAMILY_WIRES.values())


def _status(classification: Classification | None) -> SmokeStatus:
    if classification is None:
        return SmokeStatus.PASSED
    if classification.category.stops_before_generation or classification.category is Category.ORIGIN_REFUSED:
        return SmokeStatus.BLOCKED
    return SmokeStatus.FAILED
