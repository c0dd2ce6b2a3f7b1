"""The benches' frame on figures that are given: no clock is read here."""

from importlib import import_module

import pytest
from bench.goals import GOALS, Measured, Verdict, measured, not_measured, ratios_of, table_of, times, worse
from bench.harness.measuring import Row, ratio_of

START = {"--help": Row(ours=[30, 31, 90], anchor=[10, 10, 10], anchor_name="python -c pass", unit="ms CPU")}


def of(rows: list[Measured], what: str) -> Measured:
    (found,) = [each for each in rows if each.what == what]
    return found


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_has_a_script_that_measures_it(goal: str) -> None:
    assert callable(import_module(f"bench.{goal}").measure)


def test_a_ratio_is_the_median_of_the_pairs_so_one_busy_round_decides_nothing() -> None:
    assert ratio_of([30, 31, 90], [10, 10, 10]) == pytest.approx(3.1)
    assert ratio_of([30, 40], [10, 20, 40]) == pytest.approx(35 / 20)


@pytest.mark.parametrize(("ours", "verdict"), [(30.0, Verdict.MET), (30.1, Verdict.MISSED)])
def test_a_goal_is_met_up_to_its_limit(ours: float, verdict: Verdict) -> None:
    row = Row(ours=[ours], anchor=[10])
    assert Measured("start", "--help", row, times(3)).verdict is verdict


def test_an_absolute_goal_needs_no_anchor() -> None:
    rows = measured("ttft", {"500 streams": {"ours": [0.4, 0.7, 0.6]}})
    assert of(rows, "500 streams").verdict is Verdict.MISSED
    beside = measured("ttft", {"500 streams": {"ours": [0.4, 0.4], "anchor": [0.1, 0.1]}})
    assert of(beside, "500 streams").verdict is Verdict.MET, "an anchor beside it says what the machine can do"
    assert of(beside, "500 streams").ratio == pytest.approx(4)


def test_a_missing_anchor_is_said_loudly_and_never_green() -> None:
    rows = measured("start", START | {"routes": Row(ours=[], missing="llm is not installed")})
    assert of(rows, "routes").verdict is Verdict.NOT_MEASURED
    assert of(rows, "first paint").verdict is Verdict.NOT_MEASURED, "a row that the script forgot"
    assert any("NOT MEASURED: llm is not installed" in line for line in table_of(rows))
    without_anchor = measured("start", {"--help": {"ours": [30], "anchor": []}})
    assert of(without_anchor, "--help").verdict is Verdict.NOT_MEASURED


def test_a_script_that_fails_leaves_all_its_rows_not_measured() -> None:
    rows = not_measured("call", "call.py failed")
    assert {each.what for each in rows} == GOALS["call"].keys()
    assert {each.verdict for each in rows} == {Verdict.NOT_MEASURED}


def test_what_is_a_fifth_worse_or_gone_is_shown() -> None:
    rows = measured("start", START)
    assert worse(rows, ratios_of(rows)) == []
    assert worse(rows, {"start: --help": 3.1 / 1.19}) == []
    (line,) = worse(rows, {"start: --help": 3.1 / 1.21})
    assert "start: --help" in line
    (gone,) = worse(rows, {"start: routes": 0.2})
    assert "NOT MEASURED" in gone


def test_figures_without_a_list_or_a_reason_are_refused() -> None:
    with pytest.raises(ValueError, match="routes"):
        measured("start", {"routes": {"ours": []}})
