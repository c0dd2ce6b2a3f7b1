"""Error rules: reasons why a refusal belongs to a category, read from `facts/error_patterns.toml`.

A rule's order is its weight. Phrases are plain text with gaps and no regular expressions, so that no body can make one
slow: `model ... not found` matches where the second part follows the first within `_GAP` characters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.errors.body import ErrorBody, Word, squash
from console.domain.errors.category import Category, Confidence
from console.domain.facts.load import load_facts

_GAP = 120
"""The most characters that a gap in a phrase stands for."""
_TRIES = 40
"""The most beginnings of one phrase that are tried in a text."""


class Stage(StrEnum):
    """What a rule looks at, in the order in which evidence counts."""

    WORD = "word"
    """A code word that says one thing only, anywhere in the body."""
    PHRASE = "phrase"
    """A sentence that says one thing only."""
    USUAL = "usual"
    """A code word that gateways mostly use for this, in a field; an inner error's before its wrapper's."""
    HINT = "hint"
    """Vocabulary that says something only together with the status."""
    GENERIC = "generic"
    """A code word that gateways use for nearly everything."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: its parts in lower case, in order."""

    parts: tuple[str, ...]

    def is_in(self, prose: str) -> bool:
        """Return whether the parts follow one another in a text. Linear in the text's length."""
        first = self.parts[0]
        start = prose.find(first)
        for _ in range(_TRIES):
            if start < 0:
                return False
            end = start + len(first)
            for part in self.parts[1:]:
                found = prose.find(part, end, end + _GAP + len(part))
                if found < 0:
                    break
                end = found + len(part)
            else:
                return True
            start = prose.find(first, start + 1)
        return False


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One reason why a refusal belongs to a category."""

    rule_id: str
    category: Category
    stage: Stage
    reason: str
    """Why, as a clause that follows "the error says that"."""
    source: str
    words: frozenset[str]
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    """Phrases beside which the rule does not hold."""
    statuses: frozenset[int]
    """Statuses for which alone the rule holds; empty where it holds for all."""
    needs_both: bool
    """A word and a phrase are needed, not one of them."""
    confidence: Confidence
    other_readings: tuple[Category, ...]
    can_pass_later: bool | None
    """Whether waiting can help, where that differs from the category's own answer."""
    holds_apart: bool = False
    """The words weigh also beside another status, where nothing but a generic word decides."""

    def holds(self, body: ErrorBody, status: int | None) -> str | None:
        """Return the field that the rule was met on, or None where it does not hold."""
        if self.statuses and status not in self.statuses:
            return None
        return self.met(body)

    def met(self, body: ErrorBody) -> str | None:
        """Return the field that the rule was met on, whatever the status; None where it was not."""
        field = self._field(body)
        if field is None or any(phrase.is_in(body.prose) for phrase in self.unless):
            return None
        return field

    def _field(self, body: ErrorBody) -> str | None:
        word = "code" if self.words and not self.words.isdisjoint(body.mentioned) else None
        if word is not None and not self.needs_both:
            return word
        if word is None and self.needs_both:
            return None
        return "message" if any(phrase.is_in(body.prose) for phrase in self.phrases) else None


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """All rules, in the order in which evidence counts."""

    strong: tuple[ErrorRule, ...]
    """Those of the stages word and phrase."""
    usual: dict[str, ErrorRule]
    hints: tuple[ErrorRule, ...]
    generic: dict[str, ErrorRule]


@cache
def error_rules() -> ErrorRules:
    """Return the rules, read once and only when an error is met."""
    table = load_facts("error_patterns")
    rules = [_rule(row, table["sources"]) for row in table["rule"]]
    by_stage = {stage: tuple(rule for rule in rules if rule.stage is stage) for stage in Stage}
    return ErrorRules(
        strong=(*by_stage[Stage.WORD], *by_stage[Stage.PHRASE]),
        usual=_by_word(by_stage[Stage.USUAL]),
        hints=by_stage[Stage.HINT],
        generic=_by_word(by_stage[Stage.GENERIC]),
    )


def first_by_word(
    rules: dict[str, ErrorRule], words: Iterable[Word], status: int | None
) -> tuple[ErrorRule, str] | None:
    """Return the rule of the innermost word that has one, and the field that it stood in."""
    for word in words:
        rule = rules.get(word.squashed)
        if rule is not None and (not rule.statuses or status in rule.statuses):
            return rule, word.key
    return None


def _by_word(rules: tuple[ErrorRule, ...]) -> dict[str, ErrorRule]:
    found: dict[str, ErrorRule] = {}
    for rule in rules:
        for word in rule.words:
            found.setdefault(word, rule)
    return found


def _rule(row: dict[str, object], sources: dict[str, str]) -> ErrorRule:
    def texts(key: str) -> list[str]:
        value = row.get(key, [])
        return [str(item) for item in value] if isinstance(value, list) else []

    statuses = row.get("statuses", [])
    stage = Stage(str(row["stage"]))
    others = tuple(Category(name) for name in texts("or_else"))
    usual = Confidence.CERTAIN if stage in (Stage.WORD, Stage.PHRASE) else Confidence.LIKELY
    can_pass = row.get("can_pass_later")
    return ErrorRule(
        rule_id=str(row["id"]),
        category=Category(str(row["category"])),
        stage=stage,
        reason=str(row["reason"]),
        source=sources[str(row["source"])],
        words=frozenset(squash(word) for word in texts("words")),
        phrases=tuple(_phrase(text) for text in texts("says")),
        unless=tuple(_phrase(text) for text in texts("unless")),
        statuses=frozenset(int(status) for status in statuses) if isinstance(statuses, list) else frozenset(),
        needs_both=bool(row.get("needs_both", False)),
        confidence=Confidence(str(row["confidence"]))
        if "confidence" in row
        else (Confidence.UNDECIDABLE if others else usual),
        other_readings=others,
        holds_apart=bool(row.get("holds_apart", False)),
        can_pass_later=can_pass if isinstance(can_pass, bool) else None,
    )


def _phrase(text: str) -> Phrase:
    return Phrase(tuple(text.lower().split(" ... ")))
