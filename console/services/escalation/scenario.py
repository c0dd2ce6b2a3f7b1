"""A failed exchange as a scenario of the embedded gateway, proven by playing it before anyone gets it.

A scenario has no content. Where a refusal said why, it has a sentence of the rule that read the refusal: one that any
gateway could have written.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from console.domain.errors.rule import ErrorRule, error_rules
from console.domain.escalation.kept_exchange import kept_of
from console.domain.exchange.kept import KeptExchange
from console.domain.exchange.shape import PLAYABLE, REASON, ExchangeShape, ShapeEnd
from console.domain.probes.event import SmokeFinished
from console.domain.problem import ProblemKind
from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.escalation.guard import EscalationError
from console.services.gateway.call import Chunk, Started, Written
from console.services.gateway.failure import CallError, disconnected
from console.services.probes.call_check import TIMED_IDS
from console.services.probes.exchange import Exchange
from console.wire.json_value import encode
from console.wire.without_content import played

_PHRASES = 8
"""How many sentences of a rule are tried."""
_PLAIN = ("The request was refused.", "Invalid URL (POST {path})", "")
_EACH_MS = 1.0
_NO_KEY = "made-up-key-that-opens-nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay has to show again."""

    category: str | None
    http_status: int | None
    finding_ids: tuple[str, ...]
    sequence: tuple[tuple[str, int], ...]


def outcome_of(kept: KeptExchange) -> Outcome:
    """Return what a call showed, without what rests on times alone."""
    ids = tuple(sorted(each.id for each in kept.findings if each.id not in TIMED_IDS))
    return Outcome(kept.category, kept.http_status, ids, kept.shape.sequence)


def scenario_of(route: Route, kept: KeptExchange | None) -> str:
    """Return a scenario file that shows a call's outcome again.

    Raises:
        EscalationError: No scenario can show it; the message says what differs.

    """
    if kept is None:
        raise EscalationError("no exchange is kept of this call, so there is nothing to show again", ProblemKind.USAGE)
    shape = kept.shape
    if shape.end not in PLAYABLE:
        why = "a deadline ended it" if shape.end is ShapeEnd.LATE else "its answer was not read"
        raise EscalationError(f"the call cannot be made a scenario: {why}. Send the bundle without it")
    if not shape.is_whole:
        raise EscalationError("the call cannot be made a scenario: its stream was too long to keep. Send the bundle")
    wanted = outcome_of(kept)
    closest: Outcome | None = None
    for filled in _filled(shape, route, kept.rule):
        shown = outcome_of(_play(filled, route))
        if shown == wanted:
            return _toml(filled, route, wanted)
        closest = closest or shown
    raise EscalationError(f"the call cannot be made a scenario: {_difference(wanted, closest)}. Send the bundle")


# --- Words for the reason of a refusal --------------------------------------------------------------------------------


def _filled(shape: ExchangeShape, route: Route, rule_id: str) -> Iterator[ExchangeShape]:
    """Yield the shape with each sentence that could stand where the refusal said why."""
    if REASON not in shape.body and not any(REASON in each.data for each in shape.events):
        yield shape
        return
    sentences = (*_sentences(rule_id), *(each.replace("{path}", route.endpoint_path) for each in _PLAIN))
    for sentence in dict.fromkeys(sentences):
        said = encode(sentence).decode()[1:-1]
        events = tuple(replace(each, data=each.data.replace(REASON, said)) for each in shape.events)
        yield replace(shape, body=shape.body.replace(REASON, said), events=events)


def _sentences(rule_id: str) -> Iterator[str]:
    """Yield sentences by which a rule knows its reason."""
    rules = error_rules()
    every = (*rules.strong, *rules.hints, *rules.usual.values(), *rules.generic.values())
    rule = next((each for each in every if each.rule_id == rule_id), None)
    if rule is None:
        return
    amount = " $5" if rule.needs_amount else ""
    about = " ".join(rule.about[0].parts) + " " if rule.about else ""
    for phrase in _phrases(rule):
        yield f"{about}{phrase}{amount}"
    yield from sorted(rule.words)[:1]


def _phrases(rule: ErrorRule) -> list[str]:
    found = [" ".join(phrase.parts) for phrases in rule.by_key.values() for phrase in phrases]
    return sorted(found, key=lambda each: (not each.isascii(), len(each), each))[:_PHRASES]


# --- Playing ----------------------------------------------------------------------------------------------------------


def _play(shape: ExchangeShape, route: Route) -> KeptExchange:
    """Return what the console makes of an exchange of this shape; nothing is sent."""
    exchange = Exchange(route, Secret(_NO_KEY), is_shown=False)
    exchange.take(Written(_EACH_MS))
    if shape.end is ShapeEnd.SILENT:
        return _result(exchange, disconnected(answered=False))
    exchange.take(Started(shape.status, dict(shape.headers), 2 * _EACH_MS))
    for number, piece in enumerate(played(shape, route.model), 3):
        if exchange.is_over:
            break
        exchange.take(Chunk(piece, number * _EACH_MS))
    return _result(exchange, disconnected(answered=True) if shape.end is ShapeEnd.BROKEN else None)


def _result(exchange: Exchange, failure: CallError | None) -> KeptExchange:
    (kept,) = (kept_of(each.result) for each in exchange.finish(failure) if isinstance(each, SmokeFinished))
    if kept is None:
        raise AssertionError("a call that was written keeps its exchange")
    return kept


def _difference(wanted: Outcome, shown: Outcome | None) -> str:
    """Return in which way a replay differs from the call."""
    if shown is None or shown.http_status != wanted.http_status:
        return "a replay does not end with its HTTP status"
    if shown.category != wanted.category:
        return f"a replay is read as {shown.category or 'an answer that can be used'}, not as {wanted.category}"
    missing = sorted(set(wanted.finding_ids) - set(shown.finding_ids))
    more = sorted(set(shown.finding_ids) - set(wanted.finding_ids))
    if missing or more:
        parts = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"adds {', '.join(more)}"] * bool(more)
        return f"a replay {' and '.join(parts)}"
    return "a replay has another sequence of events"


# --- The file ---------------------------------------------------------------------------------------------------------


def _toml(shape: ExchangeShape, route: Route, shown: Outcome) -> str:
    """Return the scenario's file."""
    ids = ", ".join(dict.fromkeys(shown.finding_ids)) or "none"
    lines = [
        "# An exchange without its content. Replay it with: gateway-console simulate --scenario FILE",
        f"# It shows: {shown.category or 'an answer'}, HTTP status {shown.http_status or 'none'}, findings {ids}.",
        "",
        "[[scenario]]",
        f"pattern = {_text(f'^{re.escape(route.model)}$')}",
        f"families = [{_text(route.endpoint_family.value)}]",
        'kind = "replay"',
        f"status = {shape.status}",
        f"end = {_text(shape.end.value)}",
    ]
    if shape.body:
        lines.append(f"body = {_text(shape.body)}")
    if shape.headers:
        pairs = ", ".join(f"{_text(name)} = {_text(value)}" for name, value in shape.headers)
        lines.append(f"headers = {{ {pairs} }}")
    for each in shape.events:
        lines += ["", "[[scenario.event]]"]
        lines += [f"name = {_text(each.name)}"] if each.name else []
        lines.append(f"data = {_text(each.data)}")
        lines += [f"count = {each.count}", f"characters = {each.characters}"] if each.count > 1 else []
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Return a text as TOML has it; all texts of a shape are characters of the basic plane."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
