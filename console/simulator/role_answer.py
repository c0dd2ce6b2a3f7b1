"""What the embedded gateway answers in the roles of a run: plans, drafts, reviews and critiques, made without a model.

The words are in `role_answers.toml`; how a model departs from them is its scenario's `Conduct`. The same request always
gets the same answer.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from console.domain.run.gate import Gate
from console.domain.run.role_answer import (
    CRITIQUE_NAME,
    DRAFT_NAME,
    PLAN_NAME,
    REVIEW_NAME,
    SCORE_LIMIT,
    FindingSeverity,
    schema_at,
)
from console.domain.text.quote import is_enough
from console.domain.text.safe import safe
from console.simulator.brief import Brief, read_brief
from console.simulator.dialect import Ask
from console.simulator.scenario import WELL, Conduct
from console.simulator.script import Wish
from console.wire.request import fits

_GATES = {PLAN_NAME: Gate.PLANNER, DRAFT_NAME: Gate.WRITER, REVIEW_NAME: Gate.REVIEWER, CRITIQUE_NAME: Gate.CRITIC}
_QUOTE_LENGTH = 160
"""How many characters a quotation has at most."""
_DIFF_HEADS = ("diff ", "new file ", "--- ", "+++ ", "@@ ")
"""How the lines of a diff begin that are no words of anybody's."""
_ANSWERED_FINDINGS = 3
"""How many findings a revision takes up by name."""


def answer_as_role(ask: Ask, conduct: Conduct, page_url: str) -> Ask:
    """Return a request with the document that a role of a run answers; any other request comes back as it is.

    A run's schemas are known by their names, or by their properties where the family's form has no name. Where the
    answer does not fit the schema after all, it is another one, and the request comes back as it is too.

    Args:
        ask: The request; scores and quotations depend on its model's name.
        conduct: How the model behaves.
        page_url: Where the page is that an article quotes.

    """
    if ask.wish.document and conduct.prose:
        return replace(ask, wish=Wish(conduct.prose))
    gate = _gate_of(ask.wish)
    if gate is None:
        return ask
    brief = read_brief(ask.prompt)
    if 0 < conduct.until_attempt < brief.attempt:
        conduct = WELL
    answer: Mapping[str, object]
    match gate:
        case Gate.PLANNER:
            answer = _plan(brief, conduct)
        case Gate.WRITER:
            answer = _draft(brief, conduct, page_url)
        case Gate.REVIEWER:
            answer = _review(brief, conduct, ask.model, _criteria_in(ask.wish.schema))
        case _:
            answer = _critique(brief, conduct, ask.model)
    if not fits(answer, ask.wish.schema):
        return ask
    return replace(ask, wish=replace(ask.wish, document=json.dumps(answer, separators=(",", ":"))))


def _gate_of(wish: Wish) -> Gate | None:
    """Return the gate whose role is asked; None where it is none of a run's."""
    if wish.name:
        return _GATES.get(wish.name)
    names = _property_names(wish.schema)
    return next((gate for gate in _GATES.values() if _property_names(schema_at(gate)[1]) == names), None)


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
    """Return the words of the kind of draft that is asked for; an unknown kind gets a patch."""
    drafts: dict[str, Any] = _words()["draft"]
    form: dict[str, Any] = drafts.get(brief.kind, drafts["patch"])
    return form


def _source(brief: Brief, conduct: Conduct) -> str:
    return "" if conduct.hides_source else brief.instruction_source


def _plan(brief: Brief, conduct: Conduct) -> dict[str, object]:
    words = _words()["plan"]
    source = brief.instruction_source
    first = words["first_step"].replace("{source}", source) if source else words["first_step_without_source"]
    more = words["more_steps"] if _draw(brief.text_of("TASK"))[0] % 2 else []
    return {
        "instruction_source": _source(brief, conduct),
        "scope": list(_form_of(brief)["scope"]),
        "steps": [first, *words["steps"], *more],
        "stop_conditions": list(words["stop_conditions"]),
    }


def _draft(brief: Brief, conduct: Conduct, page_url: str) -> dict[str, object]:
    form = _form_of(brief)
    secret = "-".join(conduct.secret_pieces)
    more = [line.replace("{secret}", secret) for line in conduct.more_lines]
    told = [*more, *_revision_lines(brief)]
    lines = [line.replace("{page}", page_url) for line in form["lines"]]
    claims: list[dict[str, str]] = []
    if brief.kind == "plan":
        artifact = _text([*lines, *(f"# {line}" for line in told)])
    elif "path" in form:
        artifact = _added_file(form["path"], [*lines, *_apart(told)])
        if conduct.more_path:
            artifact += _added_file(conduct.more_path, conduct.more_path_lines)
    else:
        artifact = _text([*lines, *_apart(told)])
        claims = [{"id": form["claim"]["id"], "url": page_url, "quote": form["claim"]["quote"]}]
    return {"instruction_source": _source(brief, conduct), "artifact": artifact, "claims": claims}


def _revision_lines(brief: Brief) -> list[str]:
    """Return what a later attempt says of itself and of what was found; nothing on the first."""
    if brief.attempt == 1:
        return []
    words = _words()["revision"]
    lines = [" ".join(line.split()) for line in brief.text_of("FINDINGS").splitlines()]
    findings = [safe(line, limit=160) for line in lines if " " in line][:_ANSWERED_FINDINGS]
    said = [words["finding"].replace("{finding}", finding) for finding in findings]
    return [words["opening"].replace("{attempt}", str(brief.attempt)), *(said or [words["no_finding"]])]


def _apart(lines: Sequence[str]) -> list[str]:
    """Return lines with an empty one before them, if there are any."""
    return ["", *lines] if lines else []


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _added_file(path: str, lines: Sequence[str]) -> str:
    """Return the unified diff that adds a file."""
    head = [f"diff --git a/{path} b/{path}", "new file mode 100644", "--- /dev/null", f"+++ b/{path}"]
    return _text([*head, f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])


# --- Reviewer and critic ---------------------------------------------------------------------------------------------


def _nonce(brief: Brief, conduct: Conduct) -> str:
    return f"not-{brief.nonce}" if conduct.forges_nonce else brief.nonce


def _criteria_in(schema: Mapping[str, Any]) -> list[Any]:
    """Return the ids that a schema allows a score for."""
    match schema:
        case {"properties": {"criteria": {"items": {"properties": {"id": {"enum": list(ids)}}}}}}:
            return ids
    return []


def _review(brief: Brief, conduct: Conduct, model: str, allowed: Sequence[Any]) -> dict[str, object]:
    listed = dict.fromkeys(line.partition(":")[0].strip() for line in brief.text_of("CRITERIA").splitlines())
    criteria = [each for each in listed if each in allowed] or list(allowed)
    quotes = _quotes(brief.text_of("DRAFT"))
    drawn = _draw(model, brief.text_of("DRAFT"))
    good = [SCORE_LIMIT] * len(criteria)
    if len(criteria) > 1:
        good[drawn[0] % len(criteria)] -= 1
    scores = conduct.scores or good
    return {
        "nonce": _nonce(brief, conduct),
        "criteria": [
            {
                "id": criterion,
                "score": scores[position % len(scores)],
                "evidence": conduct.evidence or quotes[(drawn[1] + position) % len(quotes)],
            }
            for position, criterion in enumerate(criteria)
        ],
        "findings": _scripted(conduct, quotes[0], with_area=False),
    }


def _critique(brief: Brief, conduct: Conduct, model: str) -> dict[str, object]:
    quotes = _quotes(brief.text_of("DRAFT"))
    findings = _scripted(conduct, quotes[0], with_area=True)
    drawn = _draw(model, brief.text_of("DRAFT"))
    if not findings and quotes[0] and drawn[0] % 2:
        quote = quotes[drawn[1] % len(quotes)]
        findings = [_words()["critique"] | {"severity": FindingSeverity.MINOR.value, "quote": quote}]
    return {"nonce": _nonce(brief, conduct), "findings": findings}


def _scripted(conduct: Conduct, quote: str, *, with_area: bool) -> list[dict[str, str]]:
    finding = conduct.finding
    if finding is None:
        return []
    area = {"area": finding.area} if with_area else {}
    return [{**area, "severity": finding.severity, "quote": conduct.evidence or quote, "note": finding.note}]


def _quotes(draft: str) -> list[str]:
    """Return words to quote from a draft, as they stand in it: lines that are long enough, or as much as there is.

    Of a patch they are lines that it adds or removes.
    """
    lines = [line for line in draft.splitlines() if not line.startswith(_DIFF_HEADS)]
    if draft.startswith("diff --git "):
        lines = [line for line in lines if line[:1] in ("+", "-")]
    words = [(line[1:] if line[:1] in ("+", "-") else line).strip()[:_QUOTE_LENGTH] for line in lines]
    return [each for each in words if is_enough(each)] or [draft.strip()[:_QUOTE_LENGTH]]
