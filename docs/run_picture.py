"""Draw docs/run.svg from the table of transitions: `python docs/run_picture.py`. The layout is by hand."""

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from console.domain.run.event import RunStopped
from console.domain.run.state import Phase
from console.domain.run.transition import TRANSITIONS, Move, Transition, words_of

WIDTH = 1180
_STYLE = """
  .panel { fill: #fbfbfd; stroke: #d5d7de; }
  .box { fill: #eef1f7; stroke: #8a90a2; stroke-width: 1.5; }
  .end { fill: #e3e6ee; stroke-width: 2.5; }
  .arrow { fill: none; stroke: #5a6072; stroke-width: 1.5; marker-end: url(#head); }
  .any { stroke-dasharray: 5 4; }
  .head { fill: #5a6072; }
  text { fill: #23262f; font: 13px ui-sans-serif, system-ui, sans-serif; }
  .name { font-weight: 700; font-size: 15px; text-anchor: middle; }
  .middle { text-anchor: middle; }
  .dim { fill: #5a6072; font-size: 12px; }
  .title { font-weight: 700; font-size: 12px; }
  @media (prefers-color-scheme: dark) {
    .panel { fill: #14161c; stroke: #353945; }
    .box { fill: #22262f; stroke: #7d8498; }
    .end { fill: #2c313c; }
    .arrow { stroke: #a3a9ba; }
    .head { fill: #a3a9ba; }
    text { fill: #e6e8ee; }
    .dim { fill: #a3a9ba; }
  }
"""
_BOXES = {
    Phase.NEW: (20, 90, 100, 60),
    Phase.DUE: (210, 70, 260, 140),
    Phase.CALLING: (620, 90, 150, 60),
    Phase.WRITING: (210, 250, 170, 130),
    Phase.WORKED: (940, 80, 180, 80),
    Phase.LOST: (620, 230, 150, 60),
    Phase.WAITING: (940, 330, 180, 100),
    Phase.ENDING: (940, 560, 180, 80),
    Phase.OVER: (210, 570, 260, 60),
}
"""Left, top, width and height of each phase."""
_WORDS = {
    Phase.NEW: "not begun",
    Phase.DUE: "the gate's work is due",
    Phase.CALLING: "a call is under way",
    Phase.WRITING: "a coding agent works",
    Phase.WORKED: "to be judged",
    Phase.LOST: "outcome unknown",
    Phase.WAITING: "for a decision",
    Phase.ENDING: "what comes of it",
    Phase.OVER: "closed, blocked or stopped",
}
_ARROWS = {
    (Phase.NEW, Phase.DUE): ("M120 120 H207", 124, 110),
    (Phase.DUE, Phase.CALLING): ("M470 120 H617", 490, 110),
    (Phase.DUE, Phase.WORKED): ("M340 70 V62 H1030 V77", 500, 22),
    (Phase.DUE, Phase.WRITING): ("M230 210 V247", 238, 234),
    (Phase.WRITING, Phase.WORKED): ("M380 300 H900 V140 H937", 640, 322),
    (Phase.WRITING, Phase.LOST): ("M380 275 H617", 470, 270),
    (Phase.DUE, Phase.WAITING): ("M420 210 V380 H937", 430, 372),
    (Phase.CALLING, Phase.WORKED): ("M770 120 H937", 790, 96),
    (Phase.CALLING, Phase.LOST): ("M695 150 V227", 703, 194),
    (Phase.LOST, Phase.DUE): ("M620 245 H450 V213", 462, 238),
    (Phase.LOST, Phase.WAITING): ("M770 260 H850 V355 H937", 760, 346),
    (Phase.WORKED, Phase.WAITING): ("M1030 160 V327", 1038, 250),
    (Phase.WAITING, Phase.DUE): ("M940 420 H400 V213", 430, 440),
    (Phase.WAITING, Phase.ENDING): ("M1030 430 V557", 735, 492),
    (Phase.ENDING, Phase.OVER): ("M940 600 H473", 660, 620),
}
"""The line of each arrow, and where its words begin; a further line of words stands below."""
_MOVES = {Move.STAY: "", Move.NEXT: " → the next gate", Move.BACK: " → back, a new attempt"}
_TABLE_TOP = 700
_LINE = 17


def said(row: Transition) -> str:
    """Return what an arrow says of a transition: its event, which one it is, and where the run goes."""
    when = "" if row.when is None else f": {row.when.words}"
    return f"{words_of(row.event)}{when}{_MOVES[row.move]}"


def drawn() -> str:
    """Return the picture."""
    rows = [row for row in TRANSITIONS if row.event is not RunStopped]
    height = _TABLE_TOP + _LINE * (len(rows) + 2) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-label="The phases of a run and the events that lead from one to another">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        f'<rect class="panel" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="10"/>',
        *(part for phase in Phase for part in _box(phase, rows)),
        *(part for place in _ARROWS for part in _arrow(*place, rows)),
        *_stopped(),
        *_table(rows),
        "</svg>",
    ]
    left = {(row.source, row.to) for row in rows if row.source is not row.to} ^ set(_ARROWS)
    if left:
        raise ValueError(f"the layout and the table differ: {left}")
    return "\n".join(parts) + "\n"


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'


def _box(phase: Phase, rows: list[Transition]) -> Iterator[str]:
    left, top, width, height = _BOXES[phase]
    centre = left + width // 2
    kind = "box end" if phase in (Phase.NEW, Phase.OVER) else "box"
    yield f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}" rx="8"/>'
    yield _text(centre, top + 24, phase.value, "name")
    yield _text(centre, top + 42, _WORDS[phase], "dim middle")
    stays = (row for row in rows if row.source is row.to is phase)
    for number, row in enumerate(stays):
        yield _text(centre, top + 64 + _LINE * number, f"↻ {words_of(row.event)}{_MOVES[row.move]}", "dim middle")


def _arrow(source: Phase, to: Phase, rows: list[Transition]) -> Iterator[str]:
    path, x, y = _ARROWS[source, to]
    yield f'<path class="arrow" d="{path}"/>'
    for number, row in enumerate(row for row in rows if (row.source, row.to) == (source, to)):
        yield _text(x, y + _LINE * number, said(row))


def _stopped() -> Iterator[str]:
    yield '<path class="arrow any" d="M340 500 V567"/>'
    yield _text(340, 492, "any phase from due on", "dim middle")
    yield _text(352, 540, words_of(RunStopped))


def _table(rows: list[Transition]) -> Iterator[str]:
    columns = (30, 110, 200, 345)
    for x, words in zip(columns, ("from", "to", "event", "which has to be"), strict=True):
        yield _text(x, _TABLE_TOP, words, "title")
    for number, row in enumerate(rows, 1):
        y = _TABLE_TOP + _LINE * number
        conditions = [each.words for each in (*([row.when] if row.when else ()), *row.requires)]
        cells = (row.source.value, row.to.value, words_of(row.event), " · ".join(conditions))
        for x, words in zip(columns, cells, strict=True):
            yield _text(x, y, words, "dim")


if __name__ == "__main__":
    Path(__file__).with_name("run.svg").write_text(drawn(), encoding="utf-8")
