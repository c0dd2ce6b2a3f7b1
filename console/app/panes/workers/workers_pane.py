"""A team's workers: what waits for them, who is at work on what, and what each passed over and why."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, Span, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.explanation import duration
from console.view.sign import Tone
from console.view.worker.words import NO_WORKER, QueueLike, WorkerLike, kind_words, state_words
from console.view.worker.workers_view import WorkersView

_COUNT, _VERSION, _SINCE, _BEAT = 9, 12, 12, 12
_NAME = 24
_INDENT = 4


class WorkersPane(LinePane):
    """All that is known of the workers and their queues."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return all lines."""
        return tuple(workers_lines(state.workers or WorkersView(), size.width))


def workers_lines(view: WorkersView, width: int) -> Iterator[Line]:
    """Yield what is known, after why that may be old.

    Args:
        view: What is known.
        width: The width in cells.

    """
    if view.failure:
        stays = "; what was read before is shown" if view.store else ""
        yield from (line(Span(piece, Tone.WARN)) for piece in wrap(f"{view.failure}{stays}", width))
    if not view.store:
        if not view.failure:
            yield line(dim("reading the store …"))
        return
    yield from _queue_lines(view.queues, width)
    yield BLANK
    if not view.workers:
        yield from (line(dim(piece)) for piece in wrap(NO_WORKER, width))
        return
    name = min(_NAME, max(len(each.name) for each in view.workers) + 2)
    yield line(
        dim("worker".ljust(max(8, name))),
        cell("version", _VERSION, Tone.DIM),
        cell("since", _SINCE, Tone.DIM),
        cell("last beat", _BEAT, Tone.DIM),
        dim("now"),
    )
    for each in view.workers:
        yield from _worker_lines(each, max(8, name), width)


def _queue_lines(queues: Sequence[QueueLike], width: int) -> Iterator[Line]:
    name = max(10, min(32, width - 3 * _COUNT))
    heads = ("due", "running", "failed")
    yield line(cell("queue", name, Tone.DIM), *(cell(each, _COUNT, Tone.DIM, right=True) for each in heads))
    for each in queues:
        yield line(
            cell(kind_words(each.task), name),
            cell(f"{each.waiting:,}", _COUNT, right=True),
            cell(f"{each.running:,}", _COUNT, right=True),
            cell(f"{each.failed:,}", _COUNT, Tone.FAIL if each.failed else Tone.TEXT, right=True),
        )
    words = "failed counts the last day" if queues else "nothing is due"
    yield line(dim(words))


def _worker_lines(worker: WorkerLike, name: int, width: int) -> Iterator[Line]:
    rest = max(10, width - name - _VERSION - _SINCE - _BEAT)
    tone = Tone.WARN if not worker.is_alive else Tone.DIM if worker.said.is_draining else Tone.TEXT
    up_ms = max(0, worker.beat_ms + worker.age_ms - worker.since_ms)
    yield line(
        cell(worker.name, name, Tone.STRONG),
        cell(worker.version, _VERSION),
        cell(duration(up_ms // 1000), _SINCE),
        cell(f"{duration(worker.age_ms // 1000)} ago", _BEAT, tone),
        cell(state_words(worker), rest, tone),
    )
    for what, words in worker.said.doing.items():
        yield from _indented("does", f"{what}: {words}", width, Tone.TEXT)
    for run_id, why in worker.said.passed.items():
        yield from _indented("passed", f"run {run_id}: {why}", width, Tone.WARN)
    for what, why in worker.said.failed.items():
        yield from _indented("failed", f"{what}: {why}", width, Tone.WARN)


def _indented(label: str, words: str, width: int, tone: Tone) -> Iterator[Line]:
    for each in labelled(label, words, width - _INDENT, tone=tone, label_width=8):
        yield line(" " * _INDENT, *each.spans)
