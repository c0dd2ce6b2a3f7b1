"""The mask: what may be shown of a gateway's answer. Names in a closed form may; the token never."""

import re
from dataclasses import replace

from console.domain.finding import Finding
from console.domain.text.closed_name import closed_name
from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.domain.tokens.secret import Secret

_EXCERPT_LIMIT = 300
"""The most characters to show of a gateway's own message."""


class Mask:
    """Masks the answer to one call under one token."""

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def is_hit(self, text: str) -> bool:
        """Return whether a text from outside contains the token."""
        return self._secret is not None and self._secret.is_in(text)

    def closed(self, text: str | None, form: re.Pattern[str]) -> str | None:
        """Return a name from outside if it has the given form and is not the token or another secret; else None."""
        name = closed_name(text, form)
        return None if name is None or self.is_token(name) else name

    def is_token(self, name: str) -> bool:
        """Return whether a name from outside is the token, contains it, or is it with an obvious change."""
        return self._secret is not None and (self.is_hit(name) or self._secret.resembles(name))

    def count(self, tokens: int | None) -> int | None:
        """Return a count, or None if its digits contain the token."""
        return None if tokens is None or self.is_hit(str(tokens)) else tokens

    def finding(self, finding: Finding) -> Finding:
        """Return a finding whose evidence cannot contain the token, even if the token is a number like the counts."""
        return replace(finding, evidence="") if self.is_hit(finding.evidence) else finding

    def excerpt(self, said: str, *, is_cut: bool) -> str:
        """Return a refusal's own message for display, masked before it is cut, so that no part of a key remains.

        Args:
            said: The message.
            is_cut: Whether its body is not whole: its end may then be the beginning of the token.

        """
        if self._secret is not None:
            said = self._secret.redact(said)
            held = self._secret.held_back(said) if is_cut else self._secret.cut_off(said)
            said = self._secret.redact_changed(said[: len(said) - held])
        return safe(scrub(said), limit=_EXCERPT_LIMIT)
