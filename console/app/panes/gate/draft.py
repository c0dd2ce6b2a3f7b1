"""A draft or the candidate: its size and files, whether each is in scope, and the text, a patch in colours."""

from collections.abc import Iterator

from console.app.panes.gate.label import LABEL
from console.app.widgets.line import BLANK, Line, Span, labelled, line, wrap
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.run.subject import DraftShown
from console.view.sign import Tone
from console.view.subject_words import SHORT_HASH, author_lines, change_words, draft_size, scope_words

_SHOWN_LINES = 200
"""How many lines of a draft are shown in the pane."""
_SHOWN_LINE = 1_000
"""How many characters of one of its lines are."""


def draft_lines(draft: DraftShown, width: int, *, is_whole: bool) -> Iterator[Line]:
    """Yield a draft: its facts and its text, which is clipped with a note unless it is to be whole."""
    size = draft_size(draft) if is_whole else f"{draft_size(draft)}, sha256 {draft.sha256[:SHORT_HASH]}…"
    yield from labelled("candidate" if draft.is_sealed else "draft", size, width, label_width=LABEL)
    if is_whole:
        yield from labelled("sha256", draft.sha256, width, tone=Tone.DIM, label_width=LABEL)
    for said in author_lines(draft):
        yield from labelled(said.label, said.text, width, label_width=LABEL)
    if draft.kind == ArtifactKind.PATCH:
        yield from _file_lines(draft, width)
    yield BLANK
    text = draft.text.removesuffix("\n").split("\n")
    shown = text if is_whole else [_clipped(each) for each in text[:_SHOWN_LINES]]
    is_patch = draft.kind == ArtifactKind.PATCH
    for each in shown:
        tone = _tone(each) if is_patch else Tone.TEXT
        yield from (line(Span(piece, tone)) for piece in wrap(each.expandtabs(4), width))
    if len(shown) < len(text):
        yield line(Span(f"… {len(text) - len(shown):,} more lines: d shows the whole", Tone.WARN))


def _file_lines(draft: DraftShown, width: int) -> Iterator[Line]:
    for number, each in enumerate(draft.files):
        out = "" if each.is_in_scope else "  × outside the scope of the plan"
        tone = Tone.TEXT if each.is_in_scope else Tone.FAIL
        label = "" if number else "files"
        yield from labelled(label, f"{change_words(each.change)}{out}", width, tone=tone, label_width=LABEL)
    if not draft.files:
        yield from labelled("files", "× none: git would not take this patch", width, tone=Tone.FAIL, label_width=LABEL)
    yield from labelled("scope", scope_words(draft), width, label_width=LABEL)


def _clipped(text: str) -> str:
    if len(text) <= _SHOWN_LINE:
        return text
    return f"{text[:_SHOWN_LINE]} … {len(text) - _SHOWN_LINE:,} more characters: d shows the whole"


_TONES = (
    ("diff --git ", Tone.STRONG),
    ("+++ ", Tone.STRONG),
    ("--- ", Tone.STRONG),
    ("@@", Tone.ACCENT),
    ("+", Tone.OK),
    ("-", Tone.FAIL),
    (" ", Tone.TEXT),
)


def _tone(text: str) -> Tone:
    """Return the tone of a patch's line; what is neither a change nor its context is git's own."""
    return next((tone for start, tone in _TONES if text.startswith(start)), Tone.DIM)
