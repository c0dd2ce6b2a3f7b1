"""The mask: what of a gateway's answer may be told on. Names in a closed form pass; the token never does."""

import re
from dataclasses import replace

from console.domain.finding import Finding
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets, scrub
from console.domain.tokens.secret import Secret

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+ \-]{0,199}")
WORD = re.compile(r"[a-z_]{1,40}")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")

_EXCERPT_LIMIT = 300
"""The most characters of a gateway's own words that are shown."""


class Mask:
    """Answers for one call under one token."""

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def is_hit(self, text: str) -> bool:
        """Return whether a text from outside holds the token."""
        return self._secret is not None and self._secret.is_in(text)

    def closed(self, text: str | None, form: re.Pattern[str]) -> str | None:
        """Return a name from outside where it has the form of a name and looks like no secret; else None."""
        if text is None or not form.fullmatch(text) or self.is_hit(text) or find_secrets(text):
            return None
        return None if self._secret is not None and self._secret.resembles(text) else safe(text)

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
