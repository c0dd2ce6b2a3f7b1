"""A team is told by webhook what a console stores: in closed words, each event at most once, and never in the way."""

import asyncio
import json
from pathlib import Path

import pytest
from support.cli.schemas import valid
from support.run.story import ANN, BLOCK, Story, lost_at, waiting_at
from support.waiting import HANG_S
from support.watch.webhooks import MoodyWebhook

from console.domain.problem import Problem
from console.domain.run.command import HandOver, Stop
from console.domain.run.event import Entry
from console.domain.run.fold import apply
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.team.notice import notices_of
from console.services.team.telling import telling

_NOTE = "the index is old: look at the cache first"
_REASON = "agreed with the owner by phone"


def environment(tmp_path: Path, webhook: str, **more: str) -> dict[str, str]:
    """Return the environment of an operator whose config names a webhook."""
    place = tmp_path / "config" / "gateway-console" / "config.toml"
    place.parent.mkdir(parents=True, mode=0o700)
    sample = Path(__file__).parents[3] / "sample_config.toml"
    place.write_text(f'{sample.read_text()}\n[team]\nwebhook = "{webhook}"\n')
    place.chmod(0o600)
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path), **more}


def told_of(story: Story) -> list[tuple[str, str, str | None, str]]:
    """Return what is told of a whole story, as one console after the other stored it."""
    kinds, state = [], RunState(story.state.run_id)
    for entry in story.entries:
        state = apply(state, entry)
        kinds += [(each.kind.value, each.gate.value, each.waits_for, each.by) for each in notices_of(state, [entry])]
    return kinds


def test_what_waits_is_decided_left_and_ended_is_told() -> None:
    story = waiting_at(Gate.REVIEWER)
    story.does(HandOver("mia", _NOTE), ANN)
    story.says(BLOCK)
    assert told_of(story)[-4:] == [
        ("waits", "reviewer", None, "gateway-console"),
        ("handed_over", "reviewer", "mia", "ann"),
        ("decided", "reviewer", None, "ann"),
        ("ended", "reviewer", None, "ann"),
    ]
    lost = lost_at(Gate.WRITER)
    lost.does(Stop(_REASON), ANN)
    assert [kind for kind, *_ in told_of(lost)][-2:] == ["cut_off", "ended"]


def test_a_gate_that_the_console_passes_by_itself_does_not_wait_for_a_person() -> None:
    story = waiting_at(Gate.REVIEWER)
    last: list[Entry] = story.entries[-1:]
    assert list(notices_of(story.state, last, is_auto=True)) == []
    person = waiting_at(Gate.REVIEWER, needs_human=True)
    assert [each.kind for each in notices_of(person.state, person.entries[-1:], is_auto=True)] == ["waits"]


async def test_a_webhook_gets_each_event_at_most_once_whatever_its_mood_and_no_typed_text(tmp_path: Path) -> None:
    hook = MoodyWebhook(("takes", "500", "closes", "takes"), keeps_requests=True)
    said: list[str] = []

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with hook.serving():
        named = environment(tmp_path, "env:HOOK", HOOK=f"http://127.0.0.1:{hook.port}/hook")
        async with telling(named, said.append, end_s=HANG_S, pause=at_once) as appended:
            story = waiting_at(Gate.REVIEWER)
            for command in (HandOver("mia", _NOTE), HandOver("ben", _NOTE), Stop(_REASON)):
                hook.came.clear()
                story.does(command, ANN)
                appended(story.state, story.entries[-1:])
                await hook.came.wait()
    sent = [json.loads(each.body) for each in hook.requests]
    seqs = [int(each["events"][0]["id"].rpartition("-")[2]) for each in sent]
    last = story.state.seq
    # A fault is an answer, so the second event was tried again. Its second try may have arrived: that one was the last.
    assert (seqs, [each["dropped"] for each in sent]) == ([last - 2, last - 1, last - 1, last], [0, 0, 0, 1])
    assert {valid(each)["schema"] for each in sent} == {"gateway-console/team-events/v1"}
    text = json.dumps(sent)
    assert (_NOTE in text, _REASON in text) == (False, False)
    assert ["does not take what is sent" in each for each in said] == [True, False]


async def test_a_webhook_that_hangs_stops_no_run(tmp_path: Path) -> None:
    hook = MoodyWebhook(("hangs",))
    said: list[str] = []
    async with hook.serving():
        named = environment(tmp_path, "env:HOOK", HOOK=f"http://127.0.0.1:{hook.port}/hook")
        async with telling(named, said.append, end_s=0.0) as appended:
            story = waiting_at(Gate.REVIEWER)
            appended(story.state, story.entries[-1:])
            await hook.came.wait()
    assert said[-1] == f"the team's webhook at http://127.0.0.1:{hook.port} was not told 1 event(s) of a run"


async def test_an_address_that_cannot_be_used_is_told_without_it(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="the variable HOOK that it names is not set"):
        async with telling(environment(tmp_path, "env:HOOK"), print):
            pass
    with pytest.raises(Problem) as caught:
        async with telling(environment(tmp_path / "again", "env:HOOK", HOOK="http://example.com/s3cret"), print):
            pass
    assert "s3cret" not in str(caught.value)
