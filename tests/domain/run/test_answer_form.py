"""The forms of what roles answer: any schema's instance is read, anything else is refused, and both say the same."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.answers.json_form import FormError
from console.domain.answers.role_answer import (
    SCORE_LIMIT,
    CriterionScore,
    Critique,
    CritiqueArea,
    FindingSeverity,
    Review,
)
from console.domain.run.answer_form import PLAN_FORM, form_at, review_form
from console.domain.run.gate import GATES_WITH_A_CALL, Gate

CRITERIA = ("safety", "tests")
FORMS = {gate: form_at(gate, CRITERIA) for gate in sorted(GATES_WITH_A_CALL)}
JUDGES = {gate: jsonschema.Draft202012Validator(form.schema) for gate, form in FORMS.items()}
GATES = st.sampled_from(sorted(FORMS))


def instances(schema: Any) -> st.SearchStrategy[Any]:
    """Make values that fit one of the schemas of the forms."""
    match schema:
        case {"properties": properties}:
            return st.fixed_dictionaries({name: instances(inner) for name, inner in properties.items()})
        case {"items": items, "maxItems": most}:
            return st.lists(instances(items), max_size=min(most, 4))
        case {"enum": options}:
            return st.sampled_from(options)
        case _:
            return st.text(max_size=12)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 5), st.floats(0, 5), st.just([]), st.just({}), st.just("blocker")
)


@st.composite
def near_misses(draw: st.DrawFn, schema: Any) -> Any:
    """Make a value that fits a schema but for what stands at one or two places of it."""
    document = draw(instances(schema))
    for _ in range(draw(st.integers(1, 2))):
        at = document
        while isinstance(at, dict | list) and at:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if not isinstance(at[key], dict | list) or not at[key] or draw(st.booleans()):
                break
            at = at[key]
        match draw(st.sampled_from(["put", "drop", "add"])), at:
            case "put", dict() | list() if at:
                at[key] = draw(ODD)
            case "drop", dict() if at:
                del at[key]
            case "add", dict():
                at["extra"] = draw(ODD)
            case _, list():
                at.extend([draw(ODD)] * draw(st.sampled_from([1, 30])))
    return document


@given(data=st.data(), gate=GATES)
@examples(400)
def test_an_instance_of_the_schema_is_read_and_comes_back_as_it_was(data: st.DataObject, gate: Gate) -> None:
    form = FORMS[gate]
    document = data.draw(instances(form.schema))
    answer = form.read(json.dumps(document))
    assert form.content.encode(answer) == document
    assert form.read(json.dumps(form.content.encode(answer))) == answer


@given(data=st.data(), gate=GATES)
@examples(800)
def test_the_form_accepts_what_its_schema_accepts(data: st.DataObject, gate: Gate) -> None:
    """The referee is the reference implementation of JSON Schema."""
    document = data.draw(st.one_of(near_misses(FORMS[gate].schema), ODD))
    assert FORMS[gate].accepts(json.dumps(document)) is JUDGES[gate].is_valid(document)


def test_a_whole_number_may_be_written_as_a_float_and_is_no_truth_value() -> None:
    form = review_form(CRITERIA)
    text = '{"nonce": "n", "criteria": [{"id": "tests", "score": %s, "evidence": "e"}], "findings": []}'
    assert form.read(text % "3.0") == Review("n", (CriterionScore("tests", 3, "e"),), ())
    assert type(form.read(text % "3.0").criteria[0].score) is int
    for score in ("true", "3.5", '"3"', "5", "-1", "NaN", "1e999", "null"):
        assert not form.accepts(text % score), score


def test_a_finding_is_read_with_the_words_of_the_domain() -> None:
    text = '{"nonce": "n", "findings": [{"area": "broad_permission", "severity": "major", "quote": "q", "note": "w"}]}'
    answer = form_at(Gate.CRITIC).read(text)
    assert isinstance(answer, Critique)
    (found,) = answer.findings
    assert (found.area, found.severity) == (CritiqueArea.BROAD_PERMISSION, FindingSeverity.MAJOR)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON"),
        ("```json\n{}\n```", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("9" * 10_000, "it is not JSON"),
        ("[NaN]", "it is not JSON"),
        ('\ufeff{"a": 1}', "it is not JSON"),
        ("null", "it has to be an object"),
        ("{}", "it has no instruction_source"),
        ('{"scope": [], "scope": []}', "an object has the same key twice"),
        ('{"instruction_source": "", "scope": [], "steps": {}, "stop_conditions": []}', "steps has to be a list"),
        (
            '{"instruction_source": "", "scope": ["\\ud800"], "steps": [], "stop_conditions": []}',
            "scope[0] has a character that is not Unicode text",
        ),
        (
            '{"instruction_source": "", "scope": [], "steps": [], "stop_conditions": [], "hunter2": 1}',
            "it has a property that is not allowed",
        ),
        (
            json.dumps({"instruction_source": "", "scope": ["x"] * 9, "steps": [], "stop_conditions": []}),
            "scope has more than 8 items",
        ),
    ],
)
def test_a_refusal_says_where_and_why_and_repeats_nothing(text: str, why: str) -> None:
    with pytest.raises(FormError) as refused:
        PLAN_FORM.read(text)
    assert str(refused.value) == why


def _objects(schema: object) -> list[dict[str, object]]:
    match schema:
        case dict():
            inner = [each for value in schema.values() for each in _objects(value)]
            return [schema, *inner] if schema.get("type") == "object" else inner
        case list():
            return [each for value in schema for each in _objects(value)]
        case _:
            return []


@pytest.mark.parametrize("gate", sorted(GATES_WITH_A_CALL))
def test_a_schema_is_closed_and_asks_for_no_verdict(gate: Gate) -> None:
    form = FORMS[gate]
    assert form.name.startswith("run_")
    jsonschema.Draft202012Validator.check_schema(form.schema)
    for each in _objects(form.schema):
        assert each["additionalProperties"] is False
        properties = each["properties"]
        assert isinstance(properties, dict)
        assert each["required"] == list(properties)
        assert not {"verdict", "total", "status", "review_status"} & set(properties)


def test_the_reviewers_schema_names_the_criteria_and_the_scores() -> None:
    text = repr(review_form(CRITERIA).schema)
    assert "['safety', 'tests']" in text
    assert repr(list(range(SCORE_LIMIT + 1))) in text
    with pytest.raises(ValueError, match="no model works"):
        form_at(Gate.SOURCE_CHECK)
