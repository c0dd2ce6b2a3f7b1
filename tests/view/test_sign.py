from dataclasses import replace

import pytest

from console.domain.errors.category import Category, judged
from console.domain.finding import Severity
from console.domain.probes.arrival import Arrival
from console.domain.probes.event import SmokeFinished
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.served_as import ServedAs, Service
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.probes.standing import Standing
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState
from console.view.call_sign import call_sign, result_sign, ttft_figure
from console.view.finding_sign import severity_sign
from console.view.live_call import CallPhase, LiveCall
from console.view.route_sign import reason_of, route_sign, standing_sign
from console.view.sign import Sign, Tone
from console.view.token_sign import token_sign

_MISSING_IN_COMMON_FONTS = set("✗▸↵")


def _result(status: SmokeStatus, category: Category | None = None, requests_sent: int = 1) -> SmokeResult:
    return SmokeResult(
        RouteKey(Role.WRITER),
        "m",
        "responses",
        "/v1/responses",
        status,
        classification=None if category is None else judged(category, "evidence"),
        requests_sent=requests_sent,
    )


_ALL = [
    *[standing_sign(standing) for standing in Standing],
    *[severity_sign(severity) for severity in Severity],
    *[token_sign(state) for state in TokenState],
    *[call_sign(LiveCall(phase)) for phase in CallPhase],
    *[
        result_sign(_result(status, category, sent))
        for status in SmokeStatus
        for category in (None, *Category)
        for sent in (0, 1)
    ],
]


@pytest.mark.parametrize("sign", sorted(set(_ALL), key=str), ids=str)
def test_every_state_has_one_sign_a_word_and_a_tone(sign: Sign) -> None:
    assert len(sign.sign) == 1
    assert sign.sign not in _MISSING_IN_COMMON_FONTS
    assert sign.word == sign.word.strip() != ""
    assert sign.tone in Tone
    assert str(sign) == f"{sign.sign} {sign.word}"


def test_a_swapped_model_turns_a_passed_test_amber() -> None:
    swapped = replace(_result(SmokeStatus.PASSED), service=Service(ServedAs.SWAPPED))
    assert (str(result_sign(swapped)), result_sign(swapped).tone) == ("~ swapped", Tone.WARN)
    itself = replace(_result(SmokeStatus.PASSED), service=Service(ServedAs.ITSELF))
    assert str(result_sign(itself)) == "✓ ok"


def test_a_route_is_shown_by_what_its_answers_proved() -> None:
    table = RouteTable((Route(Role.WRITER, "gpt-route", EndpointFamily.RESPONSES, "/v1/responses"),))
    (check_of_route,) = check(table)
    assert str(route_sign(ProvenRoute(check_of_route))) == "~ warn", "nothing judges its draft"
    refusal = _result(SmokeStatus.BLOCKED, Category.ACCOUNT_QUOTA)
    refused = ProvenRoute(check_of_route).apply(SmokeFinished(refusal))
    assert str(route_sign(refused)) == "! blocked"
    assert reason_of(refused) == "rung 4: account_quota"


@pytest.mark.parametrize(
    ("standing", "shown"),
    [
        (Standing.PROVEN, "✓ proven"),
        (Standing.OFFLINE, "· offline"),
        (Standing.UNPROVEN, "~ unproven"),
        (Standing.CONDITIONAL, "~ cond."),
        (Standing.FAILED, "× failed"),
        (Standing.DOWN, "× down"),
        (Standing.BLOCKED, "! blocked"),
        (Standing.DRIFT, "× drift"),
    ],
)
def test_a_standing_is_shown(standing: Standing, shown: str) -> None:
    assert str(standing_sign(standing)) == shown


@pytest.mark.parametrize(
    ("severity", "shown"), [(Severity.FAIL, "× fail"), (Severity.WARN, "~ warn"), (Severity.INFO, "· info")]
)
def test_a_severity_is_shown(severity: Severity, shown: str) -> None:
    assert str(severity_sign(severity)) == shown


@pytest.mark.parametrize("state", TokenState)
def test_a_token_state_is_shown_with_its_own_word(state: TokenState) -> None:
    assert token_sign(state).word == state.value
    assert (token_sign(state).tone is Tone.OK) is (state is TokenState.FOUND)


@pytest.mark.parametrize(
    ("phase", "shown"),
    [
        (CallPhase.IDLE, "· not run"),
        (CallPhase.CONNECTING, "› connect"),
        (CallPhase.WAITING, "› wait"),
        (CallPhase.STREAMING, "› live"),
    ],
)
def test_a_smoke_under_way_is_shown_by_its_phase_whatever_came_before(phase: CallPhase, shown: str) -> None:
    assert str(call_sign(LiveCall(phase))) == shown
    assert str(call_sign(LiveCall(phase, result=_result(SmokeStatus.PASSED)))) == shown


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (_result(SmokeStatus.PASSED), "✓ ok"),
        (_result(SmokeStatus.UNKNOWN), "~ stopped"),
        (_result(SmokeStatus.SKIPPED), "· skipped"),
        (_result(SmokeStatus.FAILED, Category.CONTRACT_VIOLATION), "× failed"),
        (_result(SmokeStatus.FAILED, Category.RATE_LIMIT), "× failed"),
        (_result(SmokeStatus.FAILED), "× failed"),
        (_result(SmokeStatus.BLOCKED, Category.ENDPOINT_DRIFT, 0), "· held"),
        (_result(SmokeStatus.BLOCKED, Category.ENDPOINT_DRIFT), "! route"),
        (_result(SmokeStatus.BLOCKED, Category.ROUTE_MISSING), "! route"),
        (_result(SmokeStatus.BLOCKED, Category.ACCOUNT_PRICING), "! account"),
        (_result(SmokeStatus.BLOCKED, Category.ACCOUNT_AUTH, 0), "! account"),
        (_result(SmokeStatus.BLOCKED), "! route"),
    ],
)
def test_the_end_of_a_smoke_is_shown(result: SmokeResult, shown: str) -> None:
    assert str(result_sign(result)) == shown
    assert str(call_sign(LiveCall(CallPhase.DONE, result=result))) == shown


@pytest.mark.parametrize("category", [category for category in Category if category.stops_before_generation])
@pytest.mark.parametrize("requests_sent", [0, 1])
def test_an_account_or_route_matter_never_reads_as_a_failure(category: Category, requests_sent: int) -> None:
    sign = result_sign(_result(SmokeStatus.BLOCKED, category, requests_sent))
    assert "fail" not in sign.word
    assert sign.tone is not Tone.FAIL
    assert sign.sign != "×"


def test_only_what_passed_has_the_tone_of_what_passed() -> None:
    for status in SmokeStatus:
        for category in (None, *Category):
            assert (result_sign(_result(status, category)).tone is Tone.OK) is (status is SmokeStatus.PASSED)


def test_a_time_to_first_token_that_is_not_the_models_is_an_upper_bound() -> None:
    flowing = Arrival(pieces=40, lumps=40, wait_ms=300.0, spread_ms=800.0, longest_gap_ms=30.0, gap_after=3)
    burst = replace(flowing, lumps=1, wait_ms=5_217.0, spread_ms=0.0, longest_gap_ms=0.0)
    result = replace(_result(SmokeStatus.PASSED), output_tokens=40, ttft_ms=5_217.0, total_ms=5_400.0)
    assert ttft_figure(replace(result, arrival=flowing), 300.4) == ttft_figure(None, 300.4) == "300"
    assert ttft_figure(replace(result, arrival=burst), 5_217.0) == "≤5217"
    assert replace(result, arrival=flowing).output_tokens_per_s is not None
    assert replace(result, arrival=burst).output_tokens_per_s is None
