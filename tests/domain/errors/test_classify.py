"""The classifier on bodies of real gateways: as they came, wrapped by another gateway, and translated by one."""

from collections import Counter
from functools import cache

import pytest
from support.errors.corpus import BODIES, FILES, LabelledBody, check, check_wrapped, classified, scored
from support.errors.envelope import ENVELOPES, SHAPES, Envelope, Shape, said_in

from console.domain.errors.category import Category, Classification

_BY_STATUS_ALONE = ("status-", "missing-path", "block-page", "no-error", "nothing-known")
"""Rules with which no word of the body decided: what is left without the status says nothing."""


_MISREAD_IN = {
    "Error from provider": {"a-upstream_unavailable-06"},
    "Python dict repr": {"a-account_permission-20"},
    "SSE chunk with an error": {"a-account_permission-20"},
}
_MISREAD_AS = {
    "Anthropic with a generic type": {"a-endpoint_drift-05", "a-upstream_unavailable-14", "b-timeout-004"},
    "OpenAI": {"a-account_permission-20"},
}
"""The same of what is misread in its turn as another family words it."""
_EACH_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
_EACH_ENVELOPE = pytest.mark.parametrize("envelope", ENVELOPES, ids=lambda envelope: envelope.name)


@cache
def _as_they_came() -> dict[str, Classification]:
    return {body.id: body.classify() for body in BODIES}


def _has_words(body: LabelledBody) -> bool:
    return not _as_they_came()[body.id].rule.startswith(_BY_STATUS_ALONE)


def _is_only_a_code(body: LabelledBody) -> bool:
    """Return whether a code word decided: a translation that drops it leaves words that say something else."""
    return _as_they_came()[body.id].evidence.endswith("(code)")


def _is_answer(body: LabelledBody) -> bool:
    """Return whether a body is an answer without an error in it, which no gateway would wrap as one."""
    return body.status == 200 and _as_they_came()[body.id].rule == "no-error"


def _is_told_in(envelope: Envelope, body: LabelledBody) -> bool:
    """Return whether what decided is still there when a gateway has wrapped a body."""
    return (_has_words(body) or (envelope.names_status and body.status is not None)) and not _is_answer(body)


def _as_it_comes(body: LabelledBody, status: int, text: bytes, content_type: str) -> Classification:
    """Classify a body in another form, beside what came with it."""
    return classified(status, text, content_type, headers=body.headers, family=body.family, path=body.path)


def _wrapped(envelope: Envelope, body: LabelledBody) -> Classification:
    status = body.status or 500
    wrapped = envelope.wrap(body.body, status).encode()
    outer = envelope.outer_status or status
    return _as_it_comes(body, outer, wrapped, envelope.content_type)


def _is_told_as(shape: Shape, body: LabelledBody) -> bool:
    """Return whether what decided is still there when a gateway has translated a body."""
    is_seen = _has_words(body) or (shape.outer_status is None and body.status is not None)
    return is_seen and not _is_answer(body) and (shape.keeps_words or not _is_only_a_code(body))


def _share_told_as(shape: Shape) -> float:
    return 0.9 if shape.keeps_words else 0.6


def _translated(shape: Shape, body: LabelledBody) -> Classification:
    status = body.status or 500
    translated = shape.translate(said_in(body.body), status).encode()
    outer = shape.outer_status or status
    return _as_it_comes(body, outer, translated, shape.content_type)


def _in_turn(envelope: Envelope) -> list[LabelledBody]:
    """Return an envelope's share of the bodies where time is short.

    Each body has turns in two of the envelopes that name the status and in one of those that hide it, in which its
    words have to do. Its place alone says in which, so that no body moves when others are added behind it.
    """
    alike = [each for each in ENVELOPES if each.names_status is envelope.names_status]
    return _turns(alike.index(envelope), len(alike), 2 if envelope.names_status else 1)


def _in_turn_as(shape: Shape) -> list[LabelledBody]:
    """Return a shape's share of the bodies where time is short: each has a turn with its status, and one without it."""
    alike = [each for each in SHAPES if (each.outer_status is None) is (shape.outer_status is None)]
    return _turns(alike.index(shape), len(alike), 1)


def _turns(place: int, places: int, turns: int) -> list[LabelledBody]:
    return [body for number, body in enumerate(BODIES) if (place - number) % places < turns]


@pytest.mark.parametrize("name", FILES)
def test_real_errors_are_put_into_their_categories(name: str) -> None:
    check(scored((body, body.classify()) for body in FILES[name]))


@pytest.mark.parametrize("name", FILES)
def test_real_errors_are_read_the_same_where_it_is_not_known_what_was_called(name: str) -> None:
    check(
        scored(
            (body, classified(body.status, body.body, body.content_type, headers=body.headers))
            for body in FILES[name]
            if _as_they_came()[body.id].rule != "missing-path"  # decided by what was called, and by nothing else
        )
    )


def test_the_bodies_are_many_and_of_every_kind_and_none_gets_lost() -> None:
    least = {"gateway_errors": 125, "more_gateway_errors": 593}
    assert {name: len(FILES[name]) for name in least if len(FILES[name]) < least[name]} == {}
    assert len({body.id for body in BODIES}) == len(BODIES)
    assert len({body.body for body in BODIES}) > 0.99 * len(BODIES)
    ours = {Category.SECRET_IN_PROMPT, Category.ORIGIN_REFUSED, Category.BUDGET_EXCEEDED}
    assert {body.label for body in BODIES} == set(Category) - ours
    assert sum(_has_words(body) for body in BODIES) > 0.9 * len(BODIES)


@_EACH_ENVELOPE
def test_another_gateways_envelope_changes_no_category(envelope: Envelope) -> None:
    score = scored((body, _wrapped(envelope, body)) for body in _in_turn(envelope) if _is_told_in(envelope, body))
    assert len(score.clear) >= 15
    assert score.dangerous == [], score.report()
    assert {body.id for body, _ in score.misread} == _MISREAD_IN.get(envelope.name, set()), score.report()


def test_every_body_has_three_turns_in_other_envelopes() -> None:
    turns = Counter(body.id for envelope in ENVELOPES for body in _in_turn(envelope))
    assert turns == dict.fromkeys((body.id for body in BODIES), 3)


@pytest.mark.long
@_EACH_ENVELOPE
def test_another_gateways_envelope_changes_no_category_of_any_body(envelope: Envelope) -> None:
    readings = [(body, _wrapped(envelope, body)) for body in BODIES if _is_told_in(envelope, body)]
    assert len(readings) > 0.9 * len(BODIES)
    check_wrapped(scored(readings))


@_EACH_SHAPE
def test_another_familys_error_shape_changes_no_category(shape: Shape) -> None:
    bodies = _in_turn_as(shape)
    score = scored((body, _translated(shape, body)) for body in bodies if _is_told_as(shape, body))
    assert len(score.readings) > _share_told_as(shape) * len(bodies)
    assert score.dangerous == [], score.report()
    assert {body.id for body, _ in score.misread} == _MISREAD_AS.get(shape.name, set()), score.report()


def test_every_body_has_two_turns_in_other_shapes() -> None:
    turns = Counter(body.id for shape in SHAPES for body in _in_turn_as(shape))
    assert turns == dict.fromkeys((body.id for body in BODIES), 2)


@pytest.mark.long
@_EACH_SHAPE
def test_another_familys_error_shape_changes_no_category_of_any_body(shape: Shape) -> None:
    readings = [(body, _translated(shape, body)) for body in BODIES if _is_told_as(shape, body)]
    assert len(readings) > _share_told_as(shape) * len(BODIES)
    check_wrapped(scored(readings))


def test_no_envelope_and_no_shape_gets_lost() -> None:
    assert len({envelope.name for envelope in ENVELOPES}) >= 17
    assert len({envelope.wrap('{"error":{"message":"m"}}', 429) for envelope in ENVELOPES}) >= 13
    assert len({shape.name for shape in SHAPES}) >= 6


@pytest.mark.parametrize("word", ["ResourceNotFoundException", "ResourceNotFound", "resource_not_found"])
@pytest.mark.parametrize("status", [404, 500, 502])
def test_a_word_is_not_taken_for_another_that_it_holds(word: str, status: int) -> None:
    """Node's `ENOTFOUND` of a host stands within `ResourceNotFound`."""
    found = classified(status, f'{{"error": {{"message": "{word}: the requested thing", "type": "api_error"}}}}')
    assert found.rule != "down-said"
