"""What a gate's decision is about: the thing itself, one module for each kind that needs more than labelled lines."""

import re
from collections.abc import Iterator

from console.app.panes.gate.draft import draft_lines
from console.app.panes.gate.judged import critique_lines, review_lines
from console.app.panes.gate.label import LABEL
from console.app.panes.gate.preflight import preflight_lines
from console.app.panes.gate.sources import sources_lines
from console.app.widgets.line import Line, labelled
from console.domain.answers.role_answer import Critique, Plan
from console.domain.run.event import InstructionPinned
from console.domain.run.subject import DraftShown, PreflightNotes, ReviewShown, SourcesShown, Subject
from console.domain.run.turn import AgentTurn
from console.view import subject_words

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
"""A whole hash, of which the pane shows the beginning."""


def subject_lines(subject: Subject, width: int, *, is_whole: bool) -> Iterator[Line]:
    """Yield what a decision is about, shortened unless it is to be whole."""
    match subject:
        case InstructionPinned() | Plan() | AgentTurn():
            for each in subject_words.subject_lines(subject):
                text = each.text if is_whole else _HASH.sub(r"\1…", each.text)
                yield from labelled(each.label, text, width, label_width=LABEL)
        case PreflightNotes():
            yield from preflight_lines(subject, width, is_whole=is_whole)
        case DraftShown():
            yield from draft_lines(subject, width, is_whole=is_whole)
        case SourcesShown():
            yield from sources_lines(subject, width)
        case ReviewShown():
            yield from review_lines(subject, width)
        case Critique():
            yield from critique_lines(subject, width)
