"""The classifier on bodies of real gateways: as they came, wrapped by another gateway, and translated by one."""

import pytest
from domain.error_corpus import BODIES, FILES, ErrorBody, check, check_wrapped, scored
from domain.error_envelope import ENVELOPES, SHAPES, Envelope, Shape, said_in

from console.domain.category import Category, classify

_BY_STATUS_ALONE = ("status-", "missing-path", "block-page", "no-error", "nothing-known")
"""Rules with which no word of the body decided: what is left without the status says nothing."""


def _has_words(body: ErrorBody) -> bool:
    return not body.classify().rule.startswith(_BY_STATUS_ALONE)


def _is_only_a_code(body: ErrorBody) -> bool:
    """Tell whether a code word decided: a translation that drops it leaves words that say something else."""
    return body.classify().evidence.endswith("(code)")


def _is_answer(body: ErrorBody) -> bool:
    """Tell whether a body is an answer without an error in it, which no gateway would wrap as one."""
    return body.status == 200 and body.classify().rule == "no-error"


@pytest.mark.parametrize("name", FILES)
def test_real_errors_are_put_into_their_categories(name: str) -> None:
    check(scored((body, body.classify()) for body in FILES[name]))


@pytest.mark.parametrize("name", FILES)
def test_real_errors_are_read_the_same_where_it_is_not_known_what_was_called(name: str) -> None:
    check(
        scored(
            (body, classify(body.status, body.headers, body.body.encode(), body.content_type, body.streamed))
            for body in FILES[name]
            if body.classify().rule != "missing-path"  # decided by what was called, and by nothing else
        )
    )


def test_the_bodies_are_many_and_of_every_kind() -> None:
    assert len(BODIES) >= 500
    assert len({body.id for body in BODIES}) == len(BODIES)
    assert len({body.body for body in BODIES}) > 0.99 * len(BODIES)
    ours = {Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED}
    assert {body.label for body in BODIES} == set(Category) - ours
    assert sum(_has_words(body) for body in BODIES) > 0.9 * len(BODIES)


@pytest.mark.parametrize("envelope", ENVELOPES, ids=lambda envelope: envelope.name)
def test_another_gateways_envelope_changes_no_category(envelope: Envelope) -> None:
    readings = []
    for body in BODIES:
        is_seen = _has_words(body) or (envelope.names_status and body.status is not None)
        if not is_seen or _is_answer(body):
            continue
        status = body.status or 500
        wrapped = envelope.wrap(body.body, status).encode()
        outer = envelope.outer_status or status
        found = classify(outer, body.headers, wrapped, envelope.content_type, envelope.streamed, body.family, body.path)
        readings.append((body, found))
    assert len(readings) > 0.9 * len(BODIES)
    check_wrapped(scored(readings))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_another_familys_error_shape_changes_no_category(shape: Shape) -> None:
    readings = []
    for body in BODIES:
        is_seen = _has_words(body) or (shape.outer_status is None and body.status is not None)
        if not is_seen or _is_answer(body) or (not shape.keeps_words and _is_only_a_code(body)):
            continue
        status = body.status or 500
        translated = shape.translate(said_in(body.body), status).encode()
        outer = shape.outer_status or status
        found = classify(outer, body.headers, translated, shape.content_type, shape.streamed, body.family, body.path)
        readings.append((body, found))
    assert len(readings) > (0.9 if shape.keeps_words else 0.6) * len(BODIES)
    check_wrapped(scored(readings))


def test_at_least_ten_envelopes_are_known() -> None:
    assert len({envelope.name for envelope in ENVELOPES}) >= 10
    assert len({envelope.wrap('{"error":{"message":"m"}}', 429) for envelope in ENVELOPES}) >= 10


@pytest.mark.parametrize("word", ["ResourceNotFoundException", "ResourceNotFound", "resource_not_found"])
@pytest.mark.parametrize("status", [404, 500, 502])
def test_a_word_is_not_taken_for_another_that_it_holds(word: str, status: int) -> None:
    """Node's `ENOTFOUND` of a host stands within `ResourceNotFound`."""
    found = classify(status, {}, f'{{"error": {{"message": "{word}: the requested thing", "type": "api_error"}}}}')
    assert found.rule != "down-said"
