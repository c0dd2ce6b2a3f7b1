"""The reason that an operator types: how it is kept, and what it may hold."""

import unicodedata

from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets

REASON_LIMIT = 280
"""The most characters of a reason."""
TYPED_REASON = 8
"""The fewest characters of a reason that stands against what our code computed."""
_TYPED_LIMIT = 4 * REASON_LIMIT
"""What is typed beyond it is not looked at: it is too long anyway."""


def kept_reason(reason: str) -> str:
    """Return a reason as the ledger keeps it: one line, in the one spelling that Unicode has for it."""
    return unicodedata.normalize("NFC", " ".join(reason.strip()[:_TYPED_LIMIT].split()))


def check_reason(reason: str, *, is_needed: bool = False) -> Refusal | None:
    """Refuse a reason that is too short, too long, or holds what must not be kept."""
    kept = kept_reason(reason)
    if is_needed and len(kept) < TYPED_REASON:
        return Refusal(RefusalCode.REASON, f"this needs a reason of at least {TYPED_REASON} characters, typed by you")
    if len(kept) > REASON_LIMIT:
        return Refusal(RefusalCode.REASON, f"a reason has at most {REASON_LIMIT} characters")
    if safe(kept) != kept:
        return Refusal(RefusalCode.REASON, "the reason holds characters that cannot be seen; type it again")
    if find_secrets(kept):
        return Refusal(RefusalCode.SECRET, "the reason looks like it holds a secret; it was not kept")
    return None
