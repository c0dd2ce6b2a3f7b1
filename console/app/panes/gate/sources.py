"""The pages that a draft cites: each with its verdict and the words that are quoted from it."""

from collections.abc import Iterator

from console.app.panes.gate.label import LABEL
from console.app.widgets.line import Line, Span, labelled, line, wrap
from console.domain.run.subject import ClaimShown, SourceShown, SourcesShown
from console.domain.sources.cited_page import SourceVerdict
from console.view.sign import OK, Sign, Tone

_SIGNS = {
    SourceVerdict.SUPPORTED: OK,
    SourceVerdict.UNSUPPORTED: Sign("×", "unsupported", Tone.FAIL),
    SourceVerdict.UNREACHABLE: Sign("!", "not read", Tone.WARN),
    SourceVerdict.MOVED: Sign("~", "moved", Tone.WARN),
    SourceVerdict.LIVE: Sign("~", "read", Tone.WARN),
}
_FOUND = {
    True: Sign("✓", "found on the page", Tone.OK),
    False: Sign("×", "NOT on the page", Tone.FAIL),
    None: Sign("!", "not looked for: the page was not read", Tone.WARN),
}


def sources_lines(shown: SourcesShown, width: int) -> Iterator[Line]:
    """Yield each page, and below it the claims that name it."""
    if not shown.sources:
        yield from labelled("sources", "the draft claims none", width, label_width=LABEL)
    for each in shown.sources:
        yield from _source_lines(each, width)


def _source_lines(source: SourceShown, width: int) -> Iterator[Line]:
    checked = source.checked
    sign = _SIGNS[checked.verdict]
    url = checked.url or "an address that cannot be shown"
    for place, piece in enumerate(wrap(url, width - 2)):
        yield line(Span(f"{sign.sign} " if place == 0 else "  ", sign.tone), Span(piece, Tone.STRONG))
    status = "" if checked.status is None else f", HTTP {checked.status}, {checked.size:,} bytes"
    elsewhere = f", served by {checked.final_origin}" if checked.verdict is SourceVerdict.MOVED else ""
    why = f": {checked.reason}" if checked.reason else ""
    yield from _indented(f"{checked.verdict}{status}{elsewhere}{why}", sign.tone, width)
    for each in source.claims:
        yield from _claim_lines(each, width)


def _claim_lines(claim: ClaimShown, width: int) -> Iterator[Line]:
    if not claim.quote:
        yield from _indented(f"~ {claim.id}: it quotes nothing from the page", Tone.WARN, width)
        return
    found = _FOUND[claim.is_there]
    yield from _indented(f"{found.sign} {claim.id}: {found.word}", found.tone, width)
    yield from _indented(f'  "{" ".join(claim.quote.split())}"', Tone.TEXT, width)


def _indented(words: str, tone: Tone, width: int) -> Iterator[Line]:
    yield from (line(Span(f"  {piece}", tone)) for piece in wrap(words, width - 2))
