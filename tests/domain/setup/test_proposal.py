"""Who is proposed for which role: judges as far apart as the models allow, and the reason where they cannot be."""

from datetime import date

import pytest

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.routes.contract import CheckBasis
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.setup.candidate import Candidates, candidates
from console.domain.setup.proposal import propose

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
ALL = {family: family.standard_path for family in EndpointFamily}
TODAY = CheckBasis(today=date(2026, 12, 2))


def found(*models: str | CatalogueEntry, spoken: dict[EndpointFamily, str] = ALL) -> Candidates:
    entries = [each if isinstance(each, CatalogueEntry) else CatalogueEntry(each) for each in models]
    return candidates(Catalogue({each.model: each for each in entries}, ("/v1/models",)), spoken, TODAY)


def test_judges_are_of_other_vendors_and_each_model_is_on_its_own_family() -> None:
    proposal = propose(found("gpt-7.1", "gpt-7.2", "claude-sonnet-5", "deepseek-v4"), {})
    roles = {role: (each.model, each.family) for role, each in proposal.roles.items()}
    assert roles[Role.WRITER] == roles[Role.PLANNER] == roles[Role.REVISION] == ("gpt-7.2", R)
    assert {roles[Role.REVIEWER], roles[Role.CRITIC]} == {("claude-sonnet-5", M), ("deepseek-v4", C)}
    assert roles[Role.FALLBACK][0] == "gpt-7.1"
    assert proposal.is_separated


def test_one_model_on_several_families_judges_by_other_calls_and_that_is_said() -> None:
    proposal = propose(found("smollm2"), {})
    calls = {proposal.roles[role].family for role in (Role.WRITER, Role.REVIEWER, Role.CRITIC)}
    assert calls == {R, M, C}
    assert not proposal.is_separated
    assert any("lists only smollm2" in words and "independence = 1" in words for words in proposal.words)


def test_one_model_on_one_family_has_no_judge_and_the_reason_is_said() -> None:
    proposal = propose(found("smollm2", spoken={C: "/v1/chat/completions"}), {})
    assert set(proposal.roles) == {Role.PLANNER, Role.WRITER, Role.REVISION}
    assert any("The reviewer is missing" in words and "cannot judge itself" in words for words in proposal.words)


def test_names_of_no_known_vendor_may_be_aliases_and_that_is_said() -> None:
    words = propose(found("team-a", "team-b", "team-c"), {}).words
    assert any("aliases of one model" in each for each in words)


def test_what_the_operator_chose_stays_and_the_judges_move_away_from_it() -> None:
    models = found("gpt-7.1", "gpt-7.2", "claude-sonnet-5")
    claude = models.of("claude-sonnet-5")[0]
    proposal = propose(models, {Role.WRITER: claude, Role.CRITIC: None})
    assert proposal.roles[Role.WRITER] == claude
    assert proposal.roles[Role.REVIEWER].model.startswith("gpt-")
    assert Role.CRITIC not in proposal.roles
    assert any("The critic is missing: you left it out" in words for words in proposal.words)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (CatalogueEntry("text-embedding-3-large"), "not for text"),
        (CatalogueEntry("gpt-image-2"), "not for text"),
        (CatalogueEntry("old-model", retires_on="2026-12-01"), "retired"),
        (CatalogueEntry("gpt-off", is_enabled=False), "switched off"),
        (CatalogueEntry("openai/*"), "a pattern"),
        (CatalogueEntry("claude-declared-elsewhere", families=()), "on no family"),
    ],
)
def test_what_no_role_can_have_is_counted_with_its_reason(entry: CatalogueEntry, why: str) -> None:
    got = found(entry, "gpt-7.2")
    assert [each.model for each in got.chosen] == ["gpt-7.2"]
    ((words, count),) = got.left_out
    assert words.startswith(why)
    assert count == 1


def test_of_a_vendor_the_middle_price_of_the_newest_generation_writes() -> None:
    prices = {"gpt-7-nano": 0.4, "gpt-7-mini": 2.0, "gpt-7": 10.0, "gpt-7-max": 120.0, "gpt-6.9": 10.0}
    entries = [CatalogueEntry(model, price=Price(1, price)) for model, price in prices.items()]
    assert propose(found(*entries), {}).roles[Role.WRITER].model == "gpt-7"


def test_a_long_list_is_proposed_from_without_comparing_all_pairs() -> None:
    proposal = propose(found(*(f"vendor{number % 40}/gpt-5-{number}" for number in range(5_000))), {})
    assert Role.CRITIC in proposal.roles
