"""The mask: what of a gateway's answer may be shown. Names in a closed form pass; the token never does."""

import re
from dataclasses import replace

from console.domain.finding import Finding
from console.domain.text.closed_name import closed_name
from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.domain.tokens.secret import Secret

_EXCERPT_LIMIT = 300
"""The most characters of a gateway's own words that are shown."""


class Mask:
    """Masks what comes back from one call under one token."""

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def is_hit(self, text: str) -> bool:
        """Return whether a text from outside holds the token."""
        return self._secret is not None and self._secret.is_in(text)

    def closed(self, text: str | None, form: re.Pattern[str]) -> str | None:
        """Return a name from outside that has the given form and is neither the token nor another secret; else None."""
        name = closed_name(text, form)
        is_token = name is not None and self._secret is not None and (self.is_hit(name) or self._secret.resembles(name))
        return None if is_token else name

    def count(self, tokens: int | None) -> int | None:
        """Let a counter through unless its digits are the token."""
        return None if tokens is None or self.is_hit(str(tokens)) else tokens

    def finding(self, finding: Finding) -> Finding:
        """Return a finding whose evidence cannot hold a token, also where the token is a number like those counted."""
        return replace(finding, evidence="") if self.is_hit(finding.evidence) else finding

    def excerpt(self, said: str) -> str:
        """Return a refusal's own words for display; they are masked before they are cut, so no end of a key stays."""
        if self._secret is not None:
            said = self._secret.redact(said)
            said = said[: len(said) - self._secret.held_back(said)]  # a body that was cut within the token
        return safe(scrub(said), limit=_EXCERPT_LIMIT)
