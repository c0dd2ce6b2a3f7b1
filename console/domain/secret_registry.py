"""The registry of secrets: every token that this process holds, so that whatever leaves it can be asked about all."""

from functools import reduce

from console.domain.secret import Secret


class SecretRegistry:
    """Knows the tokens of one process. Empty until one is found, and then cheap to ask."""

    def __init__(self) -> None:
        self._secrets: list[Secret] = []

    def add(self, secret: Secret | None) -> None:
        """Know one more token; the same one twice is one."""
        if secret is not None and secret not in self._secrets:
            self._secrets.append(secret)

    def is_hit(self, text: str) -> bool:
        """Tell whether a text holds a token, or a form of it that gives it away."""
        return any(secret.is_in(text) for secret in self._secrets)

    def redact(self, text: str) -> str:
        """Return a text with every token and every form of it masked."""
        return reduce(_redacted, self._secrets, text) if self._secrets else text


def _redacted(text: str, secret: Secret) -> str:
    return secret.redact(text)
