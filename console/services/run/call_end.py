"""How a role's call ended, in the closed types of the ledger."""

from dataclasses import dataclass, replace

import msgspec

from console.domain.errors.category import Blame, Category
from console.domain.escalation.kept_exchange import kept_of
from console.domain.exchange.kept import KeptExchange
from console.domain.finding import Severity
from console.domain.money import Estimate, Price, cost_of
from console.domain.probes.served_as import SWAP_IDS, fallback_words, swap_words
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.role import Role
from console.domain.run.call_event import CallFailed, CallRecorded
from console.domain.run.rules.reports import STOPS_BY_CATEGORY
from console.domain.text.secret_scan import find_secrets
from console.services.ledger.artifacts import ArtifactStore
from console.services.probes.smoke import by_bytes
from console.services.system.leak_guard import LEAK_GUARD


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A call of a run: the console's own, or one of its agent's."""

    call_id: str
    role: Role
    price: Price | None


def failure_of(call: MadeCall, result: SmokeResult) -> CallFailed | None:
    """Return how a call failed; None if its answer can be read.

    An answer from another model is a failure: we did not ask that model.
    """
    found = result.classification
    if found is not None:
        stops = found.stops or found.category in STOPS_BY_CATEGORY
        return _failed(call, result, (found.category, found.blame), stops=stops)
    if result.is_swapped:
        return _failed(call, result, (Category.CONTRACT_VIOLATION, Blame.GATEWAY), stops=False)
    return None


def why_failed(result: SmokeResult) -> str:
    """Return the fact that made an answer unusable: the evidence of its failure, or which model answered."""
    if result.classification is not None:
        return result.classification.evidence
    service = result.service
    if service is None:
        return ""
    if service.fallbacks:
        return f"the gateway fell back: {fallback_words(service)}"
    return f"another model answered: {swap_words(service)}"


def unread_of(call: MadeCall, result: SmokeResult) -> CallFailed:
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


def recorded_of(call: MadeCall, result: SmokeResult) -> CallRecorded:
    """Return the record of a call that was answered."""
    counted = _counted(call, result)
    return CallRecorded(
        call.call_id,
        call.role,
        result.model_reported,
        None if result.service is None else result.service.served_as,
        result.http_status,
        result.request_id,
        result.finish,
        result.input_tokens,
        result.output_tokens,
        _whole(result.ttft_ms),
        _whole(result.total_ms),
        cost_of(call.price, result.input_tokens, result.output_tokens),
        counted_tokens=None if counted is None else counted.tokens,
        counted_microusd=None if counted is None else counted.microusd,
        model_behind=None if result.service is None else result.service.behind,
    )


async def with_exchange(failed: CallFailed, result: SmokeResult, artifacts: ArtifactStore) -> CallFailed:
    """Store what is kept of a failed call's exchange, and return the failure that names it.

    An exchange that would hold anything like a secret is not kept: the record of the failure does not need it.

    Raises:
        LedgerError: It cannot be written.

    """
    kept = kept_of(result, failed.category.value)
    if kept is None:
        return failed
    data = msgspec.json.encode(kept)
    text = data.decode()
    if LEAK_GUARD.is_hit(text) or find_secrets(text, limit=1):
        return failed
    return replace(failed, exchange_sha256=await artifacts.put(data))


async def read_exchange(artifacts: ArtifactStore, failed: CallFailed | None) -> KeptExchange | None:
    """Return what is kept of a failed call's exchange; None if this machine has nothing of it.

    Raises:
        LedgerError: It cannot be read, or has other content.

    """
    if failed is None or failed.exchange_sha256 is None:
        return None
    data = await artifacts.read(failed.exchange_sha256)
    try:
        return None if data is None else msgspec.json.decode(data, type=KeptExchange)
    except msgspec.MsgspecError:
        return None  # another version of this program kept something else


def _failed(call: MadeCall, result: SmokeResult, why: tuple[Category, Blame], *, stops: bool) -> CallFailed:
    category, blame = why
    counted = _counted(call, result)
    return CallFailed(
        call.call_id,
        call.role,
        category,
        blame,
        stops=stops,
        requests_sent=result.requests_sent,
        http_status=result.http_status,
        request_id=result.request_id,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        total_ms=_whole(result.total_ms),
        microusd=cost_of(call.price, result.input_tokens, result.output_tokens),
        counted_tokens=None if counted is None else counted.tokens,
        counted_microusd=None if counted is None else counted.microusd,
        model_reported=_answered_as(result),
        served_as=None if result.service is None else result.service.served_as,
        finding=_broken_by(result, category),
        ttft_ms=_whole(result.ttft_ms),
    )


def _counted(call: MadeCall, result: SmokeResult) -> Estimate | None:
    """Return what to book for an answer that names no usage; None if it names it, or nothing was counted."""
    is_named = result.input_tokens is not None and result.output_tokens is not None
    return None if is_named or result.counted is None else by_bytes(result.counted, call.price)


def _answered_as(result: SmokeResult) -> str | None:
    """Return the name of the model that answered: the one that a head names, before the answer's own."""
    named = None if result.service is None else result.service.model
    return named or result.model_reported


def _broken_by(result: SmokeResult, category: Category) -> str | None:
    """Return the id of the finding that made the answer unusable."""
    if category is not Category.CONTRACT_VIOLATION:
        return None
    of_swap = SWAP_IDS if result.classification is None else ()
    decisive = (each.id for each in result.findings if each.severity is Severity.FAIL or each.id in of_swap)
    return next(decisive, None)


def _whole(ms: float | None) -> int | None:
    return None if ms is None else round(ms)
