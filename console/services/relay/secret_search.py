"""The search of requests for secrets: off the event loop, and once for each piece of a conversation.

An agent sends its whole conversation with every call, and only its end is new. A piece that was found clean is not
searched again.

A known token is found here where some of its letters are escaped, as in JSON and in URLs. Whole, and in a form such as
base64, it is for the leak guard to find. Spread over several strings, compressed or encrypted, it is not found.
"""

import asyncio
from collections import OrderedDict
from hashlib import blake2b

from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.text.secret_scan import find_secrets
from console.domain.text.unescaped import unescaped_levels
from console.services.system.leak_guard import LEAK_GUARD

_PIECE = 16_384
"""The characters between the beginnings of two pieces: one piece keeps other calls waiting for a millisecond or so."""
_OVERLAP = 12_288
"""The characters that two neighbours share: as long as what the longest pattern needs."""
_STEP_BACK = 1024
"""How far a piece may begin earlier, so that it begins between two words."""
_SHORT = 2048
"""The characters that are searched at once, in less time than a thread takes to begin."""
_MOST_KEPT = 32_768
KNOWN_TOKEN = "a token of this machine"  # noqa: S105  # its words, not a token
"""What a secret is called that this process holds itself."""
_OR_ALLOW = ", or set relay.suspected_secrets to pass"


class SecretSearch:
    """Searches texts for secrets, and remembers which pieces have none, by their hashes."""

    def __init__(self, *, suspects: bool = True) -> None:
        """Start with nothing remembered.

        Args:
            suspects: Whether what only seems to be a secret counts, or known tokens alone.

        """
        self._suspects = suspects
        self._known = LEAK_GUARD.count
        self._clean: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many pieces are remembered."""
        return len(self._clean)

    async def refusal(self, *texts: str) -> RelayRefusal | None:
        """Return why a call with some texts is refused; None if it may be sent."""
        for text in texts:
            found = KNOWN_TOKEN if LEAK_GUARD.is_hit(text) else await self.first(text)
            if found is not None:
                seems, further = ("holds", "") if found == KNOWN_TOKEN else ("seems to hold", _OR_ALLOW)
                words = f"the call {seems} {found}. Nothing was sent. Remove it{further}"
                return RelayRefusal(RefusedFor.SECRET, words)
        return None

    async def first(self, text: str) -> str | None:
        """Return what the first secret seems to be, or `KNOWN_TOKEN`; None if there is none."""
        if self._known != LEAK_GUARD.count:  # what was clean of the others may hold the new one
            self._known = LEAK_GUARD.count
            self._clean.clear()
        for piece in pieces(text):
            name = blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if name in self._clean:
                self._clean.move_to_end(name)
                continue
            is_short = len(piece) <= _SHORT
            found = self._look(piece) if is_short else await asyncio.to_thread(self._look, piece)
            if found is not None:
                return found
            self._clean[name] = None
            if len(self._clean) > _MOST_KEPT:
                self._clean.popitem(last=False)
        return None

    def _look(self, piece: str) -> str | None:
        if any(LEAK_GUARD.is_hit(level.text) for level in unescaped_levels(piece)):
            return KNOWN_TOKEN
        hits = find_secrets(piece, limit=1) if self._suspects else ()
        return hits[0].words if hits else None


def pieces(text: str) -> list[str]:
    """Return a text in overlapping pieces. Where each begins depends only on the text before it."""
    return [text[_begin(text, at) : at + _PIECE + _OVERLAP] for at in range(0, max(len(text), 1), _PIECE)]


def _begin(text: str, at: int) -> int:
    """Return where to begin, not within a word, which could look like a secret without its beginning."""
    least = max(0, at - _STEP_BACK)
    found = max(text.rfind(each, least, at) for each in (" ", '"'))
    return found if found >= 0 else least
