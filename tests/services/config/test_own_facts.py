"""Rows of the operator's own on which families serve which models: they win, and a bad one is refused in one line."""

from pathlib import Path

import pytest
from support.bad_facts import BAD_ROWS, CONFIG, GOOD

from console.domain.routes.contract import Verdict
from console.domain.routes.family import EndpointFamily
from console.services.config.load import load_profile
from console.services.config.settings import Profile
from console.services.config.toml_text import ConfigError

R, C = EndpointFamily.RESPONSES, EndpointFamily.CHAT_COMPLETIONS


def profile_with(tmp_path: Path, *rows: str) -> Profile:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + "".join(f"[[profiles.p.family_facts]]\n{row}\n" for row in rows), encoding="utf-8")
    return load_profile(path)


def verdict(profile: Profile) -> Verdict:
    (checked,) = profile.check()
    return checked.verdict


def test_without_a_row_the_built_in_facts_decide(tmp_path: Path) -> None:
    assert verdict(profile_with(tmp_path)) is Verdict.DRIFT


def test_an_own_row_wins_and_carries_its_source(tmp_path: Path) -> None:
    row = (
        'pattern = "^gpt-5-pro"\nallowed = ["chat_completions"]\nrequired = "chat_completions"\n'
        'source_url = "https://gw.example/docs"\nchecked_on = "2026-11-01"\nnote = "our gateway bridges it"'
    )
    profile = profile_with(tmp_path, row)
    assert verdict(profile) is Verdict.OK
    (checked,) = profile.check()
    assert (checked.required_family, checked.fact.is_own) == (C, True)
    assert (checked.fact.source_url, checked.fact.checked_on) == ("https://gw.example/docs", "2026-11-01")


def test_the_first_own_row_that_matches_decides(tmp_path: Path) -> None:
    rows = (
        'pattern = "^gpt-5"\nallowed = ["responses"]\nrequired = "responses"',
        'pattern = ".*"\nallowed = ["chat_completions"]',
    )
    assert verdict(profile_with(tmp_path, *rows)) is Verdict.DRIFT


def test_a_row_may_pin_tools_with_reasoning(tmp_path: Path) -> None:
    row = 'pattern = "^gpt-5-pro"\nallowed = ["responses", "chat_completions"]\ntools_with_reasoning = "responses"'
    assert verdict(profile_with(tmp_path, row)) is Verdict.CONDITIONAL


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_bad_row_is_refused_in_one_line_that_names_the_row(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        profile_with(tmp_path, row)
    told = str(refused.value)
    assert words in told
    assert "family_facts" in told
    assert "\n" not in told


def test_the_second_row_is_checked_too_and_has_its_own_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 15: profiles\.p\.family_facts\.pattern: is not a regular expression"):
        profile_with(tmp_path, GOOD, 'pattern = "["\nallowed = ["responses"]')


def test_a_token_in_a_row_is_refused_and_not_repeated(tmp_path: Path) -> None:
    token = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])
    with pytest.raises(ConfigError) as refused:
        profile_with(tmp_path, GOOD + f'note = "{token}"')
    assert token not in str(refused.value)


def test_a_table_in_the_list_s_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + '[profiles.p.family_facts]\npattern = "^a"\nallowed = ["responses"]\n', encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_profile(path)
    assert "family_facts" in str(refused.value)
