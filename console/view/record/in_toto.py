"""A record as in-toto Statements v1, so that a verifier of attestations can read it without our code.

(1) The whole record, under a predicate type of our own. (2) The gates and the policy's checks as a test result, for a
run that is sealed or blocked: a stopped or an unfinished run has no result. (3) For a sealed one a Simple Verification
Result, with nothing but what passed. A run that the embedded gateway answered has (1) alone: whoever does not know our
predicate would take (2) and (3) for evidence. Read 2026-12-02: https://github.com/in-toto/attestation, spec/v1 and
spec/predicates.
"""

import json
from collections.abc import Iterator
from typing import Any

from console.domain.ledger.checkpoint import moment
from console.domain.record.record import Record, WriterKind
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunStatus
from console.domain.run.turn import could_ask_elsewhere
from console.domain.sources.cited_page import SourceVerdict
from console.view.record.document import record_document
from console.view.record.results import Outcome, results_of

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.2"
RUN_RECORD = "gateway-console:record/v1"
"""The type of our own predicate: the document that `docs/schema/record-v1.json` describes. It is a URI without a host,
because the project has no domain to name."""
VERIFIER = "gateway-console:gates/v1"
"""The verifier's id; its version changes with the meaning of a property."""
_PREFIX = "GATEWAY_CONSOLE_"


def statements_of(record: Record) -> tuple[dict[str, Any], ...]:
    """Return the Statements about a run; each has a subject with a digest."""
    subject = subjects_of(record)
    predicates = [(RUN_RECORD, record_document(record), subject)]
    if not record.is_simulated and record.status in (RunStatus.CLOSED, RunStatus.BLOCKED):
        predicates.append((TEST_RESULT, _test_result(record), subject))
    if not record.is_simulated and record.candidate_sha256 is not None:
        # The commit is what the candidate was made from: no property was verified of it.
        predicates.append((SVR, _verification(record, record.candidate_sha256), subject[:1]))
    return tuple(
        {"_type": STATEMENT, "subject": about, "predicateType": kind, "predicate": predicate}
        for kind, predicate, about in predicates
    )


def statement_lines(record: Record) -> str:
    """Return the bare Statements as JSON lines, without a signature."""
    return "".join(f"{statement_bytes(each).decode()}\n" for each in statements_of(record))


def statement_bytes(statement: dict[str, Any]) -> bytes:
    """Return the bytes of a Statement, which are what is signed: ASCII, and the same for the same record."""
    return json.dumps(statement, ensure_ascii=True, separators=(",", ":")).encode()


def subjects_of(record: Record) -> list[dict[str, Any]]:
    """Return what the Statements are about: the candidate and the commit; without a candidate the log's head."""
    found: list[dict[str, Any]] = []
    if record.candidate_sha256 is not None:
        found.append(_resource("candidate", sha256=record.candidate_sha256))
    if record.repository_state is not None and record.repository_state.commit:
        found.append(_resource("the commit that the run began at", gitCommit=record.repository_state.commit))
    if record.candidate_sha256 is None:
        found.append(_resource("the head of the run's log", sha256=record.head))
    return found


def _resource(name: str, **digest: str) -> dict[str, Any]:
    return {"name": name, "digest": digest}


# --- Test result -----------------------------------------------------------------------------------------------------


def _test_result(record: Record) -> dict[str, Any]:
    """Return the predicate: what an operator passed against the computed verdict is a warning, never a pass."""
    lists: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    of = {Outcome.PASSED: "passedTests", Outcome.OVERRIDDEN: "warnedTests"}
    for each in results_of(record):
        if each.outcome not in (Outcome.NOT_REACHED, Outcome.NOT_NEEDED):
            lists[of.get(each.outcome, "failedTests")].append(each.name)
    result = "FAILED" if lists["failedTests"] or record.status is RunStatus.BLOCKED else "PASSED"
    return {
        "result": "WARNED" if result == "PASSED" and lists["warnedTests"] else result,
        "configuration": _configuration(record),
        **lists,
    }


def _configuration(record: Record) -> list[dict[str, Any]]:
    """Return what the gates judged by: the config, the instructions and the rubric, as far as the run pinned them."""
    pinned = {
        "config": record.config_sha256,
        "instructions": record.instructions_sha256,
        "rubric": None if record.policy is None else record.policy.rubric_sha256,
    }
    return [_resource(name, sha256=sha256) for name, sha256 in pinned.items() if sha256]


# --- Simple verification result --------------------------------------------------------------------------------------


def _verification(record: Record, candidate_sha256: str) -> dict[str, Any]:
    return {
        "verifier": {"id": VERIFIER, "policies": _configuration(record)},
        "timeCreated": moment(record.updated_at_ms),
        "properties": [f"{_PREFIX}{each}" for each in _properties(record)],
    }


def _properties(record: Record) -> Iterator[str]:
    """Yield the properties that passed; what failed, or was not looked at, is none."""
    results = results_of(record)
    passed = {each.name for each in results if each.outcome is Outcome.PASSED}
    checks = [each for each in results if each.check is not None]
    yield "CANDIDATE_SEALED"
    for gate in (Gate.REVIEWER, Gate.CRITIC):
        computed = next((each.computed for each in reversed(record.gates) if each.gate is gate), None)
        if f"gate/{gate}" in passed and computed is GateVerdict.READY:
            yield f"{gate.upper()}_READY"
    if all(each.outcome is not Outcome.OVERRIDDEN for each in results):
        yield "NO_OVERRIDE"
    if checks and all(each.outcome is Outcome.PASSED for each in checks):
        yield "CHECKS_PASSED"
    if record.sources and all(each.verdict is SourceVerdict.SUPPORTED for each in record.sources):
        yield "SOURCES_SUPPORTED"
    if record.verified_rows:
        yield "VERIFICATION_ROWS_FRESH"
    if not record.secrets_in_prompt:
        yield "NO_SECRET_IN_PROMPT"
    if record.publisher_token_available is False:
        yield "NO_PUBLISHER_TOKEN_IN_REACH"
    if record.cloud_token_available is False:
        yield "NO_CLOUD_TOKEN_IN_REACH"
    if (level := _independence(record)) is not None:
        yield f"INDEPENDENCE_{level}"
    if record.four_eyes:
        yield "FOUR_EYES"


def _independence(record: Record) -> int | None:
    """Return the least level of independence between the judges and the writer; None if any of it is not proven."""
    is_proven = not record.unproven_independence and not could_ask_elsewhere(record.writer.turns)
    if record.writer.kind is WriterKind.OUTSIDE or not is_proven or not record.independence:
        return None
    return min(level for _, level in record.independence)
