import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.routes.family import EndpointFamily, family_of_path
from console.domain.routes.role import MUST_STAY_APART, Role

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/v1/responses", R),
        ("/v1/messages", M),
        ("/v1/chat/completions", C),
        ("/responses", R),
        ("/openai/v1/responses/", R),
        ("/anthropic/v1/messages//", M),
        ("/openai/deployments/x/chat/completions", C),
        ("/openai/deployments/x/chat/completions?api-version=2025-01-01-preview", C),
        ("/openai/responses?api-version=preview", R),
        ("/v1/x?path=/responses", None),
        ("", None),
        ("/", None),
        ("/v1", None),
        ("/v1/completions", None),
        ("/chat", None),
        ("responses", None),
        ("/v1/my-responses", None),
        ("/v1/responses/compact", None),
        ("/v1/messages/count_tokens", None),
        ("/v1/Responses", None),
    ],
)
def test_a_path_names_its_family_by_its_ending(path: str, family: EndpointFamily | None) -> None:
    assert family_of_path(path) is family


@pytest.mark.parametrize("family", EndpointFamily)
def test_every_familys_standard_path_names_the_family(family: EndpointFamily) -> None:
    assert family_of_path(family.standard_path) is family


@examples(60)
@given(path=st.text(max_size=30))
def test_any_path_has_one_family_or_none(path: str) -> None:
    assert family_of_path(path) in (None, *EndpointFamily)


def test_families_are_spelled_as_in_configs_and_documents() -> None:
    assert [str(family) for family in EndpointFamily] == ["responses", "anthropic_messages", "chat_completions"]


def test_roles_are_spelled_and_ordered_as_in_configs_and_documents() -> None:
    assert [str(role) for role in Role] == ["planner", "writer", "revision", "reviewer", "critic", "fallback"]


def test_whoever_judges_a_draft_stays_apart_from_whoever_made_it() -> None:
    judges = {judge for _, judge in MUST_STAY_APART}
    assert judges == {Role.REVIEWER, Role.CRITIC}
    assert {(Role.WRITER, Role.REVIEWER), (Role.WRITER, Role.CRITIC)} <= set(MUST_STAY_APART)
