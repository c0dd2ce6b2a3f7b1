"""The injection scan: finds places where a draft addresses its judge.

A lint, not a wall: it raises the cost of a careless injection. A draft always goes to its judges as data, and no
model's answer is a verdict. A finding moves the decision from the machine to a person, and so does text in a language
without known phrases (INJ-09). An article that quotes such a sentence is also found, and a person sees that it is a
quote.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from console.domain.finding import Finding, Severity
from console.domain.injection.form import forms_in
from console.domain.injection.phrase import phrases_in
from console.domain.injection.script import unreadable_line
from console.domain.injection.text import readings
from console.domain.text.invisible import HIDING, LAYOUT, Invisible, class_of

_SPOKEN = {
    "INJ-01": "it tells its reader to ignore the instructions",
    "INJ-02": "it addresses the reviewer",
    "INJ-03": "it asks for its own approval, or for no findings",
    "INJ-04": "it asks for scores",
}

_VERDICT_LINE = re.compile(
    r"^[^\w\n]{0,20}(?:(?:final|overall|my|the|review(?:er)?|critic)[ _-]){0,2}(?:verdict|review[ _-]?status)"
    r"[^\w\n]{1,12}(?:ready|approved?|pass(?:ed)?|accept(?:ed)?|revise|block(?:ed)?)[^\w\n]{0,12}$",
    re.MULTILINE,
)
_BLOCK = "(?:draft|task|instructions|context|plan|findings|criteria)"
_MARKERS = re.compile(
    rf"<<<(?<!<<<<) ?(?:end {_BLOCK}\b|{_BLOCK}(?: [^\n<>]{{1,200}})?>>>)"
    rf"|[-=#*<>\[]{{3,20}} ?end (?:of )?(?:the )?(?:untrusted )?(?:draft|artifact|data block|data|input)"
    r" ?[-=#*<>\]]{3,20}"
    r"|<\|(?:im_start|im_end|endoftext|eot_id|end_of_text|begin_of_text|start_header_id|end_header_id|system|user"
    r"|assistant|end)\|>|(?<!\w)\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>"
)
_MARK_SIGN = re.compile(r"[<\[]|[-=#*>]{3}")
"""What all of these begin with."""
_SPEAKER = re.compile(
    r"^[^\w\n]{0,20}(?:system|assistant|developer)(?: prompt| message)?[ *]{0,3}: ?(?:ignore|disregard|approve|"
    r"override|score|new instructions|the draft is|this draft is)\b",
    re.MULTILINE,
)
_KEY = re.compile(
    r"""["'](?:(nonce|score|evidence|severity|quote|note)\\{0,3}["']\s{0,8}:"""
    r"""|(criteria|findings)\\{0,3}["']\s{0,8}:\s{0,40}\[)"""
)
_ANSWERS = (
    frozenset({"nonce", "findings"}),
    frozenset({"nonce", "criteria"}),
    frozenset({"criteria", "score", "evidence"}),
    frozenset({"severity", "quote", "note"}),
)
"""Names that occur together in judges' answers and hardly anywhere else."""

_BYTE_ORDER_MARK = "\ufeff"
_WITHIN_SCRIPTS = "\u00ad\u061c\u200c\u200d\u200e\u200f"
"""The soft hyphen, joiners and direction marks, which many scripts and emoji need."""
_SELECTORS = frozenset({Invisible.VARIATION_SELECTOR})
_HIDDEN = re.compile(
    f"[{class_of(HIDING - _SELECTORS, but=LAYOUT + _WITHIN_SCRIPTS + _BYTE_ORDER_MARK)}]"
    f"|(?s:(?<=.)){_BYTE_ORDER_MARK}"
    f"|(?<=[0-9A-Za-z])[{_WITHIN_SCRIPTS}](?=[0-9A-Za-z])"
    f"|[{class_of(_SELECTORS)}]{{2}}"
)
"""Characters that a model reads and a person does not see, except where scripts and emoji need them."""
_SPECIAL = re.compile(f"[{class_of(HIDING, but=LAYOUT)}]")
"""What all of these begin with."""
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The flag of a country's subdivision: a black flag, the subdivision's code in tags, and an end tag."""

_UNREADABLE = "it contains text in a script or language that this lint cannot read"


def find_injection(text: str) -> tuple[Finding, ...]:
    """Return one finding for each way in which a draft addresses its reviewer or critic.

    Every finding leaves the decision to a person; text that the lint cannot read (INJ-09) is not at fault. The message
    is our own; the evidence gives a line and a count.
    """
    return tuple(_findings(text))


def _findings(text: str) -> Iterator[Finding]:
    spoken: dict[str, set[int]] = {each: set() for each in _SPOKEN}
    verdicts, markers, keys = [], [], set[str]()
    plain = None
    for reading in readings(text):
        plain = reading.plain if plain is None else plain
        words = _Lines(reading.words, reading.line)
        for finding_id, place in (*forms_in(reading.words), *phrases_in(reading.words)):
            spoken[finding_id].add(words.of(place))
        seen = _Lines(reading.seen, reading.line)
        verdicts += [seen.of(match.start()) for match in _VERDICT_LINE.finditer(reading.seen)]
        markers += [seen.of(place) for place in _places_of(_MARKERS, _MARK_SIGN, reading.seen)]
        markers += [seen.of(match.start()) for match in _SPEAKER.finditer(reading.seen)]
        keys |= {match.group(1) or match.group(2) for match in _KEY.finditer(reading.seen)}
    for finding_id, what in _SPOKEN.items():
        yield from _found(finding_id, what, spoken[finding_id])
    yield from _found("INJ-05", "a line of it reads like a verdict", verdicts)
    yield from _found("INJ-06", "it contains an end-of-block marker or another speaker's turn", markers)
    if any(answer <= keys for answer in _ANSWERS):
        yield _finding("INJ-07", "it contains JSON with the field names of a judge's answer")
    given = _Lines(text, 1)
    without_flags = _FLAG.sub(lambda flag: " " * len(flag[0]), text)
    hidden = [given.of(place) for place in _places_of(_HIDDEN, _SPECIAL, without_flags)]
    yield from _found("INJ-08", "it contains characters that a model reads and a person does not see", hidden)
    unreadable = unreadable_line(text, plain or "")
    if unreadable is not None:
        yield Finding("INJ-09", Severity.WARN, _UNREADABLE, evidence=f"line {unreadable}")


def _places_of(expression: re.Pattern[str], beginning: re.Pattern[str], text: str) -> Iterator[int]:
    """Yield the positions where an expression matches; it is tried only where it can begin."""
    place = 0
    while (begun := beginning.search(text, place)) is not None:
        found = expression.match(text, begun.start())
        if found is not None:
            yield found.start()
        place = begun.start() + 1 if found is None else found.end()


class _Lines:
    """Maps positions in a text to lines."""

    def __init__(self, text: str, first: int) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._first = first

    def of(self, place: int) -> int:
        return self._first + bisect_left(self._ends, place)


def _found(finding_id: str, what: str, lines: Iterable[int]) -> Iterator[Finding]:
    ordered = sorted(lines)
    if ordered:
        more = f", and {len(ordered) - 1} more" if len(ordered) > 1 else ""
        yield _finding(finding_id, what, f"line {ordered[0]}{more}")


def _finding(finding_id: str, what: str, evidence: str = "") -> Finding:
    return Finding(finding_id, Severity.FAIL, f"injection suspected: {what}", evidence=evidence)
