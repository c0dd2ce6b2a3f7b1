"""A record as OpenTelemetry spans in OTLP/JSON, by the conventions for generative AI; nothing of any content.

The run is the root span; each opening of a gate is a span below it, and each call, or a coding agent's turn with its
calls, one below its gate. What no gate was opened for is below the run. The judges' scores are events on their gate's
span. Conventions read 2026-12-02: https://github.com/open-telemetry/semantic-conventions-genai.

What the ledger does not know is left out, not made up: how many tokens were read from or written to a cache, or spent
on reasoning (`input_tokens` counts cached ones, and `output_tokens` reasoning), the parameters of a request, the id of
an answer, and whether a coding agent asked for a stream. The first chunk is the first one with content. A span's times
are those of the ledger's lines, so a call's may be longer than it took by what storing took;
`gateway_console.call.duration_ms` is what was measured. A call that never ended in the ledger ends at its newest line,
and `gateway_console.call.outcome` says so.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from console.domain.ledger.ulid import number_of
from console.domain.record.record import Record, RecordedCall, RecordedGate
from console.domain.record.timeline import Span, Timeline
from console.domain.routes.family import EndpointFamily
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunStatus
from console.domain.run.turn import AgentTurn, TurnOutcome
from console.view.record.results import Outcome, gate_outcome

SCHEMA_URL = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"
"""The newest version of the conventions; they are a development channel, in which names still change."""

_PROVIDERS = {
    EndpointFamily.RESPONSES: "openai",
    EndpointFamily.CHAT_COMPLETIONS: "openai",
    EndpointFamily.ANTHROPIC_MESSAGES: "anthropic",
}
"""The provider whose format a call has, which is what the convention means: the gateway may ask another one."""
_INTERNAL, _CLIENT = 1, 3
_OK, _ERROR = 1, 2
_PORTS = {"http": 80, "https": 443}
_JUDGES = (Gate.REVIEWER, Gate.CRITIC)

Value = str | bool | int | float | list[str] | None


def otlp_json(record: Record, timeline: Timeline) -> str:
    """Return one ExportTraceServiceRequest in OTLP's JSON encoding."""
    scope = {"name": "gateway-console", "version": record.console_version or ""}
    resource: dict[str, Value] = {
        "service.name": "gateway-console",
        "service.version": record.console_version,
        "gateway_console.is_simulated": record.is_simulated,
    }
    spans = {"scope": scope, "spans": list(_spans(record, timeline)), "schemaUrl": SCHEMA_URL}
    request = {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [spans]}]}
    return json.dumps(request, indent=2) + "\n"


def _spans(record: Record, timeline: Timeline) -> Iterator[dict[str, Any]]:
    root = _span_id(record, "run")
    failed = record.status in (RunStatus.BLOCKED, RunStatus.STOPPED)
    yield _span(
        record,
        "invoke_workflow gateway-console run",
        root,
        None,
        Span(record.started_at_ms, record.updated_at_ms),
        {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": "gateway-console run",
            "error.type": _why_ended(record),
            "gateway_console.run.id": record.run_id,
            "gateway_console.run.status": record.status,
            "gateway_console.run.review_status": record.review_status,
            "gateway_console.run.candidate_sha256": record.candidate_sha256,
            "gateway_console.run.head": record.head,
            "gateway_console.is_simulated": record.is_simulated,
        },
        status=_ERROR if failed else _OK if record.status is RunStatus.CLOSED else 0,
    )
    parents: dict[str, str] = {}
    for number, gate in enumerate(record.gates):
        span_id = _span_id(record, f"gate {number}")
        parents |= dict.fromkeys(timeline.gate_work[number], span_id)
        yield _gate_span(record, gate, (span_id, root), timeline.gates[number], timeline.opened_at_ms[number])
    turns = {turn.turn_id: _span_id(record, f"turn {turn.turn_id}") for turn in record.writer.turns}
    for turn in record.writer.turns:
        ids = turns[turn.turn_id], parents.get(turn.turn_id, root)
        yield _turn_span(record, turn, ids, timeline.turns[turn.turn_id])
    for call in record.calls:
        parent = turns.get(call.turn_id or "") or parents.get(call.call_id, root)
        yield _call_span(record, call, parent, timeline)


def _why_ended(record: Record) -> str | None:
    if record.stop is not None:
        return record.stop.category or record.stop.cause
    return "blocked" if record.status is RunStatus.BLOCKED else None


def _gate_span(
    record: Record, gate: RecordedGate, ids: tuple[str, str], span: Span, opened_at_ms: int
) -> dict[str, Any]:
    outcome = gate_outcome(record, gate)
    is_stopped = outcome is Outcome.STOPPED
    is_error = is_stopped or (outcome is Outcome.FAILED and gate.decided is GateVerdict.BLOCK)
    attributes: dict[str, Value] = {
        "gateway_console.gate.name": gate.gate,
        "gateway_console.gate.attempt": gate.attempt,
        "gateway_console.gate.computed": gate.computed,
        "gateway_console.gate.decided": gate.decided,
        "gateway_console.gate.decided_by": gate.decided_by,
        "gateway_console.gate.is_override": gate.is_override,
        "gateway_console.gate.artifact_sha256": gate.artifact_sha256,
        "gateway_console.gate.findings": list(dict.fromkeys(each.id for each in gate.findings)),
        "gateway_console.is_simulated": record.is_simulated,
        "error.type": gate.failure or (_why_ended(record) if is_stopped else gate.decided if is_error else None),
    }
    made = _span(
        record, f"gate {gate.gate}", *ids, span, attributes,
        status=_ERROR if is_error else _OK if outcome in (Outcome.PASSED, Outcome.OVERRIDDEN) else 0,
    )  # fmt: skip
    if gate.gate in _JUDGES and gate.failure is None:
        made["events"] = list(_evaluations(gate, opened_at_ms))
    return made


def _evaluations(gate: RecordedGate, at_ms: int) -> Iterator[dict[str, Any]]:
    """Yield a judge's total with the verdict computed from it, and the points of each criterion; no explanation."""
    own = next((each.computed for each in gate.parts if each.gate is gate.gate), gate.computed)
    yield _evaluation(str(gate.gate), gate.total, own, at_ms)
    for name, points in gate.scores:
        yield _evaluation(f"{gate.gate}.{name}", points, None, at_ms)


def _evaluation(name: str, score: int | None, label: GateVerdict | None, at_ms: int) -> dict[str, Any]:
    attributes: dict[str, Value] = {
        "gen_ai.evaluation.name": name,
        "gen_ai.evaluation.score.value": None if score is None else float(score),
        "gen_ai.evaluation.score.label": label,
    }
    return {
        "timeUnixNano": _nanoseconds(at_ms),
        "name": "gen_ai.evaluation.result",
        "attributes": _attributes(attributes),
    }


def _turn_span(record: Record, turn: AgentTurn, ids: tuple[str, str], span: Span) -> dict[str, Any]:
    is_error = turn.outcome in (TurnOutcome.FAILED, TurnOutcome.LOST)
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": turn.agent,
        "gen_ai.agent.version": turn.version or None,
        "error.type": (turn.failure or turn.outcome) if is_error else None,
        "gateway_console.turn.id": turn.turn_id,
        "gateway_console.turn.attempt": turn.attempt,
        "gateway_console.turn.outcome": turn.outcome,
        "gateway_console.turn.duration_ms": turn.duration_ms,
        "gateway_console.turn.files_held_by": turn.isolation.files,
        "gateway_console.turn.network_held_by": turn.isolation.network,
        "gateway_console.is_simulated": record.is_simulated,
    }
    return _span(record, f"invoke_agent {turn.agent}", *ids, span, attributes, status=_ERROR if is_error else 0)


def _call_span(record: Record, call: RecordedCall, parent: str, timeline: Timeline) -> dict[str, Any]:
    finish = timeline.finishes.get(call.call_id)
    is_answered = call.outcome == "answered"
    host, port = _server(record.gateway_origin)
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS[call.endpoint_family],
        "gen_ai.request.model": call.model,
        "gen_ai.request.stream": None if call.turn_id else True,
        "gen_ai.response.model": call.model_reported,
        "gen_ai.response.finish_reasons": None if finish is None else [finish],
        "gen_ai.response.time_to_first_chunk": None if call.ttft_ms is None else call.ttft_ms / 1000,
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "gen_ai.agent.name": call.role,
        "error.type": None if is_answered else call.category or call.outcome,
        "server.address": host,
        "server.port": port,
        "http.response.status_code": call.http_status,
        "gateway_console.call.id": call.call_id,
        "gateway_console.call.attempt": call.attempt,
        "gateway_console.call.outcome": call.outcome,
        "gateway_console.call.duration_ms": call.total_ms,
        "gateway_console.call.request_id": call.request_id,
        "gateway_console.call.endpoint_family": call.endpoint_family,
        "gateway_console.call.endpoint_path": call.endpoint_path,
        "gateway_console.call.model_behind": call.model_behind,
        "gateway_console.call.brief_sha256": call.brief_sha256,
        "gateway_console.call.cost_microusd": call.microusd,
        "gateway_console.call.turn_id": call.turn_id,
        "gateway_console.is_simulated": record.is_simulated,
    }
    return _span(
        record, f"chat {call.model}", _span_id(record, f"call {call.call_id}"), parent, timeline.calls[call.call_id],
        attributes, kind=_CLIENT, status=0 if is_answered or call.outcome == "open" else _ERROR,
    )  # fmt: skip


# --- OTLP ------------------------------------------------------------------------------------------------------------


def _span(  # noqa: PLR0917  # one argument a field of the span
    record: Record,
    name: str,
    span_id: str,
    parent: str | None,
    span: Span,
    attributes: dict[str, Value],
    *,
    kind: int = _INTERNAL,
    status: int = 0,
) -> dict[str, Any]:
    # A clock that was set back between two lines gives a span no negative length.
    ended = max(span.began_at_ms, record.updated_at_ms if span.ended_at_ms is None else span.ended_at_ms)
    return {
        "traceId": f"{number_of(record.run_id):032x}",
        "spanId": span_id,
        **({} if parent is None else {"parentSpanId": parent}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(span.began_at_ms),
        "endTimeUnixNano": _nanoseconds(ended),
        "attributes": _attributes(attributes),
        "status": {"code": status} if status else {},
    }


def _span_id(record: Record, name: str) -> str:
    """Return eight bytes in hexadecimal that are the same in each export of a run."""
    return hashlib.sha256(f"{record.run_id} {name}".encode()).hexdigest()[:16]


def _nanoseconds(at_ms: int) -> str:
    """Return a time as OTLP's JSON has 64-bit integers: as text."""
    return str(at_ms * 1_000_000)


def _attributes(values: dict[str, Value]) -> list[dict[str, Any]]:
    """Return the attributes that are known."""
    return [{"key": key, "value": _value(each)} for key, each in values.items() if each is not None and each != []]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [{"stringValue": each} for each in value]}}
        case _:
            return {"stringValue": value}


def _server(origin: str | None) -> tuple[str | None, int | None]:
    """Return the host and the port of the gateway's origin, as far as it names them."""
    try:
        parts = urlsplit(origin or "")
        return parts.hostname, parts.port or _PORTS.get(parts.scheme) if parts.hostname else None
    except ValueError:
        return None, None
