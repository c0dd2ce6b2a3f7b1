"""Which endpoint families serve which models: facts as data, each row with its source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import load_facts
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


@cache
def family_facts() -> tuple[FamilyFact, ...]:
    """Return the model-family facts in order: the first row that matches a model id decides."""
    table = load_facts("model_families")
    return tuple(
        FamilyFact(
            pattern=re.compile(row["pattern"]),
            required=EndpointFamily(row["required"]) if "required" in row else None,
            allowed=tuple(EndpointFamily(name) for name in row["allowed"]),
            tools_with_reasoning=(
                EndpointFamily(row["tools_with_reasoning"]) if "tools_with_reasoning" in row else None
            ),
            confidence=row["confidence"],
            source_url=row["source_url"],
            note=row.get("note", ""),
            checked_on=row.get("checked_on", table["checked_on"]),
        )
        for row in table["family"]
    )


def fact_for(model: str, own: Sequence[FamilyFact] = ()) -> FamilyFact:
    """Return the row that decides for a model; the operator's own rows come first."""
    bare = bare_id(model)
    return next(fact for fact in (*own, *family_facts()) if fact.pattern.search(bare))


def check_pattern(pattern: str) -> str | None:
    """Return why a row cannot have a pattern; None if it can.

    Repeated groups and more than two open repetitions are refused: they make a regular expression slow, and no model id
    needs them.
    """
    if len(re.findall(r"(?<!\\)[*+]|\{\d*,\}", pattern)) > 2:
        return "has more than two * or +; write it as a plain expression, such as ^team-gpt-"
    if re.search(r"\)[*+{]|[*+?}][*+{]", pattern) or "(?" in pattern.replace("(?:", ""):
        return "repeats a group or uses a lookaround; write it as a plain expression, such as ^team-gpt-"
    try:
        re.compile(pattern)
    except re.error:
        return "is not a regular expression"
    return None


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
