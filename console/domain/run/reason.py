"""The reason that an operator types: how it is stored, and what it may contain."""

import unicodedata

from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets

REASON_LIMIT = 280
"""The maximum length of a reason."""
TYPED_REASON = 8
"""The minimum length of a reason that overrides a computed verdict."""
_TYPED_LIMIT = 4 * REASON_LIMIT
"""Text beyond this is ignored: it is too long anyway."""


def kept_reason(reason: str) -> str:
    """Return a reason as the ledger stores it: one line, in Unicode form NFC."""
    return unicodedata.normalize("NFC", " ".join(reason.strip()[:_TYPED_LIMIT].split()))


def check_reason(reason: str, *, is_needed: bool = False, what: str = "reason") -> Refusal | None:
    """Refuse a reason, or a note, that is too short, too long, or contains something that must not be stored."""
    kept = kept_reason(reason)
    if is_needed and len(kept) < TYPED_REASON:
        return Refusal(RefusalCode.REASON, f"this needs a {what} of at least {TYPED_REASON} characters, typed by you")
    if len(kept) > REASON_LIMIT:
        return Refusal(RefusalCode.REASON, f"a {what} has at most {REASON_LIMIT} characters")
    if safe(kept) != kept:
        return Refusal(RefusalCode.REASON, f"the {what} contains invisible characters; type it again")
    if find_secrets(kept):
        return Refusal(RefusalCode.SECRET, f"the {what} seems to contain a secret; it was not stored")
    return None
