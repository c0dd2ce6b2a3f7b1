"""A classification as the JSON documents name it."""

from console.domain.errors.category import Classification


def classification_document(found: Classification | None) -> dict[str, object]:
    """Return a classification as the JSON documents name it; every value null where there is none."""
    return {
        "category": found.category.value if found else None,
        "blame": found.blame.value if found else None,
        "retryable": found.retryable if found else None,
        "retry_after_s": found.retry_after_s if found else None,
        "confidence": found.confidence.value if found else None,
        "other_readings": [reading.value for reading in found.other_readings] if found else [],
        "rule": found.rule if found else None,
        "evidence": found.evidence if found else None,
        "action": found.action if found else None,
    }
