"""Questions of the set-up: what is asked, what enter alone answers, and which option answers it on the command line."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.text.secret_scan import looks_like_secret

_LONG = 20
"""From how many characters on a word without a dot, a colon or a slash may be a token."""


class Topic(StrEnum):
    """What a question is about."""

    GATEWAY = "gateway"
    PLACE = "place"
    """A step of the gateway's address that is the caller's own."""
    PROFILE = "profile"
    TOKEN = "token"  # noqa: S105  # a topic, not a token
    UNREACHABLE = "unreachable"
    """What to do about a gateway that does not answer."""
    ROLES = "roles"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that are offered."""

    answer: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Its answer is one line of text, and never a token."""

    topic: Topic
    words: str
    choices: tuple[Choice, ...] = ()
    """What is offered; another answer may be typed where `is_open`."""
    offered: str = ""
    """What enter alone answers; empty if an answer is needed."""
    is_open: bool = True
    """Whether an answer that is not offered can be typed."""
    fault: str = ""
    """Why the answer before was not taken; it never has that answer's text."""
    option: str = ""
    """The option of `init` that answers it."""

    def answered(self, text: str) -> str:
        """Return the answer that a typed line stands for: an offered one by its number or its first letters.

        Raises:
            ValueError: Only offered answers count, and it is none of them.

        """
        typed = text.strip() or self.offered
        if typed.isascii() and typed.isdigit() and 1 <= int(typed[:3]) <= len(self.choices):
            return self.choices[int(typed[:3]) - 1].answer
        named = [each.answer for each in self.choices if typed and each.answer.lower() == typed.lower()]
        if not self.is_open:
            named = named or [
                each.answer for each in self.choices if typed and each.answer.lower().startswith(typed.lower())
            ]
            if len(named) != 1:
                raise ValueError(f"answer with one of: {', '.join(each.answer for each in self.choices)}")
        return named[0] if named else typed

    def is_secret(self, text: str) -> bool:
        """Return whether a typed line may be a token in the wrong place, so that no face keeps it in view."""
        typed = text.strip()
        if looks_like_secret(typed, is_address=self.topic in (Topic.GATEWAY, Topic.PLACE)) is not None:
            return True
        is_offered = typed.isdigit() or any(each.answer == typed for each in self.choices)
        is_word = not any(mark in typed for mark in ".:/ =?")
        may_be = self.topic is Topic.TOKEN or (self.topic in (Topic.GATEWAY, Topic.PLACE) and len(typed) >= _LONG)
        return bool(typed) and is_word and may_be and not is_offered
