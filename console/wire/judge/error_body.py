"""Judges the body of a refusal: whether it names its error in its family's own shape."""

from console.domain.finding import Finding
from console.domain.routes.family import EndpointFamily
from console.wire.json_value import decode, text_at, value_at
from console.wire.judge.notes import Notes

_NOTHING = frozenset({b"", b"null", b"{}", b"[]", b'""'})


def check_error_body(family: EndpointFamily, body: bytes) -> tuple[Finding, ...]:
    """Return the findings on the body of a call refused with a status of 400 or more."""
    notes = Notes()
    if body.strip() in _NOTHING:
        notes.add("COM-E-01", "empty")
    else:
        _judge(family, decode(body), notes)
    return notes.findings


def _judge(family: EndpointFamily, body: object, notes: Notes) -> None:
    error = value_at(body, "error")
    has_type = value_at(body, "type") == "error"
    is_own = isinstance(error, dict) and has_type is (family is EndpointFamily.ANTHROPIC_MESSAGES)
    if not is_own:
        notes.add("COM-E-01", "dialect")
    elif family is EndpointFamily.RESPONSES and isinstance(error, dict):
        if not text_at(error, "message"):
            notes.add("RSP-E-01", "no_message")
        if not text_at(error, "type"):
            notes.add("RSP-E-01", "no_type")
        if "param" not in error or "code" not in error:
            notes.add("RSP-E-01", "keys")
