"""Which endpoint families serve which models: facts as data, each row with its source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import facts_text
from console.domain.facts.row import FactRow, parse_facts
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class FamilyFact:
    """Which endpoint families serve the models whose id matches a pattern."""

    pattern: re.Pattern[str]
    required: EndpointFamily | None
    """The family on which the vendor serves the model; None if there are several."""
    allowed: tuple[EndpointFamily, ...]
    tools_with_reasoning: EndpointFamily | None
    """The only family that takes function tools with reasoning, if that is narrower than `allowed`."""
    confidence: str
    """`high`, `medium` or `low`: low means that the sources contradict each other."""
    source_url: str
    note: str
    checked_on: str
    """ISO date."""
    is_own: bool = False
    """Whether the row comes from the operator's config, for this gateway."""
    preferred: EndpointFamily | None = None
    """The family that the source recommends where several work."""
    documented_by: str = ""
    """The gateway whose documentation says so; empty if the row holds for any gateway."""


def read_families(text: str) -> tuple[FamilyFact, ...]:
    """Read a table of model families, in which the last row must match every model.

    Raises:
        FactsError: It is not such a table.

    """
    table = parse_facts(text)
    checked_on = table.date("checked_on")
    facts = tuple(read_family(row, checked_on) for row in table.rows("family"))
    table.end()
    if facts[-1].pattern.pattern != ".*":
        raise table.fault("family", "the last row must have the pattern .* and so decide for every other model")
    return facts


def read_family(row: FactRow, checked_on: str, documented_by: str = "") -> FamilyFact:
    """Read one row on model families.

    Args:
        row: The row.
        checked_on: The day of the table, for a row without its own.
        documented_by: The gateway whose documentation the row repeats; empty if none.

    Raises:
        FactsError: It is not such a row.

    """
    known = "|".join(EndpointFamily)
    words = f"must be of {known.replace('|', ', ')}"

    def family(key: str) -> EndpointFamily | None:
        name = row.matching(key, known, words, default="")
        if name and name not in allowed:
            raise row.fault(key, "must be one of the allowed families")
        return EndpointFamily(name) if name else None

    pattern = row.text("pattern")
    if (problem := check_pattern(pattern)) is not None:
        raise row.fault("pattern", problem)
    allowed = row.texts("allowed", known, words)
    fact = FamilyFact(
        pattern=re.compile(pattern),
        required=family("required"),
        allowed=tuple(map(EndpointFamily, allowed)),
        tools_with_reasoning=family("tools_with_reasoning"),
        confidence=row.matching("confidence", "high|medium|low", "must be high, medium or low"),
        source_url=row.url("source_url"),
        note=row.text("note", default=""),
        checked_on=row.date("checked_on", default=checked_on),
        preferred=family("preferred"),
        documented_by=documented_by,
    )
    row.end()
    return fact


@cache
def family_facts() -> tuple[FamilyFact, ...]:
    """Return the built-in model-family facts in order: the first row that matches a model id decides."""
    return read_families(facts_text("model_families"))


def fact_for(
    model: str,
    own: Sequence[FamilyFact] = (),
    documented: Sequence[FamilyFact] = (),
    known: Sequence[FamilyFact] | None = None,
) -> FamilyFact:
    """Return the row that decides for a model.

    The operator's own rows come first. What a gateway's documentation says comes next, but only where the vendor serves
    the model on several families: no documentation can make a model work where it does not exist.

    Args:
        model: The model, as the route names it.
        own: The operator's own rows.
        documented: The rows of the gateway's documentation.
        known: The rows for any gateway; None means the built-in ones.

    """
    bare = bare_id(model)

    def first(rows: Sequence[FamilyFact]) -> FamilyFact | None:
        return next((fact for fact in rows if fact.pattern.search(bare)), None)

    general = first(family_facts() if known is None else known)
    if general is None:
        raise ValueError("a table of model families decides for every model")
    documentation = first(documented) if general.required is None else None
    return first(own) or documentation or general


_OPEN_LIMIT = 2
_WAYS_LIMIT = 256
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\{(\d*),(\d*)\}|.", re.DOTALL)
"""A part of a pattern: an escape, a set, the begin of a group, a repetition with limits, or a character."""


def check_pattern(pattern: str) -> str | None:
    """Return why a row cannot have a pattern; None if it can.

    Repeated groups, more than two open repetitions and many choices in a row are refused: they make a regular
    expression slow, and no model id needs them.
    """
    repetitions, ways = _effort(pattern)
    if repetitions > _OPEN_LIMIT:
        return "has more than two * or +; write it as a plain expression, such as ^team-gpt-"
    if re.search(r"\)[*+{]|[*+?}][*+{]", pattern) or "(?" in pattern.replace("(?:", ""):
        return "repeats a group or uses a lookaround; write it as a plain expression, such as ^team-gpt-"
    if ways > _WAYS_LIMIT:
        return f"has more than {_WAYS_LIMIT} ways through its | and ?; write several rows instead"
    try:
        re.compile(pattern)
    except re.error:
        return "is not a regular expression"
    return None


def _effort(pattern: str) -> tuple[int, int]:
    """Return how many open repetitions a pattern has, and in how many ways its choices can be gone through."""
    repetitions, ways, before = 0, 1, ""
    options = [1]
    for part in _PART.finditer(pattern):
        text = part[0]
        if text in ("(", "(?:"):
            options.append(1)
        elif text == "|":
            options[-1] += 1
        elif text == ")" and len(options) > 1:
            ways *= options.pop()
        elif text in ("*", "+") or (part.lastindex and _is_wide(part[1], part[2])):
            repetitions += 1
        elif text == "?" and before not in ("*", "+"):
            ways *= 2
        elif part.lastindex:
            ways *= int(part[2]) - int(part[1] or 0) + 1
        before = text
    return repetitions, ways * options[0]


def _is_wide(least: str, most: str) -> bool:
    """Return whether a repetition with limits is as good as open."""
    return not most or len(most) > 3 or not 0 <= int(most) - int(least[:4] or 0) < _NARROW


_NARROW = 10


_REGION = re.compile(r"\A(?:us|eu|apac|au|ca|jp|sa|global|us-gov)\.(?=[a-z0-9-]+\.)")


_PROVIDER = re.compile(r"\A(?:anthropic|openai|meta|mistral|amazon|cohere|deepseek|google|qwen)\.")


_BEDROCK_VERSION = re.compile(r"-v\d+\Z")


def bare_id(model: str) -> str:
    """Return a model id in lower case, without the parts that gateways add.

    Removed: a `vendor/` prefix, a `:suffix`, the `ft:` of a fine-tuned model and everything after its base, and the
    region, provider and version around a Bedrock id (`us.anthropic.claude-sonnet-4-5-20250929-v1:0`).
    """
    name = model.strip().lower().rpartition("/")[2].removeprefix("ft:").partition(":")[0]
    without_provider = _PROVIDER.sub("", _REGION.sub("", name))
    return _BEDROCK_VERSION.sub("", without_provider) if without_provider != name else name
