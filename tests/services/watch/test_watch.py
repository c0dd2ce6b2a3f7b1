"""A watch at work: its config, its gateways, its budget, its clock and its end."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from support.probes.smoking import TOKEN
from support.watch.desks import FixedDesk, profile_at
from support.watch.failing_gateway import GOOD, Act, FailingGateway, failing_gateway
from support.watch.watching import kinds_by_round, watch_rounds

from console.domain.probes.event import CheckEvent, RungFinished, SmokeFinished
from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.contract import RouteCheck
from console.domain.watch.told import Told
from console.services.config.load import BrokenProfile
from console.services.config.settings import PolicySettings, Profile
from console.services.config.toml_text import ConfigError, Fault
from console.services.tokens.reference import Reference
from console.services.watch.pacing import JITTER, LOOK_S, Pacer
from console.services.watch.round import See
from console.services.watch.state_file import StateFile
from console.services.watch.watch import Overslept, PaidRounds, RoundCut, RoundEnded, StateUnkept, WatchPlan

FAULT = ConfigError(Fault("tokn: unknown key", "config.toml"))
PAID = PolicySettings(budget_tokens=2_000, run_max_output_tokens=256)


def desk_at(gateway: FailingGateway, **more: object) -> FixedDesk:
    return FixedDesk([profile_at(gateway.base_url, **more)])


async def test_a_config_that_breaks_is_told_once_and_the_one_before_it_stays_until_it_is_right_again() -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway)
        good = desk.now[0]
        changed = profile_at(gateway.base_url, good.table.routes[0])
        configs = {2: [FAULT], 3: [FAULT], 4: [good], 5: [BrokenProfile("p", FAULT)], 6: [changed]}

        def turn(number: int) -> None:
            desk.now = configs.get(number + 1, desk.now)

        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=7), desk, turn)
    assert kinds_by_round(events) == [
        ["first"], ["config_broken"], [], ["config_taken"], ["config_broken"], ["config_taken", "removed"], [],
    ]  # fmt: skip
    assert desk.openings == 1


async def test_a_config_that_is_broken_at_the_start_ends_the_watch_and_sends_nothing() -> None:
    with pytest.raises(ConfigError):
        await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=1), FixedDesk([FAULT]))


async def test_one_profile_that_cannot_be_used_stops_no_other_and_is_watched_once_it_can_be() -> None:
    async with failing_gateway() as gateway:
        good = profile_at(gateway.base_url, name="good")
        other = profile_at(gateway.base_url, name="other")
        desk = FixedDesk([good, BrokenProfile("other", FAULT)])

        def turn(number: int) -> None:
            if number == 2:
                desk.now = [good, other]

        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=3), desk, turn)
    assert kinds_by_round(events) == [["first", "unusable"], [], ["config_taken", "usable", "first"]]


async def test_a_rotated_token_is_read_again_and_a_gateway_that_works_is_not_opened_again() -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway)

        async def turn(number: int) -> None:
            if number == 2:
                await gateway.play(Act("has another key", replace(GOOD, token=f"{TOKEN}-next")))
            if number == 4:
                desk.token = f"{TOKEN}-next"

        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=6), desk, turn)
    assert kinds_by_round(events) == [["first"], [], ["alarm"], [], ["recovered"], []]
    assert desk.openings == 3  # the first, and after each of the two rounds that refused the old token


async def test_a_profile_that_another_process_watches_waits_for_it_and_stops_no_other(tmp_path: Path) -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway)
        added = profile_at(gateway.base_url, name="q")
        other = ExitStack()
        other.enter_context(StateFile(tmp_path / "state", added).locked())

        def turn(number: int) -> None:
            desk.now = [*desk.now, added] if number == 1 else desk.now
            if number == 3:
                other.close()

        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=4, state=tmp_path / "state"), desk, turn)
    told = [(event.profile, event.kind.value) for event in events if isinstance(event, Told)]
    assert told == [("p", "first"), ("", "config_taken"), ("q", "unusable"), ("q", "usable"), ("q", "first")]


async def test_a_token_that_must_be_bound_from_now_on_is_looked_for_again() -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway)
        (profile,) = desk.now

        def turn(number: int) -> None:
            if number == 1 and isinstance(profile, Profile):
                desk.now = [replace(profile, must_be_bound=(Reference.parse("vault:gw"),))]

        await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=3), desk, turn)
    assert desk.openings == 2


async def test_a_token_that_is_not_there_is_told_once_and_looked_for_in_every_round() -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway)
        desk.problem = Problem("the token is not there", ProblemKind.TOKEN)

        def turn(number: int) -> None:
            desk.problem = None if number == 2 else desk.problem

        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=3), desk, turn)
    assert kinds_by_round(events) == [["unusable"], [], ["usable", "first"]]


async def test_the_budget_holds_for_the_whole_watch_and_over_a_restart_and_free_rungs_go_on(tmp_path: Path) -> None:
    async with failing_gateway() as gateway:
        desk = desk_at(gateway, policy=PAID)
        plan = WatchPlan(Rung.SHAPE, 0, rounds=2, state=tmp_path / "state")
        told: list[str] = []
        prices = []
        for _ in range(100):
            events = await watch_rounds(plan, desk)
            told += [event.kind.value for event in events if isinstance(event, Told)]
            prices += [event for event in events if isinstance(event, PaidRounds)]
            (*_, last) = [event for event in events if isinstance(event, RoundEnded)]
            spent = last.profiles["p"].spent.tokens
            if "budget_used_up" in told:
                break
        events = await watch_rounds(plan, desk)
        (*_, last) = [event for event in events if isinstance(event, RoundEnded)]
    assert told == ["first", "budget_used_up"]
    assert 0 < spent <= last.profiles["p"].spent.tokens <= 2_000
    assert kinds_by_round(events) == [[], []]
    assert prices[0].a_round.tokens > 0
    assert prices[0].a_round.microusd is not None
    assert prices[-1].budget.spent.tokens > prices[0].budget.spent.tokens == 0


async def test_a_paid_watch_without_a_budget_pays_for_nothing_and_says_so() -> None:
    async with failing_gateway() as gateway:
        events = await watch_rounds(WatchPlan(Rung.SHAPE, 0, rounds=2), desk_at(gateway))
        assert gateway.generating == 0
    assert kinds_by_round(events) == [["first", "budget_used_up"], []]


async def test_a_watch_that_is_ended_within_a_paid_call_counts_and_names_it_and_tells_no_half_round(
    tmp_path: Path,
) -> None:
    stop = asyncio.Event()
    plan = WatchPlan(Rung.SHAPE, 0, state=tmp_path / "state")

    async def watch(desk: FixedDesk) -> list[object]:
        return list(await watch_rounds(plan, desk, stop=stop))

    async with failing_gateway() as gateway:
        desk = desk_at(gateway, policy=replace(PAID, budget_tokens=100_000))
        hangs = asyncio.Event()

        def hang(*_: object) -> bytes:
            hangs.set()
            return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

        await gateway.play(Act("hangs within an answer", replace(GOOD, text=hang)))
        watching = asyncio.ensure_future(watch(desk))
        await hangs.wait()
        stop.set()
        events = await watching
        await gateway.play(Act("works", GOOD))
        after = await watch_rounds(replace(plan, rounds=1), desk)
    (price,) = [event for event in after if isinstance(event, PaidRounds)]
    assert price.budget.spent.tokens > 0
    assert [event for event in events if not isinstance(event, PaidRounds)] == [RoundCut({"p": ("critic", "writer")})]


async def test_a_state_that_cannot_be_kept_is_told_once_and_the_watch_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    async with failing_gateway() as gateway:
        events = await watch_rounds(WatchPlan(Rung.KEY, 0, rounds=3, state=state), desk_at(gateway))
    (unkept,) = [event for event in events if isinstance(event, StateUnkept)]
    assert "chmod 700" in unkept.reason
    assert kinds_by_round(events) == [["first"], [], []]


async def test_every_event_of_each_round_is_handed_on_with_its_routes_and_the_gateways_origin() -> None:
    begun: list[tuple[str, int, str]] = []
    seen: list[CheckEvent] = []

    def recording(profile: Profile, checks: tuple[RouteCheck, ...], origin: str) -> See:
        begun.append((profile.name, len(checks), origin))
        return seen.append

    async with failing_gateway() as gateway:
        desk = desk_at(gateway, policy=replace(PAID, budget_tokens=100_000))
        await watch_rounds(WatchPlan(Rung.SHAPE, 0, rounds=2), desk, recording=recording)
        assert begun == [("p", 2, gateway.base_url)] * 2
    assert sum(isinstance(event, SmokeFinished) for event in seen) == 8
    assert {event.result.rung for event in seen if isinstance(event, RungFinished)} == set(Rung)


async def test_a_watch_at_rung_0_opens_no_gateway() -> None:
    desk = FixedDesk([profile_at("http://127.0.0.1:9")])
    events = await watch_rounds(WatchPlan(Rung.OFFLINE, 0, rounds=2), desk)
    assert (kinds_by_round(events), desk.openings) == ([["first"], []], 0)


# --- The clock --------------------------------------------------------------------------------------------------------


class Machine:
    """A machine's clock, and its sleep: what is asked to wait lets time pass."""

    def __init__(self) -> None:
        self.s = 1_000.0
        self.waits: list[float] = []
        self.sleeps_at: dict[int, float] = {}
        """For how many seconds the machine sleeps during which wait."""

    def clock(self) -> float:
        return self.s

    async def pause(self, seconds: float) -> None:
        self.s += seconds + self.sleeps_at.pop(len(self.waits), 0.0)
        self.waits.append(seconds)


async def test_after_a_sleep_of_hours_one_round_is_made_at_once_and_not_those_that_were_missed() -> None:
    machine = Machine()
    machine.sleeps_at = {30: 8 * 3_600.0}
    begun: list[float] = []
    async with failing_gateway() as gateway:
        plan = WatchPlan(Rung.CONNECTION, 60, rounds=6, clock=machine.clock, pause=machine.pause)
        events = await watch_rounds(plan, desk_at(gateway), lambda _: begun.append(machine.s))
    gaps = [after - before for before, after in pairwise(begun)]
    assert gaps[:2] == [60, 60]
    assert 8 * 3_600 < gaps[2] <= 8 * 3_600 + 60
    assert gaps[3:] == [60, 60]
    assert [type(event) for event in events].count(Overslept) == 1
    assert max(machine.waits) <= LOOK_S


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
async def test_a_wall_clock_that_is_set_moves_no_round_and_tells_nothing(jump_s: float, tmp_path: Path) -> None:
    machine, wall = Machine(), [1_764_000_000.0]
    begun: list[float] = []

    def turn(number: int) -> None:
        begun.append(machine.s)
        wall[0] += jump_s if number == 2 else 60

    async with failing_gateway() as gateway:
        plan = WatchPlan(
            Rung.KEY, 60, rounds=4, clock=machine.clock, pause=machine.pause, now=lambda: wall[0], state=tmp_path / "s"
        )
        events = await watch_rounds(plan, desk_at(gateway), turn)
    assert [after - before for before, after in pairwise(begun)] == [60, 60, 60]
    assert kinds_by_round(events) == [["first"], [], [], []]


async def test_a_watch_for_some_time_begins_no_round_after_it() -> None:
    machine = Machine()
    async with failing_gateway() as gateway:
        plan = WatchPlan(Rung.CONNECTION, 60, for_s=200, clock=machine.clock, pause=machine.pause)
        events = await watch_rounds(plan, desk_at(gateway))
    assert len([event for event in events if isinstance(event, RoundEnded)]) == 4


def test_jitter_spreads_rounds_around_the_interval_by_the_random_numbers_that_it_is_given() -> None:
    pacer, same = (Pacer(100.0, asyncio.Event(), Random(7), lambda: 0.0) for _ in range(2))
    due = [pacer.due_after(0.0) for _ in range(500)]
    assert due == [same.due_after(0.0) for _ in range(500)]
    assert 100 * (1 - JITTER) <= min(due) < 80
    assert 120 < max(due) <= 100 * (1 + JITTER)
    assert Pacer(100.0, asyncio.Event(), None, lambda: 5.0).due_after(5.0) == 105.0
