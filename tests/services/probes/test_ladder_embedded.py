"""The probe ladder on the embedded gateway, to its top: the demo is clean, and each fault is named on its rung."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from support.waiting import HANG_S

from console.domain.errors.category import Category
from console.domain.finding import Finding, Severity
from console.domain.money import Price
from console.domain.probes.event import CatalogueRead, RungFinished
from console.domain.probes.ladder import Rung, RungResult, RungStatus, rung_needed
from console.domain.routes.contract import check
from console.domain.routes.role import Role
from console.domain.tokens.secret import Secret
from console.services.config.load import load_profile
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.smoke import SmokePlan
from console.simulator.server import Listening, serve

pytestmark = pytest.mark.usefixtures("no_trust_store")


async def climbed(name: str) -> tuple[dict[Role, dict[Rung, RungResult]], CatalogueRead, Listening]:
    """Climb to the top for a profile of the sample; return what each rung showed of each route."""
    profile = load_profile(None, name)
    patient = replace(profile.gateway, deadline_s=HANG_S, idle_timeout_s=HANG_S, connect_timeout_s=HANG_S)
    rungs: dict[Role, dict[Rung, RungResult]] = {}
    seen: list[CatalogueRead] = []
    async with (
        serve(pace=0) as listening,
        Gateway(listening.base_url, Secret(listening.token), patient) as gateway,
    ):
        plan = SmokePlan(gateway, Reservations(profile.budget()), profile.gateway.smoke_max_output_tokens)
        how = LadderPlan(Rung.SHAPE, plan, patient.connect_timeout_s)
        places = asyncio.Semaphore(profile.gateway.concurrency)
        async with aclosing(climb(check(profile.table), how, places=places)) as events:
            async for event in events:
                if isinstance(event, RungFinished):
                    rungs.setdefault(event.result.key, {})[event.result.rung] = event.result
                elif isinstance(event, CatalogueRead):
                    seen.append(event)
    (catalogue,) = seen
    return rungs, catalogue, listening


def weighty(result: RungResult) -> list[Finding]:
    return [finding for finding in result.findings if finding.severity is not Severity.INFO]


def ids(result: RungResult) -> list[str]:
    return [finding.id for finding in weighty(result)]


async def test_every_route_of_the_demo_reaches_the_top_without_a_finding() -> None:
    rungs, catalogue, listening = await climbed("demo")
    assert set(rungs) == set(Role)
    for role, results in rungs.items():
        assert rung_needed(role) in results
        assert {rung: result.status for rung, result in results.items()} == dict.fromkeys(Rung, RungStatus.PASSED), role
        assert [weighty(result) for result in results.values()] == [[]] * len(Rung), role
    assert catalogue.catalogue.sources == ("/v1/models", "/api/models", "/api/pricing")
    priced = catalogue.catalogue.get("gpt-review-route-placeholder")
    assert priced is not None
    assert priced.price == Price(2.5, 15.0)
    # One call without a key; three lists; on each of three paths the right and a wrong key; an unknown model once; and
    # for each route a text and a shape.
    assert len(listening.journal.calls) == 1 + 3 + 2 * 3 + 1 + 2 * len(Role)


async def test_the_controls_are_refused_and_the_paid_rungs_name_what_they_took() -> None:
    rungs, _, _ = await climbed("demo")
    for role, results in rungs.items():
        is_first = role is min(Role, key=list(Role).index)
        right, wrong, *unknown = results[Rung.KEY].notes
        assert right.startswith("right key, no input: 400 invalid_request")
        assert wrong == "wrong key: 401 account_auth"
        assert unknown == ["unknown model: 404 route_missing"] or not is_first
        assert results[Rung.KEY].tokens == 0
        for rung in (Rung.SMOKE, Rung.SHAPE):
            result = results[rung]
            assert result.requests_sent == 1
            assert result.tokens
            assert result.price_after_microusd
            assert result.price_before.microusd is not None
            assert result.price_after_microusd <= result.price_before.microusd


async def test_each_fault_of_the_sample_is_named_on_its_rung() -> None:
    rungs, _, _ = await climbed("faults")
    last = {role: results[max(results)] for role, results in rungs.items()}
    assert {role: (result.rung, result.status, ids(result)) for role, result in last.items()} == {
        Role.PLANNER: (Rung.SMOKE, RungStatus.FAILED, ["RSP-STREAM-08"]),
        Role.WRITER: (Rung.SHAPE, RungStatus.PASSED, []),
        Role.REVISION: (Rung.SMOKE, RungStatus.FAILED, ["COM-T-03", "COM-H-01"]),
        Role.REVIEWER: (Rung.OFFLINE, RungStatus.BLOCKED, ["ROUTE-03"]),
        Role.CRITIC: (Rung.SHAPE, RungStatus.PASSED, []),
        Role.FALLBACK: (Rung.SMOKE, RungStatus.BLOCKED, []),
    }
    assert ids(rungs[Role.FALLBACK][Rung.CATALOGUE]) == ["MOD-05"]
    refusal = last[Role.FALLBACK].classification
    assert refusal is not None
    assert refusal.category is Category.ACCOUNT_PRICING
