# this module is about look-alike letters
"""Plain letters: characters drawn like a Latin letter become that letter, and decorative marks are removed.

The marks of Devanagari, Bengali, Thai and similar scripts are part of their words and stay. Those of Latin, Greek,
Cyrillic and Arabic letters are removed, since words are written with and without them.
"""

import re
import unicodedata

from console.domain.text.invisible import DROPPED, class_of
from console.domain.text.normal_form import fold_compatible

_DROPPED = re.compile(f"[{class_of(DROPPED)}]")
_OTHERS = re.compile(r"[^\x00-\x7f]+")
_DECORATION = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that do not change a word."""

_PAIRS = (
    # Latin: small capitals, turned and stroked letters
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqqrstuvwyz"),
    ("ɐɔǝɟƃɥᴉɾʞʃɯɹʇʌʍʎɓɗɠƙƥƭʋƴɑɡɩɭɱɳʂʈʐ", "acefghijklmrtvwybdgkptvyagilmnstz"),
    ("ıłøđħŧƀɇɉɍʉɨƶɏⱥȼꝁꝃðȷ", "ilodhtbejruizyackkdj"),
    # Cyrillic, small letters and capitals by their look
    ("аеорсухіјѕԁһӏԛԝґєɡүԍ", "aeopcyxijsdhlqwgegyg"),
    ("вкмнт", "bkmht"),
    # Greek, Armenian, Coptic, Cherokee and Lisu
    ("αορνικετυχβηςγωδλσ", "aopviketuxbnsywdls"),
    ("հոսօցքեզյտղճ", "hnuogqeqjsnd"),
    ("ⲟⲣⲥⲁⲉⲕⲛⲧⲭⲙ", "opcaekntxm"),
    ("ꭰꭱꭲꭺꮢꮃꭹꮪꮯꭼꮋꮮꮩꮤꮲꮓꮶ", "deiarwyscehlvtpzk"),
    ("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijklmnoprstuvwxyz"),
)
_LIKE_LATIN = {other: latin for others, letters in _PAIRS for other, latin in zip(others, letters, strict=True)}
_CAPITALS = dict(zip("ΗΝΡΧΥΖΜΤΚΑΒΕΙΟ", "HNPXYZMTKABEIO", strict=True))
"""Greek capitals that look like a different letter than their small forms."""
_LONGER = {"ß": "ss", "ẞ": "SS", "æ": "ae", "œ": "oe", "þ": "th"}
_LIKE_ARABIC = {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ٱ": "ا"}
_SIGNS = {"।": ".", "؟": "?", "،": ",", "؛": ";", "、": ",", "¿": ".", "¡": ".", "\u2018": "'", "\u2019": "'"}
_ALIKE = _LIKE_LATIN | _LONGER | _LIKE_ARABIC | _SIGNS
_ENCLOSED = ((0x1F150, "A"), (0x1F170, "A"), (0x1F1E6, "A"))
"""The first code points of letters in black circles, in black squares and of flags."""


class _Letters(dict[int, str]):
    """The replacement of each character; filled on demand, for one text."""

    def __missing__(self, code: int) -> str:
        self[code] = made = chr(code) if code < 0x80 else _made(chr(code))
        return made


def plain_letters(text: str) -> str:
    """Return a text with plain letters; case and lines stay the same."""
    if text.isascii():
        return text
    letters = _Letters()
    return _OTHERS.sub(lambda others: others[0].translate(letters), fold_compatible(text))


def _made(character: str) -> str:
    if _DROPPED.match(character):
        return ""
    for first, letter in _ENCLOSED:
        if first <= ord(character) < first + 26:
            return chr(ord(letter) + ord(character) - first)
    has_cases = "\u00c0" <= character < "\u0530" or "\u0600" <= character < "\u0700" or "\u1e00" <= character < "\u2000"
    parts = unicodedata.normalize("NFD", character) if has_cases else character
    return "".join(_like(part) for part in parts if not _DECORATION.match(part))


def _like(character: str) -> str:
    if character in _CAPITALS:
        return _CAPITALS[character]
    small = character.lower()
    if small == character:
        return _ALIKE.get(character, character)
    return _ALIKE.get(small, small).upper()
