"""GitHub's expressions: how they are parsed, which contexts give a result its value, and what cannot be parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.workflows.expression import (
    Binary,
    Call,
    Expression,
    Literal,
    Member,
    Not,
    Path,
    contexts,
    expressions_in,
    parse_condition,
    parse_expression,
    spans,
    values,
)
from console.domain.workflows.workflow import TextNode

HEAD = Path(("github", "event", "pull_request", "head", "sha"))
PARSED = {
    "github.sha": Path(("github", "sha")),
    "GitHub.Event['Pull_Request'].head.SHA": HEAD,
    "github.event.commits[0].message": Path(("github", "event", "commits", "*", "message")),
    "github.event.labels.*.name": Path(("github", "event", "labels", "*", "name")),
    "secrets[matrix.name]": Path(("secrets", "*")),
    "'it''s'": Literal("it's"),
    "-0x1f": Literal("-0x1f", is_text=False),
    "TRUE": Literal("true", is_text=False),
    "!a.b": Not(Path(("a", "b"))),
    "a == 'x' && b || c": Binary(
        "||", Binary("&&", Binary("==", Path(("a",)), Literal("x")), Path(("b",))), Path(("c",))
    ),
    "( a || b ) && c": Binary("&&", Binary("||", Path(("a",)), Path(("b",))), Path(("c",))),
    "format('{0}', a, b)": Call("format", (Literal("{0}"), Path(("a",)), Path(("b",)))),
    "always()": Call("always", ()),
    "fromJSON(a.b).head.sha": Member(Call("fromjson", (Path(("a", "b")),)), ("head", "sha")),
}


@pytest.mark.parametrize(("text", "parsed"), PARSED.items(), ids=PARSED)
def test_an_expression_is_parsed(text: str, parsed: Expression) -> None:
    assert parse_expression(text) == parsed
    assert parse_condition(text) == parsed
    assert parse_condition(f"${{{{ {text} }}}}") == parsed


@pytest.mark.parametrize(
    "text", ["github.sha &&", "a b", "f(a", "github.sha @ 'x'", "(" * 100 + "github.sha" + ")" * 100]
)
def test_of_what_cannot_be_parsed_the_contexts_are_known(text: str) -> None:
    parsed = parse_expression(text)
    assert isinstance(parsed, Call)
    assert parsed.name == ""
    assert ("github", "sha") in list(contexts(parsed)) or "github" not in text


def test_a_condition_with_text_around_its_braces_is_no_comparison() -> None:
    assert parse_condition("${{ a.b }} == 'x'") == Call("", (Path(("a", "b")),))


FLOWS = {
    "a.b": ["a.b"],
    "a.b && c.d || 'x'": ["c.d"],
    "a.b || c.d": ["a.b", "c.d"],
    "a.b == c.d": [],
    "!a.b": [],
    "contains(a.b, 'x')": [],
    "hashFiles(a.b)": [],
    "toJSON(a.b)": ["a.b"],
    "fromJSON(a.b).c": ["a.b"],
    "case(a.b, c.d, 'x')": ["a.b", "c.d"],
}


@pytest.mark.parametrize(("text", "paths"), FLOWS.items(), ids=FLOWS)
def test_only_what_gives_the_value_flows(text: str, paths: list[str]) -> None:
    assert [".".join(each) for each in contexts(parse_expression(text))] == paths


def test_what_is_chosen_for_another_event_does_not_flow() -> None:
    text = "github.event_name == 'pull_request' && a.b || github.event_name != 'push' && c.d || e.f"
    expression = parse_expression(text)
    assert list(values(expression, "push")) == [Path(("e", "f"))]
    assert list(values(expression, "pull_request")) == [Path(("a", "b")), Path(("c", "d")), Path(("e", "f"))]
    assert len(list(values(expression))) == 3


def test_braces_in_a_quoted_text_do_not_end_an_expression() -> None:
    assert [inner for inner, _ in spans("a ${{ '}}' }} b ${{ c }} d")] == [" '}}' ", " c "]
    assert [inner for inner, _ in spans("${{ ' }} b ${{ c }} ${{ d")] == [" ' ", " c "]


def test_an_expression_has_its_line() -> None:
    node = TextNode("one ${{ a }}\ntwo\nthree ${{ b }}", 7, keeps_lines=True)
    assert list(expressions_in(node)) == [(Path(("a",)), 7), (Path(("b",)), 9)]


@given(
    st.lists(
        st.sampled_from(["a", ".", "(", ")", "[", "]", "'", "&&", "||", "!", "==", ",", " ", "*", "1"]), max_size=80
    )
)
def test_any_signs_end_in_an_expression(signs: list[str]) -> None:
    assert isinstance(parse_expression("".join(signs)), Literal | Path | Call | Member | Not | Binary)
