"""Scenarios: what the embedded gateway does for which model, read from `scenarios.toml` or a file of the operator."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from console.domain.exchange.shape import PLAYABLE, ExchangeShape, ShapedEvent, ShapeEnd
from console.domain.facts.row import FactRow, parse_facts
from console.domain.routes.family import EndpointFamily

_Kind = Literal["error", "cut", "html", "redirect", "elsewhere", "role", "replay"]
_KINDS: dict[str, _Kind] = {
    "error": "error",
    "cut": "cut",
    "html": "html",
    "redirect": "redirect",
    "elsewhere": "elsewhere",
    "role": "role",
    "replay": "replay",
}
_BODY_LIMIT = 131_072
"""The most characters of a replayed body, or of an event's data."""
_PIECE_LIMIT = 20_000
"""The most pieces of one run of events."""
_LINE = r"[^\n]{0,400}"


@dataclass(frozen=True, slots=True)
class ScriptedFinding:
    """A finding that a judge reports in any draft."""

    severity: str
    note: str
    area: str = "unsupported_claim"
    """The area a critic assigns; a reviewer names none."""
    about: str = ""
    """A word of the line that it quotes, if the draft has one; empty for the draft's first line."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a model behaves in the roles of a run; without any field, it behaves well."""

    until_attempt: int = 0
    """The last attempt on which it behaves like this; 0 for all of them."""
    hides_source: bool = False
    """It reports no instruction source."""
    more_lines: Sequence[str] = ()
    """Lines that its draft has in addition to the good ones."""
    secret_pieces: Sequence[str] = ()
    """The parts of a made-up key in its draft, joined with '-', so that no scanner finds the key here."""
    more_path: str = ""
    """Another file that its patch adds."""
    more_path_lines: Sequence[str] = ()
    scores: Sequence[int] = ()
    """Its scores, in turn; empty for good ones."""
    finding: ScriptedFinding | None = None
    """Its findings as a judge."""
    evidence: str = ""
    """Its evidence, instead of words from the draft."""
    forges_nonce: bool = False
    """It answers with another nonce than the one in its prompt."""
    prose: str = ""
    """Its answer, instead of JSON."""


WELL = Conduct()
"""The behaviour of models that no scenario names."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: a pattern of model names and what happens to a call for them."""

    pattern: re.Pattern[str]
    families: frozenset[EndpointFamily]
    kind: _Kind
    status: int = 200
    code: str = ""
    type: str = ""
    message: str = ""
    after_events: int = 0
    """For a cut: how many events are sent before the end."""
    answers_as: str = ""
    """For an answer from elsewhere: the model that it names; empty for the requested one."""
    id_prefix: str = ""
    """For an answer from elsewhere: the prefix of its id; empty for the family vendor's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """For an answer from elsewhere: additional headers."""
    conduct: Conduct = WELL
    """For a role: how the model behaves in a run."""
    shape: ExchangeShape | None = None
    """For a replay: the exchange to repeat."""


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return all built-in rows in order."""
    return read_scenarios(files(__package__).joinpath("scenarios.toml").read_text(encoding="utf-8"))


def read_scenarios(text: str) -> tuple[Scenario, ...]:
    """Return the rows of a table in order, strictly checked.

    Raises:
        FactsError: The table has a fault; the message names the row and the key, and repeats nothing of the text.

    """
    table = parse_facts(text)
    found = tuple(_scenario(row) for row in table.rows("scenario"))
    table.end()
    return found


def _scenario(row: FactRow) -> Scenario:
    kind = row.matching("kind", "|".join(_KINDS), f"must be one of {', '.join(_KINDS)}")
    families = row.texts("families", "|".join(EndpointFamily), "must be endpoint families", is_optional=True)
    read = Scenario(
        pattern=row.made("pattern", _pattern, "must be a regular expression"),
        families=frozenset(map(EndpointFamily, families or EndpointFamily)),
        kind=_KINDS[kind],
        status=row.count("status") if row.has("status") else 200,
        headers=dict(row.table("headers", is_optional=True)),
        code=row.text("code", ""),
        type=row.text("type", ""),
        message=row.text("message", ""),
        after_events=row.count("after_events") if row.has("after_events") else 0,
        answers_as=row.text("answers_as", ""),
        id_prefix=row.text("id_prefix", ""),
        conduct=_conduct(row.inner("conduct")),
        shape=_shape(row) if kind == "replay" else None,
    )
    row.end()
    if not (read.status == 0 and kind == "replay") and not 200 <= read.status <= 599:
        raise row.fault("status", "must be an HTTP status from 200 to 599")
    return read


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error:
        raise ValueError from None


def _playable(text: str) -> ShapeEnd:
    end = ShapeEnd(text)
    if end not in PLAYABLE:
        raise ValueError
    return end


def _shape(row: FactRow) -> ExchangeShape:
    """Return the exchange that a row repeats."""
    return ExchangeShape(
        status=row.count("status"),
        headers=tuple(row.table("headers", is_optional=True).items()),
        body=row.lines("body", _BODY_LIMIT) if row.has("body") else "",
        events=tuple(_event(each) for each in row.rows("event", is_optional=True)),
        end=row.made("end", _playable, f"must be one of {', '.join(PLAYABLE)}"),
    )


def _event(row: FactRow) -> ShapedEvent:
    count = row.count("count") if row.has("count") else 1
    if not 1 <= count <= _PIECE_LIMIT:
        raise row.fault("count", f"must be from 1 to {_PIECE_LIMIT}")
    event = ShapedEvent(
        kind="",
        name=row.matching("name", r"[a-z_.]{1,80}", "must be the name of an event", ""),
        data=row.lines("data", _BODY_LIMIT),
        count=count,
        characters=row.count("characters") if row.has("characters") else 0,
    )
    row.end()
    if "\n" in event.data or "\r" in event.data or event.characters > _BODY_LIMIT:
        raise row.fault("data", f"must be one line, with texts of at most {_BODY_LIMIT} characters")
    return event


def _conduct(row: FactRow | None) -> Conduct:
    if row is None:
        return WELL
    finding = row.inner("finding")
    read = Conduct(
        until_attempt=row.count("until_attempt") if row.has("until_attempt") else 0,
        hides_source=row.flag("hides_source"),
        more_lines=row.texts("more_lines", _LINE, "must be lines", is_optional=True),
        secret_pieces=row.texts("secret_pieces", _LINE, "must be lines", is_optional=True),
        more_path=row.text("more_path", ""),
        more_path_lines=row.texts("more_path_lines", _LINE, "must be lines", is_optional=True),
        scores=row.counts("scores"),
        finding=None if finding is None else _finding(finding),
        evidence=row.text("evidence", ""),
        forges_nonce=row.flag("forges_nonce"),
        prose=row.text("prose", ""),
    )
    row.end()
    return read


def _finding(row: FactRow) -> ScriptedFinding:
    usual = ScriptedFinding("", "").area
    read = ScriptedFinding(row.text("severity"), row.text("note"), row.text("area", usual), row.text("about", ""))
    row.end()
    return read


def scenario_for(model: str, family: EndpointFamily, own: Sequence[Scenario] = ()) -> Scenario | None:
    """Return the row for a model on a family, of the operator's own rows first; None if the call gets a good answer."""
    rows = (*own, *scenarios())
    return next((row for row in rows if family in row.families and row.pattern.search(model)), None)


def has_scenario(model: str) -> bool:
    """Return whether a built-in row names a model, on any family."""
    return any(row.pattern.search(model) for row in scenarios())
