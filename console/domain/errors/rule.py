"""Error rules: reasons why a refusal belongs to a category, read from `facts/error_patterns.toml`.

Earlier rules weigh more. Phrases are plain text with gaps, not regular expressions, so that no body can make matching
slow: `model ... not found` matches if the second part follows the first within `_GAP` characters.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from console.domain.errors.body import GRAM, SHORT_GRAM, ErrorBody, ErrorWord, squash
from console.domain.errors.category import Blame, Category, Confidence
from console.domain.facts.load import load_facts

_GAP = 120
"""The maximum length of a gap in a phrase."""
_TRIES = 40
"""The maximum number of places in a text where a phrase is tried."""


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_AMOUNT = re.compile(
    r"(?:[$€£¥￥₩₹₽฿₫]|\b(?:usd|cny|rmb|eur|gbp|jpy|krw|inr|brl|rub|vnd|twd)|r\$) {0,2}-?\d"
    r"|\d {0,2}(?:usd|cny|rmb|eur|gbp|jpy|krw|inr|brl|rub|vnd|twd)"
    r"|\d {0,2}(?:dollars?|元|円|원|美元|美金|ドル|달러|人民币|€|₽|руб|đồng)"
    r"|'(?:limit_type|limittype|limit_unit|unit|currency)': '(?:usd|cny|rmb|eur|jpy|krw|cost|dollar|spend|money|budget)"
)
"""An amount of money: a sign or a code of a currency beside a number, or a field that says that money is counted."""


def names_amount(prose: str) -> bool:
    """Return whether a text names an amount of money. Linear in the text's length."""
    return _AMOUNT.search(prose) is not None


class Stage(StrEnum):
    """The kind of evidence of a rule, in order of weight."""

    SPECIFIC = "specific"
    """A sentence that says more than the code word beside it: a limit of a minute with the code of a quota."""
    WORD = "word"
    """A code word with a single meaning, anywhere in the body."""
    PHRASE = "phrase"
    """A sentence with a single meaning."""
    USUAL = "usual"
    """A code word in a field that gateways mostly use for this; an inner error precedes its wrapper."""
    HINT = "hint"
    """Vocabulary that means something only together with the status."""
    GENERIC = "generic"
    """A code word that gateways use for almost anything."""


_STRONG = (Stage.SPECIFIC, Stage.WORD, Stage.PHRASE)
"""The stages whose evidence decides at every status, in order of weight."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: its parts in lower case, in order."""

    parts: tuple[str, ...]
    key: str = ""
    """A run of characters without which no text has the phrase; empty if it is too short for one."""

    def is_in(self, prose: str) -> bool:
        """Return whether the parts occur in order in a text. Linear in the text's length."""
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
    """The reason, as a clause after "the error says that"."""
    source: str
    words: frozenset[str]
    by_key: dict[str, tuple[Phrase, ...]] = field(hash=False)
    """The phrases by their keys."""
    unless: tuple[Phrase, ...]
    """Phrases that exclude the rule."""
    statuses: frozenset[int]
    """The only statuses for which the rule holds; empty for all."""
    needs_both: bool
    """Whether both a word and a phrase are needed."""
    confidence: Confidence
    other_readings: tuple[Category, ...]
    can_pass_later: bool | None
    """Whether waiting can help, if that differs from the category's default."""
    blame: Blame | None = None
    """Where the cause is, if that differs from the category's default."""
    action: str = ""
    """What to do, if that differs from the category's default."""
    about: tuple[Phrase, ...] = ()
    """What the phrases must be about: one of these must also be in the body; empty for phrases that say it all."""
    needs_amount: bool = False
    """Whether the body must also name an amount of money."""
    is_wrapper: bool = False
    """Whether a wrapper's own words decide, which hide the reason unless the body names the provider's status."""
    holds_apart: bool = False
    """Whether the words also count with another status, if only a generic word would decide."""

    def holds(self, body: ErrorBody, status: int | None, keys: frozenset[str] | None = None) -> str | None:
        """Return the field that matches the rule, or None if the rule does not hold.

        `keys` are the keys of phrases that the body has, if they are already known for all rules.
        """
        if self.statuses and status not in self.statuses:
            return None
        return self.met(body, keys)

    def met(self, body: ErrorBody, keys: frozenset[str] | None = None) -> str | None:
        """Return the field that matches the rule, whatever the status; None if none does."""
        field = self._field(body, body.grams if keys is None else keys)
        if field is None or any(phrase.is_in(body.prose) for phrase in self.unless):
            return None
        return field

    def _field(self, body: ErrorBody, keys: frozenset[str]) -> str | None:
        word = "code" if self.words and not self.words.isdisjoint(body.mentioned) else None
        if word is not None and not self.needs_both:
            return word
        if (word is None and self.needs_both) or (self.needs_amount and not names_amount(body.prose)):
            return None
        prose = body.prose
        if not self._is_said(prose, keys) or (self.about and not any(each.is_in(prose) for each in self.about)):
            return None
        return "message"

    def _is_said(self, prose: str, keys: frozenset[str]) -> bool:
        by_key = self.by_key
        for key in by_key.keys() & keys:
            if any(phrase.is_in(prose) for phrase in by_key[key]):
                return True
        return any(phrase.is_in(prose) for phrase in by_key.get("", ()))


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """All rules, in order of weight."""

    strong: tuple[ErrorRule, ...]
    """The rules of the stages specific, word and phrase."""
    usual: dict[str, ErrorRule]
    hints: tuple[ErrorRule, ...]
    generic: dict[str, ErrorRule]
    keys: frozenset[str]
    """The keys of all phrases."""


@cache
def error_rules() -> ErrorRules:
    """Return the rules, read once and only when an error occurs."""
    table = load_facts("error_patterns")
    rules = [_rule(row, table["sources"]) for row in table["rule"]]
    by_stage = {stage: tuple(rule for rule in rules if rule.stage is stage) for stage in Stage}
    return ErrorRules(
        strong=tuple(rule for stage in _STRONG for rule in by_stage[stage]),
        usual=_by_word(by_stage[Stage.USUAL]),
        hints=by_stage[Stage.HINT],
        generic=_by_word(by_stage[Stage.GENERIC]),
        keys=frozenset(key for rule in rules for key in rule.by_key),
    )


def first_by_word(
    rules: dict[str, ErrorRule], words: Iterable[ErrorWord], status: int | None
) -> tuple[ErrorRule, str] | None:
    """Return the rule for the innermost word that has one, and that word's field."""
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
    usual = Confidence.CERTAIN if stage in _STRONG else Confidence.LIKELY
    can_pass = row.get("can_pass_later")
    return ErrorRule(
        rule_id=str(row["id"]),
        category=Category(str(row["category"])),
        stage=stage,
        reason=str(row["reason"]),
        source=sources[str(row["source"])],
        words=frozenset(squash(word) for word in texts("words")),
        by_key=by_key(phrase_of(text) for text in texts("says")),
        unless=tuple(phrase_of(text) for text in texts("unless")),
        about=tuple(phrase_of(text) for text in texts("about")),
        statuses=frozenset(int(status) for status in statuses) if isinstance(statuses, list) else frozenset(),
        needs_both=bool(row.get("needs_both", False)),
        confidence=Confidence(str(row["confidence"]))
        if "confidence" in row
        else (Confidence.UNDECIDABLE if others else usual),
        other_readings=others,
        blame=Blame(str(row["blame"])) if "blame" in row else None,
        action=str(row.get("action", "")),
        needs_amount=bool(row.get("needs_amount", False)),
        is_wrapper=bool(row.get("is_wrapper", False)),
        holds_apart=bool(row.get("holds_apart", False)),
        can_pass_later=can_pass if isinstance(can_pass, bool) else None,
    )


def phrase_of(text: str) -> Phrase:
    """Return the phrase that a text of the facts describes."""
    parts = tuple(text.split(" ... "))
    return Phrase(parts, _key(parts[0] if len(parts) == 1 else max(parts, key=len)))


def by_key(phrases: Iterable[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    """Return phrases by their keys."""
    found: dict[str, list[Phrase]] = {}
    for each in phrases:
        found.setdefault(each.key, []).append(each)
    return {key: tuple(some) for key, some in found.items()}


def _key(part: str) -> str:
    """Return the key of a phrase's longest part: a run from its middle, where it differs most from other phrases."""
    if part.isascii():
        start = (len(part) - GRAM) // 2
        return part[start : start + GRAM] if len(part) >= GRAM else ""
    place = _NOT_ASCII.search(part)
    start = min(0 if place is None else place.start(), len(part) - SHORT_GRAM)
    return part[start : start + SHORT_GRAM] if start >= 0 else ""
