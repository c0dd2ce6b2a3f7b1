"""The embedded gateway's answers in the roles of a run: plans, drafts, reviews and critiques, made without a model.

The texts are in `role_answers.toml`, and what a patch does for a task is in `assignment.py`; how a model deviates from
them is its scenario's `Conduct`. The same request always gets the same answer.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from console.domain.answers.role_answer import (
    SCORE_LIMIT,
    CriterionScore,
    Critique,
    CritiqueArea,
    Draft,
    FindingSeverity,
    JudgeFinding,
    Plan,
    Review,
    RoleAnswer,
)
from console.domain.run.answer_form import form_at
from console.domain.run.gate import GATES_WITH_A_CALL, Gate
from console.domain.sources.claim import Claim
from console.domain.text.quote import is_enough
from console.domain.text.safe import safe
from console.simulator.dialect import Ask
from console.simulator.roles.assignment import added_file, first_sentence, named_paths, patch_of, scope_of, text_of
from console.simulator.roles.brief import Brief, read_brief
from console.simulator.scenario import WELL, Conduct
from console.simulator.script import Wish

_GATES = {form_at(gate).name: gate for gate in GATES_WITH_A_CALL}
_QUOTE_LENGTH = 160
"""The maximum length of a quotation, in characters."""
_DIFF_HEADS = ("diff ", "new file ", "--- ", "+++ ", "@@ ")
"""The prefixes of a diff's lines that hold no one's text."""
_ANSWERED_FINDINGS = 3
"""How many findings a revision mentions by name."""
_PROMOTION = "promotion"
"""The criterion that an article breaks by product language outside of its section."""


def answer_as_role(ask: Ask, conduct: Conduct, page_url: str) -> Ask:
    """Return a request with the document that a role of a run answers; any other request is returned unchanged.

    A run's schemas are recognised by their names, or by their properties if the family's format has no name. A request
    with another schema under such a name is also returned unchanged.

    Args:
        ask: The request; scores and quotations depend on its model's name.
        conduct: How the model behaves.
        page_url: The URL of the page that an article quotes.

    """
    if ask.wish.document and conduct.prose:
        return replace(ask, wish=Wish(conduct.prose))
    gate = _gate_of(ask.wish)
    criteria = _criteria_in(ask.wish.schema)
    form = None if gate is None else form_at(gate, criteria)
    if gate is None or form is None or not _is_sent_as(ask.wish.schema, form.schema):
        return ask
    brief = read_brief(ask.prompt)
    if 0 < conduct.until_attempt < brief.attempt:
        conduct = WELL
    answer: RoleAnswer
    match gate:
        case Gate.PLANNER:
            answer = _plan(brief, conduct)
        case Gate.WRITER:
            answer = _draft(brief, conduct, page_url)
        case Gate.REVIEWER:
            answer = _review(brief, conduct, ask.model, criteria)
        case _:
            answer = _critique(brief, conduct, ask.model)
    document = json.dumps(form.content.encode(answer), separators=(",", ":"))
    return replace(ask, wish=replace(ask.wish, document=document))


def _gate_of(wish: Wish) -> Gate | None:
    """Return the gate whose role is asked; None if it is not a role of a run."""
    if wish.name:
        return _GATES.get(wish.name)
    names = _property_names(wish.schema)
    return next((gate for gate in _GATES.values() if frozenset(form_at(gate).content.fields) == names), None)


def _is_sent_as(given: object, schema: object) -> bool:
    """Return whether a schema is the given one, possibly without the sizes that some families refuse."""
    match given, schema:
        case dict(), dict():
            words = {word for word in schema if word in given or word != "maxItems"}
            return given.keys() == words and all(_is_sent_as(given[word], schema[word]) for word in words)
        case _:
            return given == schema


def _property_names(schema: Mapping[str, object]) -> frozenset[str]:
    properties = schema.get("properties")
    return frozenset(properties) if isinstance(properties, dict) else frozenset()


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("role_answers.toml").read_text(encoding="utf-8"))


def _draw(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()


# --- Planner and writer ----------------------------------------------------------------------------------------------


def _form_of(brief: Brief) -> dict[str, Any]:
    """Return the texts for the requested kind of draft; an unknown kind gets a patch."""
    drafts: dict[str, Any] = _words()["draft"]
    form: dict[str, Any] = drafts.get(brief.kind, drafts["patch"])
    return form


def _source(brief: Brief, conduct: Conduct) -> str:
    return "" if conduct.hides_source else brief.instruction_source


def _plan(brief: Brief, conduct: Conduct) -> Plan:
    words = _words()["plan"]
    source = brief.instruction_source
    first = words["first_step"].replace("{source}", source) if source else words["first_step_without_source"]
    more = words["more_steps"] if _draw(brief.text_of("TASK"))[0] % 2 else []
    scope = scope_of(brief, _form_of(brief)["scope"])
    work = [words["step"].replace("{scope}", ", ".join(scope))]
    if brief.text_of("FINDINGS") and not conduct.hides_source:  # who does that answers the same whatever it is told
        work = [words["asked_again"].replace("{finding}", each) for each in _findings(brief)]
        work.append(words["narrowed_step"].replace("{scope}", ", ".join(scope)))
    return Plan(_source(brief, conduct), scope, (first, *work, *more), tuple(words["stop_conditions"]))


def _draft(brief: Brief, conduct: Conduct, page_url: str) -> Draft:
    form = _form_of(brief)
    secret = "-".join(conduct.secret_pieces)
    more = [line.replace("{secret}", secret) for line in conduct.more_lines]
    told = [*more, *_revision_lines(brief)]
    claims: tuple[Claim, ...] = ()
    if brief.kind == "plan":
        path = next(iter(named_paths(brief.text_of("TASK"))), "")
        lines = [f"{line} -- {path}" for line in form["lines"]] if path else form["lines"]
        artifact = text_of([*lines, *(f"# {line}" for line in told)])
    elif "path" in form:
        own = patch_of(brief, told)
        artifact = added_file(form["path"], [*form["lines"], *_apart(told)]) if own is None else own
        if conduct.more_path:
            artifact += added_file(conduct.more_path, conduct.more_path_lines)
    else:
        lines = [line.replace("{page}", page_url) for line in _article_lines(brief, form)]
        artifact = text_of([*lines, *_apart(told)])
        claims = (Claim(form["claim"]["id"], page_url, form["claim"]["quote"]),)
    return Draft(_source(brief, conduct), artifact, claims)


def _article_lines(brief: Brief, form: dict[str, Any]) -> list[str]:
    """Return the article on the asked subject; the whole one if the task names its file, or no file at all."""
    lines: list[str] = form["lines"]
    task = brief.text_of("TASK")
    paths = named_paths(task)
    if not paths or paths[0] in form["scope"]:
        return lines
    return [line.replace("{task}", first_sentence(task)).replace("{path}", paths[0]) for line in form["other_lines"]]


def _findings(brief: Brief) -> list[str]:
    """Return the first findings in a brief, one safe line each."""
    lines = [" ".join(line.split()) for line in brief.text_of("FINDINGS").splitlines()]
    return [safe(line, limit=160) for line in lines if " " in line][:_ANSWERED_FINDINGS]


def _revision_lines(brief: Brief) -> list[str]:
    """Return what a later attempt says about itself and about the findings; nothing on the first."""
    if brief.attempt == 1:
        return []
    words = _words()["revision"]
    said = [words["finding"].replace("{finding}", finding) for finding in _findings(brief)]
    return [words["opening"].replace("{attempt}", str(brief.attempt)), *(said or [words["no_finding"]])]


def _apart(lines: Sequence[str]) -> list[str]:
    """Return lines preceded by an empty one, if there are any."""
    return ["", *lines] if lines else []


# --- Reviewer and critic ---------------------------------------------------------------------------------------------


def _nonce(brief: Brief, conduct: Conduct) -> str:
    return f"not-{brief.nonce}" if conduct.forges_nonce else brief.nonce


def _criteria_in(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids that a schema allows a score for."""
    match schema:
        case {"properties": {"criteria": {"items": {"properties": {"id": {"enum": list(ids)}}}}}}:
            return tuple(each for each in ids if isinstance(each, str))
    return ()


def _review(brief: Brief, conduct: Conduct, model: str, allowed: Sequence[str]) -> Review:
    listed = dict.fromkeys(line.partition(":")[0].strip() for line in brief.text_of("CRITERIA").splitlines())
    criteria = [each for each in listed if each in allowed] or list(allowed)
    quotes = _quotes(brief.text_of("DRAFT"))
    drawn = _draw(model, brief.text_of("DRAFT"))
    good = [SCORE_LIMIT] * len(criteria)
    if len(criteria) > 1:
        good[drawn[0] % len(criteria)] -= 1
    scores = conduct.scores or good
    promoting = _promotion_in(brief.text_of("DRAFT"))
    return Review(
        _nonce(brief, conduct),
        tuple(
            CriterionScore(criterion, 1, promoting)
            if criterion == _PROMOTION and promoting
            else CriterionScore(
                criterion,
                scores[position % len(scores)],
                conduct.evidence or quotes[(drawn[1] + position) % len(quotes)],
            )
            for position, criterion in enumerate(criteria)
        ),
        _scripted(conduct, quotes),
    )


def _promotion_in(draft: str) -> str:
    """Return the first line of an article that promotes a product outside of the product's own section; or nothing."""
    words = _words()["promotion"]
    is_own_section = False
    for line in draft.splitlines():
        if line.startswith("#"):
            is_own_section = any(each in line.lower() for each in words["own_section"])
        elif not is_own_section and any(each in line.lower() for each in words["phrases"]) and is_enough(line.strip()):
            return line.strip()[:_QUOTE_LENGTH]
    return ""


def _critique(brief: Brief, conduct: Conduct, model: str) -> Critique:
    quotes = _quotes(brief.text_of("DRAFT"))
    findings = _scripted(conduct, quotes)
    drawn = _draw(model, brief.text_of("DRAFT"))
    if not findings and quotes[0] and drawn[0] % 2:
        quote = quotes[drawn[1] % len(quotes)]
        words = _words()["critique"]
        findings = (JudgeFinding(FindingSeverity.MINOR, quote, words["note"], CritiqueArea(words["area"])),)
    return Critique(_nonce(brief, conduct), findings)


def _scripted(conduct: Conduct, quotes: Sequence[str]) -> tuple[JudgeFinding, ...]:
    """Return the findings that a scenario scripts for a judge; a reviewer's format has no area, and omits it."""
    finding = conduct.finding
    if finding is None:
        return ()
    severity, area = FindingSeverity(finding.severity), CritiqueArea(finding.area)
    quote = next((each for each in quotes if finding.about and finding.about in each), quotes[0])
    return (JudgeFinding(severity, conduct.evidence or quote, finding.note, area),)


def _quotes(draft: str) -> list[str]:
    """Return words to quote from a draft, verbatim: lines that are long enough, or as much as there is.

    In a patch they are lines that it adds or removes.
    """
    lines = [line for line in draft.splitlines() if not line.startswith(_DIFF_HEADS)]
    if draft.startswith("diff --git "):
        lines = [line for line in lines if line[:1] in ("+", "-")]
    words = [(line[1:] if line[:1] in ("+", "-") else line).strip()[:_QUOTE_LENGTH] for line in lines]
    return [each for each in words if is_enough(each)] or [draft.strip()[:_QUOTE_LENGTH]]
