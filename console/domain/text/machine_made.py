"""Whether a run of characters is random, or made from words by a person.

Neighbours tell: in a word or a name a few pairs of letters are nearly all, and digits stay together. Random runs
of small letters alone are sometimes missed, one in a thousand at 60 characters; no known key looks like that.
"""

import re
from collections.abc import Iterator


def _pairs(*lines: str) -> Iterator[str]:
    for word in " ".join(lines).split():
        yield from (word[0] + second for second in word[1:])


_COMMON = frozenset(
    _pairs(
        "abcdfgiklmnprstuvwxy babceijlorsuy cacehiklmorstuy dadeilorstu eabcdefgiklmnopqrstvwxy faefilorstu",
        "gaeghilnorsu haeiortu iabcdefglmnoprstvxz jeu kaeils lacdeilopstuy mabdeilmopsu nacdefgiklnopstuvy",
        "oabcdfgiklmnoprstuvw paehiloprstuy qu rabcdefgiklmnoprstuvwy saceghiklmnopstuwy tabcdefhilmnoprstuwy",
        "uabcdefgilmnprst vaeio waehinors xaceipt yeinpst zei",
    )
)
"""Letters and their successors in English: these 300 of 676 pairs are 95 of 100 in the words of code and prose."""
_LETTER_BESIDE_DIGIT = re.compile(r"[a-z](?=[0-9])|[0-9](?=[a-z])")
_SHORT_HUMP = re.compile(r"(?<![a-z])[a-z]{1,2}(?=[A-Z])")
_PART = re.compile(r"[A-Za-z0-9]+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_LEAST_ODD = 5
_LEAST_ODD_SHARE = 0.3
"""Words have odd neighbours at one letter in ten, random text at one in two: 22 characters tell them apart."""
_LONGEST_NAME = 24
"""No name with digits is longer without a hyphen, an underscore or a change of case between its words."""
_LEAST_HEXADECIMAL = 16
_LEAST_DISTINCT = 8

_FILLER = re.compile("changeme|dummy|example|fake|placeholder|redacted|replaceme|sample|todo|yours?")
"""One such word marks a value that is still to be filled in."""
_GENERIC = re.compile(
    "access|admin|api|auth|change|credentials?|demo|enter|goes|guest|here|insert|key|me|my|name|pass|passwd|password"
    "|postgres|pwd?|replace|root|secret|some|test|testing|the|this|token|user|username|value"
)
"""A value made only of such words is a placeholder."""
_COUNTED = "1234567890"


def is_machine_made(text: str) -> bool:
    """Return whether a value is random: a number, or letters that do not follow one another as those of a word."""
    if len(set(text)) < _LEAST_DISTINCT:
        return False
    parts = _PART.findall(text)
    mixed = [part for part in parts if not part.isdigit()]
    odd = sum(map(_oddities, mixed))
    if odd >= _LEAST_ODD and odd >= _LEAST_ODD_SHARE * sum(map(len, mixed)):
        return True
    return _UUID.search(text) is not None or any(map(_is_number, parts))


def is_mixed(run: str) -> bool:
    """Return whether a long run of characters looks random: it mixes capitals, small letters and two digits or more."""
    return (
        any(character.islower() for character in run)
        and any(character.isupper() for character in run)
        and sum(character.isdigit() for character in run) >= 2
    )


def _oddities(part: str) -> int:
    """Count what is rare in names: pairs of letters, a letter next to a digit, a capital after a letter or two."""
    small = part.lower()
    pairs = map(str.__add__, small, small[1:])
    rare = sum(pair not in _COMMON for pair in pairs if pair.isalpha() and pair[0] != pair[1])
    return rare + len(_LETTER_BESIDE_DIGIT.findall(small)) + len(_SHORT_HUMP.findall(part))


def _is_number(part: str) -> bool:
    """Return whether letters and digits are mixed for longer than in any name, or are hexadecimal digits."""
    if part.isalpha() or part.isdigit() or len(set(part)) < _LEAST_DISTINCT:
        return False
    is_hexadecimal = len(part) >= _LEAST_HEXADECIMAL and not part.lower().strip("0123456789abcdef")
    return is_hexadecimal or len(part) >= _LONGEST_NAME


def is_placeholder(text: str, *, beside: str = "") -> bool:
    """Return whether a value is a placeholder, such as `your-password`.

    Args:
        text: The value.
        beside: The name that it belongs to; a password equal to its user name is a placeholder.

    """
    if is_machine_made(text):
        return False
    if len(set(text.lower())) <= 3 or text == beside:
        return True
    words = [word.lower() for word in _WORD.findall(text)]
    if any(map(_FILLER.fullmatch, words)):
        return True
    return any(map(_GENERIC.fullmatch, words)) and all(
        _GENERIC.fullmatch(word) or _COUNTED.startswith(word) for word in words
    )
