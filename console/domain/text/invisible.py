"""Invisible characters: one table with their kinds, for all code that looks for them.

It has every code point that Unicode classifies as a control, format character, line or paragraph separator or surrogate
(Cc, Cf, Zl, Zp, Cs) or as default ignorable (DerivedCoreProperties.txt), including reserved ones.
"""

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum


class Invisible(StrEnum):
    """The kind of an invisible character, as text for a person."""

    CONTROL = "control"
    """A terminal obeys it."""
    LINE_SEPARATOR = "line separator"
    """It breaks lines, but only in few programs."""
    BIDI = "bidi"
    """It changes the drawing order of text."""
    ZERO_WIDTH = "zero-width"
    """It joins or separates its neighbours."""
    VARIATION_SELECTOR = "variation selector"
    """It chooses between glyphs of the preceding character."""
    FILLER = "filler"
    """A letter drawn as a gap."""
    TAG = "tag"
    """ASCII at other code points, drawn as nothing; after a black flag it names part of a country."""
    FORMAT = "format"
    """It controls the layout of a script; a terminal draws nothing or a box."""
    SURROGATE = "surrogate"
    """Half of a character; encodable text cannot contain it."""
    SIGN = "sign"
    """A visible number or abbreviation sign that Unicode classifies as a format character."""


_CONTROL, _BIDI, _ZERO_WIDTH, _FORMAT = Invisible.CONTROL, Invisible.BIDI, Invisible.ZERO_WIDTH, Invisible.FORMAT
_SELECTOR, _FILLER, _TAG, _SIGN = Invisible.VARIATION_SELECTOR, Invisible.FILLER, Invisible.TAG, Invisible.SIGN

TABLE: tuple[tuple[int, int, Invisible, str], ...] = (
    (0x0000, 0x001F, _CONTROL, "C0 controls"),
    (0x007F, 0x009F, _CONTROL, "delete and the C1 controls"),
    (0x00AD, 0x00AD, _ZERO_WIDTH, "soft hyphen"),
    (0x034F, 0x034F, _ZERO_WIDTH, "combining grapheme joiner"),
    (0x0600, 0x0605, _SIGN, "Arabic number signs"),
    (0x061C, 0x061C, _BIDI, "Arabic letter mark"),
    (0x06DD, 0x06DD, _SIGN, "Arabic end of ayah"),
    (0x070F, 0x070F, _SIGN, "Syriac abbreviation mark"),
    (0x0890, 0x0891, _SIGN, "Arabic pound and piastre marks"),
    (0x08E2, 0x08E2, _SIGN, "Arabic disputed end of ayah"),
    (0x115F, 0x1160, _FILLER, "Hangul fillers"),
    (0x17B4, 0x17B5, _FILLER, "Khmer inherent vowels"),
    (0x180B, 0x180D, _SELECTOR, "Mongolian free variation selectors"),
    (0x180E, 0x180E, _ZERO_WIDTH, "Mongolian vowel separator"),
    (0x180F, 0x180F, _SELECTOR, "Mongolian free variation selector four"),
    (0x200B, 0x200D, _ZERO_WIDTH, "zero-width space, non-joiner and joiner"),
    (0x200E, 0x200F, _BIDI, "marks of direction"),
    (0x2028, 0x2029, Invisible.LINE_SEPARATOR, "line and paragraph separators"),
    (0x202A, 0x202E, _BIDI, "bidi embeddings and overrides"),
    (0x2060, 0x2065, _ZERO_WIDTH, "word joiner, invisible operators"),
    (0x2066, 0x2069, _BIDI, "bidi isolates"),
    (0x206A, 0x206F, _FORMAT, "deprecated format characters"),
    (0x3164, 0x3164, _FILLER, "Hangul filler"),
    (0xD800, 0xDFFF, Invisible.SURROGATE, "surrogates"),
    (0xFE00, 0xFE0F, _SELECTOR, "variation selectors"),
    (0xFEFF, 0xFEFF, _ZERO_WIDTH, "byte order mark"),
    (0xFFA0, 0xFFA0, _FILLER, "half-width Hangul filler"),
    (0xFFF0, 0xFFF8, _FORMAT, "reserved specials"),
    (0xFFF9, 0xFFFB, _FORMAT, "interlinear annotation"),
    (0x110BD, 0x110BD, _FORMAT, "Kaithi number sign"),
    (0x110CD, 0x110CD, _FORMAT, "Kaithi number sign above"),
    (0x13430, 0x1343F, _FORMAT, "Egyptian hieroglyph format controls"),
    (0x1BCA0, 0x1BCA3, _FORMAT, "shorthand format controls"),
    (0x1D173, 0x1D17A, _FORMAT, "musical format controls"),
    (0xE0000, 0xE007F, _TAG, "tags"),
    (0xE0080, 0xE00FF, _TAG, "reserved beside the tags"),
    (0xE0100, 0xE01EF, _SELECTOR, "variation selectors supplement"),
    (0xE01F0, 0xE0FFF, _TAG, "reserved beyond the selectors"),
)
"""The first and last code point of each range, its kind and its Unicode name; in order."""
_FIRSTS = [first for first, *_ in TABLE]

HIDING = frozenset(Invisible) - {Invisible.SIGN}
"""All kinds but the visible one: text for human review should have none of them."""
DROPPED = HIDING - {Invisible.CONTROL, Invisible.LINE_SEPARATOR, Invisible.SURROGATE}
"""The kinds that can be removed from words: they separate neither words nor lines."""
LAYOUT = "\t\n\f\r"
"""The layout controls of plain text."""


def kind_of(character: str) -> Invisible | None:
    """Return the kind of a character; None for an ordinary one."""
    code = ord(character)
    _, last, kind, _ = TABLE[bisect_right(_FIRSTS, code) - 1]
    return kind if code <= last else None


def class_of(kinds: Iterable[Invisible], *, but: str = "") -> str:
    """Return the characters of some kinds, without those in `but`, for a regular expression's character class."""
    wanted, pieces = frozenset(kinds), []
    for first, last, kind, _ in TABLE:
        if kind not in wanted:
            continue
        for code in (*sorted(code for code in map(ord, but) if first <= code <= last), last + 1):
            if first < code:
                pieces.append(f"\\U{first:08x}-\\U{code - 1:08x}")
            first = code + 1  # noqa: PLW2901  # the rest of the range
    return "".join(pieces)
