"""How independent a run's judges are, and what the run has used of its budget."""

from collections.abc import Iterator

from console.app.panes.gate.label import LABEL
from console.app.widgets.line import Line, Span, cell, dim, labelled, line, wrap
from console.domain.money import Spent, usd_text
from console.domain.routes.role import Role
from console.domain.run.call_event import CallIntended
from console.domain.run.independence import LEVEL_WORDS
from console.domain.run.state import Phase, RunState
from console.domain.run.turn import could_ask_elsewhere, turns_of
from console.view.run_view import RunView
from console.view.sign import Tone

_PAIR = 22
"""The cells of a pair of roles."""


def independence_lines(view: RunView, width: int) -> Iterator[Line]:
    """Yield how independent the judges are of the models they judge."""
    policy = None if view.state is None or view.state.created is None else view.state.created.policy
    is_outside = view.state is not None and view.state.outside is not None
    if is_outside:
        told = "who made the draft is not proven, so no judge is compared with its author"
        yield from labelled("independence", told, width, tone=Tone.WARN, label_width=LABEL)
    least = 0 if policy is None else policy.min_independence
    is_free = view.state is not None and could_ask_elsewhere(turns_of(view.state))
    for place, (pair, reached) in enumerate(view.independence):
        is_unseen = is_free and pair.startswith(f"{Role.WRITER}_")
        tone = Tone.FAIL if reached < least else Tone.WARN if is_unseen else Tone.OK
        label = cell("" if place or is_outside else "independence", LABEL, Tone.DIM)
        told = f"{reached} of 3  {LEVEL_WORDS[reached]}" + ("" if reached >= least else f"; the policy needs {least}")
        told += "; not proven, because the agent could ask other models" if is_unseen else ""
        first, *more = wrap(told, max(12, width - LABEL - _PAIR - 4))
        tone_of_words = Tone.TEXT if reached >= least else Tone.FAIL
        bar = (Span("■" * reached, tone), dim("·" * (3 - reached)))
        yield line(label, cell(pair.replace("_vs_", " / "), _PAIR), *bar, Span(f" {first}", tone_of_words))
        yield from (line(Span(f"{'':{LABEL + _PAIR + 4}}{words}", tone_of_words)) for words in more)


def budget_lines(run: RunState, width: int) -> Iterator[Line]:
    """Yield what the run and its attempt have used, their limits, and what a call in progress may use."""
    policy = None if run.created is None else run.created.policy
    limits: tuple[int | None, ...] = (None, None, None, None)
    if policy is not None:
        limits = (policy.run_tokens, policy.run_microusd, policy.attempt_tokens, policy.attempt_microusd)
    most = "" if policy is None else f" of {policy.max_attempts}"
    yield from labelled("spent", _spent(run.spent, limits[0], limits[1]), width, label_width=LABEL)
    here = f"{_spent(run.spent_in_attempt, limits[2], limits[3])}   attempt {run.attempt}{most}"
    yield from labelled("this attempt", here, width, label_width=LABEL)
    if run.phase is Phase.WRITING:
        yield from labelled("in progress", _open_words(run), width, tone=Tone.LIVE, label_width=LABEL)
    if run.phase in (Phase.CALLING, Phase.LOST) and isinstance(run.intended, CallIntended):
        money = run.intended.cost.microusd
        cost = "price unknown" if money is None else f"at most {usd_text(money)}"
        what = "in progress" if run.phase is Phase.CALLING else "set aside"
        told = f"at most {run.intended.cost.tokens:,} tokens, {cost}"
        yield from labelled(what, told, width, tone=Tone.LIVE, label_width=LABEL)


def _open_words(run: RunState) -> str:
    """Return what the agent's calls that are in progress may take."""
    if not run.open_calls:
        return "no call"
    is_priced = all(call.max_microusd is not None for call in run.open_calls)
    cost = f"at most {usd_text(run.open_cost.microusd or 0)}" if is_priced else "price unknown"
    return f"{len(run.open_calls)} call(s), at most {run.open_cost.tokens:,} tokens, {cost}"


def _spent(spent: Spent, tokens: int | None, microusd: int | None) -> str:
    of_tokens = f" of {tokens:,}" if tokens is not None else ""
    of_usd = f" of {usd_text(microusd)}" if microusd is not None else ""
    known = "" if spent.is_exact else ", estimated"
    return f"{spent.tokens:,}{of_tokens} tokens   {usd_text(spent.microusd)}{of_usd}{known}"
