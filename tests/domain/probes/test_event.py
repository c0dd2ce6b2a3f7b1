from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import get_args

import pytest

from console.domain.probes.event import Event
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey


def _result(**times: object) -> SmokeResult:
    return SmokeResult(RouteKey(Role.WRITER), "m", "responses", "/v1/responses", SmokeStatus.PASSED, **times)


@pytest.mark.parametrize(
    ("result", "pace"),
    [
        (_result(request_written_ms=100.0, ttft_ms=200.0, total_ms=1300.0, output_tokens=101), 100.0),
        (_result(ttft_ms=200.0, total_ms=1200.0, output_tokens=51), 50.0),
        (_result(request_written_ms=0.0, ttft_ms=0.0, total_ms=2000.0, output_tokens=2), 0.5),
    ],
)
def test_the_pace_counts_the_tokens_after_the_first_over_the_time_after_it(result: SmokeResult, pace: float) -> None:
    assert result.output_tokens_per_s == pytest.approx(pace)


@pytest.mark.parametrize(
    "result",
    [
        _result(),
        _result(ttft_ms=200.0, total_ms=1200.0),
        _result(total_ms=1200.0, output_tokens=50),
        _result(ttft_ms=200.0, output_tokens=50),
        pytest.param(_result(ttft_ms=200.0, total_ms=1200.0, output_tokens=1), id="one token has no pace"),
        pytest.param(_result(ttft_ms=200.0, total_ms=1200.0, output_tokens=0), id="no token"),
        pytest.param(_result(ttft_ms=200.0, total_ms=200.5, output_tokens=50), id="all at once"),
        pytest.param(_result(ttft_ms=200.0, total_ms=100.0, output_tokens=50), id="clocks that disagree"),
        pytest.param(
            _result(request_written_ms=1000.0, ttft_ms=200.0, total_ms=1200.0, output_tokens=50), id="all in the wait"
        ),
    ],
)
def test_without_a_span_there_is_no_pace(result: SmokeResult) -> None:
    assert result.output_tokens_per_s is None


@pytest.mark.parametrize("event", get_args(Event), ids=lambda event: event.__name__)
def test_every_event_is_frozen_slotted_and_described(event: type) -> None:
    assert is_dataclass(event)
    assert event.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert set(event.__slots__) == {field.name for field in fields(event)}  # type: ignore[attr-defined]
    assert event.__doc__
    assert "(" not in event.__doc__.partition("\n")[0].partition(" ")[0]


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        _result().status = SmokeStatus.FAILED  # type: ignore[misc]


def test_a_result_has_no_field_for_a_prompt_an_output_or_a_token() -> None:
    names = {field.name for field in fields(SmokeResult)}
    assert not {"prompt", "output", "text", "body", "token", "secret", "message", "headers"} & names
