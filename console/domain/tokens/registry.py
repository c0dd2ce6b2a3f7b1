"""The registry of secrets: every token that this process holds, so that whatever leaves it can be asked about all.

A token of fewer than eight characters could be a word, so it blocks nothing and is masked only where it stands as a
word by itself; every longer one is found and masked anywhere and in every form.
"""

import json

from console.domain.tokens.secret import Secret


class SecretRegistry:
    """Knows the tokens of one process. Empty until one is found, and then cheap to ask."""

    def __init__(self) -> None:
        self._secrets: list[Secret] = []

    def add(self, secret: Secret | None) -> None:
        """Know one more token; the same one twice is one."""
        if secret is not None and secret not in self._secrets:
            self._secrets.append(secret)

    def is_hit(self, text: str) -> bool:
        """Return whether a text holds a token that is no word, or a form of it that gives it away."""
        return any(secret.is_in(text) for secret in self._secrets if secret.is_unmistakable)

    def redact(self, text: str) -> str:
        """Return a text with every token and every form of it masked; one that could be a word, as a word only."""
        for secret in self._secrets:
            text = secret.redact(text) if secret.is_unmistakable else secret.redact_word(text)
        return text

    def redact_document(self, document: object) -> object:
        """Return a JSON document, given as dicts, lists, texts and numbers, with the tokens in it masked.

        It stays a document: texts and keys are masked each by itself, and a number that holds a token becomes a text.
        Tokens that could be a word leave keys and numbers alone, which are ours. Keys that are equal once masked are
        told apart by a number.
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
