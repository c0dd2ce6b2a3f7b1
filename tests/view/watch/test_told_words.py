"""What a watch tells, in one line: every kind says something, and the documentation names every kind and metric."""

import re
from collections import Counter
from pathlib import Path

import pytest
from support.watch.sightings import AUTH, DOWN, ROUTE, green

from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.problem import ProblemKind
from console.domain.watch.profile_watch import ProfileRound, ProfileWatch
from console.domain.watch.told import Told, ToldKind
from console.view.watch.metrics import WatchMetrics, prometheus_text
from console.view.watch.told_words import told_subject, told_words

PAGE = (Path(__file__).parents[3] / "docs" / "watch.md").read_text(encoding="utf-8")
SECRET_PATH = "/home/ann/clients/acme.toml"


def told(kind: ToldKind, **more: object) -> Told:
    usual = {
        "routes": (ROUTE.key,), "models": ("m",), "standing": Standing.DOWN, "cause": DOWN, "tried_to": Rung.KEY,
        "since": 0.0, "rounds": 2, "was": "1", "now": "2", "problem": ProblemKind.TOKEN,
    }  # fmt: skip
    return Told(kind, 600.0, "p", **usual | more)


@pytest.mark.parametrize("kind", list(ToldKind))
def test_every_kind_is_one_line_and_its_message_that_names_files_stays_on_this_machine(kind: ToldKind) -> None:
    change = told(kind, words=f"{SECRET_PATH}: line 3: unknown key")
    here, elsewhere = told_words(change), told_words(change, is_local=False)
    assert SECRET_PATH in here
    assert SECRET_PATH not in elsewhere
    assert len(elsewhere) > 10
    assert "\n" not in here + elsewhere
    assert not elsewhere.endswith(".")


def test_a_line_says_what_changed_why_and_what_to_do() -> None:
    assert told_words(told(ToldKind.ALARM, standing=Standing.BLOCKED, cause=AUTH, rounds=1)) == (
        "! blocked: account_auth at rung 3. Check that token_ref names this gateway's token and that it is still valid"
    )
    recovered = told_words(told(ToldKind.RECOVERED, standing=Standing.PROVEN))
    assert recovered == "✓ recovered, ✓ proven: was red with upstream_unavailable at rung 1 for 10 min (2 rounds)"


def test_many_routes_are_counted_and_few_are_named() -> None:
    assert told_subject(told(ToldKind.ALARM)) == "p writer"
    assert told_subject(told(ToldKind.ALARM, routes=(ROUTE.key,) * 7)) == "p 7 routes"
    assert (told_subject(told(ToldKind.UNUSABLE, routes=())), told_subject(Told(ToldKind.CONFIG_TAKEN, 1.0))) == (
        "p", "config",
    )  # fmt: skip


def test_the_page_names_every_kind_and_every_metric() -> None:
    known, _ = ProfileWatch("p").after(ProfileRound(1.0, (green(),)))
    text = prometheus_text(WatchMetrics("1", {"p": known}, 1.0, 1.0, 1, 0.1, Counter()))
    metrics = {each.removeprefix("gateway_console_watch_") for each in re.findall(r"# TYPE (\S+)", text)}
    named = set(re.findall(r"`([a-z_]+)(?:\{[a-z]+\})?`", PAGE))
    assert (set(map(str, ToldKind)) - named, metrics - named) == (set(), set())
