"""The registry of secrets: every token in this process, so that all output can be checked for all of them.

A token shorter than eight characters could be a word, so it blocks nothing and is masked only as a separate word.
Longer tokens are found and masked anywhere and in every form.
"""

import json

from console.domain.tokens.secret import Secret


class SecretRegistry:
    """The tokens of one process. Empty until one is found; lookups are cheap."""

    def __init__(self) -> None:
        self._secrets: list[Secret] = []

    @property
    def count(self) -> int:
        """How many tokens were added; what was masked before one came is to be masked again."""
        return len(self._secrets)

    def add(self, secret: Secret | None) -> None:
        """Add a token; duplicates are ignored."""
        if secret is not None and secret not in self._secrets:
            self._secrets.append(secret)

    def is_hit(self, text: str) -> bool:
        """Return whether a text contains a token too long to be a word, or a form that reveals it."""
        return any(secret.is_in(text) for secret in self._secrets if secret.is_unmistakable)

    def redact(self, text: str) -> str:
        """Return a text with every token masked in every form; a token that could be a word only as a word."""
        for secret in self._secrets:
            text = secret.redact(text) if secret.is_unmistakable else secret.redact_word(text)
        return text

    def redact_document(self, document: object) -> object:
        """Return a JSON document (dicts, lists, texts and numbers) with its tokens masked.

        The structure is kept: each text and key is masked separately, and a number that contains a token becomes text.
        Tokens that could be a word are not masked in keys and numbers, which are our own. Keys that become equal get a
        number.
        """
        match document:
            case str():
                return self.redact(document)
            case dict():
                masked: dict[object, object] = {}
                for key, value in document.items():
                    masked[self._free_key(key, masked)] = self.redact_document(value)
                return masked
            case list() | tuple():
                return [self.redact_document(each) for each in document]
            case int() | float() if self.is_hit(json.dumps(document)):
                return self.redact(json.dumps(document))
            case _:
                return document

    def _free_key(self, key: object, taken: dict[object, object]) -> object:
        masked = free = self.redact(key) if isinstance(key, str) and self.is_hit(key) else key
        while free in taken:
            free = f"{masked} {len(taken) + 1}"
        return free
