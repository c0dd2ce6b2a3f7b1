"""How a role's call ended, in the closed types of the ledger."""

from console.domain.errors.category import Blame, Category
from console.domain.money import Estimate, price_of
from console.domain.probes.served_as import ServedAs
from console.domain.probes.smoke import SmokeResult
from console.domain.run.decide import STOPS_BY_CATEGORY
from console.domain.run.event import CallFailed, CallRecorded
from console.services.probes.smoke import by_bytes
from console.services.run.role_call import RoleCall


def failure_of(call: RoleCall, result: SmokeResult) -> CallFailed | None:
    """Return how a call failed; None if its answer can be read.

    An answer from another model is a failure: we did not ask that model.
    """
    found = result.classification
    if found is not None:
        stops = found.stops or found.category in STOPS_BY_CATEGORY
        return _failed(call, result, (found.category, found.blame), stops=stops)
    if result.service is not None and result.service.served_as is ServedAs.SWAPPED:
        return _failed(call, result, (Category.CONTRACT_VIOLATION, Blame.GATEWAY), stops=False)
    return None


def unread_of(call: RoleCall, result: SmokeResult) -> CallFailed:
    """Return the failure of a call whose answer does not have its role's form.

    If the answer ended at its token limit, the limit is to blame and not the content.
    """
    blame = Blame.CONFIG if result.is_at_limit else Blame.CONTENT
    return _failed(call, result, (Category.CONTRACT_VIOLATION, blame), stops=False)


def unread_words(result: SmokeResult, why: str) -> str:
    """Return why an answer cannot be read: its form, and its token limit if it ended there."""
    if not result.is_at_limit:
        return why
    ended, action = result.limit.words(result.finish)
    return f"{ended}. {action} So {why}"


def recorded_of(call: RoleCall, result: SmokeResult) -> CallRecorded:
    """Return the record of a call that was answered."""
    counted = _counted(call, result)
    return CallRecorded(
        call.call_id,
        call.route.role,
        result.model_reported,
        None if result.service is None else result.service.served_as,
        result.http_status,
        result.request_id,
        result.finish,
        result.input_tokens,
        result.output_tokens,
        _whole(result.ttft_ms),
        _whole(result.total_ms),
        price_of(call.price, result.input_tokens, result.output_tokens),
        counted_tokens=None if counted is None else counted.tokens,
        counted_microusd=None if counted is None else counted.microusd,
    )


def _failed(call: RoleCall, result: SmokeResult, why: tuple[Category, Blame], *, stops: bool) -> CallFailed:
    category, blame = why
    counted = _counted(call, result)
    return CallFailed(
        call.call_id,
        call.route.role,
        category,
        blame,
        stops=stops,
        requests_sent=result.requests_sent,
        http_status=result.http_status,
        request_id=result.request_id,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        total_ms=_whole(result.total_ms),
        microusd=price_of(call.price, result.input_tokens, result.output_tokens),
        counted_tokens=None if counted is None else counted.tokens,
        counted_microusd=None if counted is None else counted.microusd,
    )


def _counted(call: RoleCall, result: SmokeResult) -> Estimate | None:
    """Return what to book for an answer that names no usage; None if it names it, or nothing was counted."""
    is_named = result.input_tokens is not None and result.output_tokens is not None
    return None if is_named or result.counted is None else by_bytes(result.counted, call.price)


def _whole(ms: float | None) -> int | None:
    return None if ms is None else round(ms)
