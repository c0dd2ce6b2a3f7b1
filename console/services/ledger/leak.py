"""The last check before something is stored permanently: nothing in it may be a secret."""

import json
from collections.abc import Callable, Iterable, Iterator

from console.domain.ledger.actor import Actor
from console.domain.ledger.line import NewLine
from console.domain.text.secret_scan import find_secrets
from console.services.ledger.ledger import LedgerError, Summary


def leak_refusal(
    run_id: str,
    lines: Iterable[NewLine],
    actor: Actor,
    summary: Summary,
    is_hit: Callable[[str], bool] | None,
) -> LedgerError | None:
    """Return the refusal of lines that seem to hold a secret; None if none does."""
    lines = tuple(lines)
    words = find_leak(lines, actor, summary, is_hit)
    if words is None:
        return None
    kinds = ", ".join(sorted({line.kind for line in lines}))
    return LedgerError(
        f"{kinds} of run {run_id} seems to hold a secret ({words}), so none of it was stored;"
        " remove the secret from what the run reads, and replace it",
        is_unsafe=True,
    )


def find_leak(
    lines: Iterable[NewLine], actor: Actor, summary: Summary, is_hit: Callable[[str], bool] | None
) -> str | None:
    """Return a description of the secret that some lines or their summary seem to hold, or None; never the secret.

    Ids, hashes and fingerprints of closed forms are skipped. Texts are checked decoded, whatever escapes JSON writes
    them with.

    Args:
        lines: The lines to store.
        actor: Their author.
        summary: The entry for the list of runs.
        is_hit: Returns whether a text holds a value that is known to be secret.

    """
    texts = [summary.repository, summary.gate, summary.status, actor.id]
    for line in lines:
        body = line.body.decode()
        texts += [line.kind, line.gate or "", line.call_id or "", body]
        if "\\" in body:
            texts += _texts(json.loads(body))
    looked_at = "\n".join(texts)
    if is_hit is not None and is_hit(looked_at):
        return "a token in use"
    hits = find_secrets(looked_at, limit=1)
    return hits[0].words if hits else None


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for inner in value:
                yield from _texts(inner)
        case dict():
            for key, inner in value.items():
                yield key
                yield from _texts(inner)
