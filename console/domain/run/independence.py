"""Independence: how independent the writer, the reviewer and the critic really are, from 0 to 3."""

import re
from dataclasses import dataclass

from console.domain.probes.served_as import is_same_model
from console.domain.routes.model_family import bare_id
from console.domain.routes.route import Route

_FAMILIES = (
    ("openai", re.compile(r"^(?:gpt|chatgpt|o\d|codex|davinci|computer-use)")),
    ("anthropic", re.compile(r"^claude")),
    ("google", re.compile(r"^(?:gemini|gemma|palm)")),
    ("meta", re.compile(r"^(?:meta-)?llama|^codellama")),
    ("mistral", re.compile(r"^(?:mi[sx]tral|codestral|devstral|magistral|ministral|pixtral)")),
    ("deepseek", re.compile(r"^deepseek")),
    ("alibaba", re.compile(r"^(?:qwen|qwq)")),
    ("xai", re.compile(r"^grok")),
    ("zhipu", re.compile(r"^(?:glm|chatglm)")),
    ("moonshot", re.compile(r"^(?:kimi|moonshot)")),
    ("minimax", re.compile(r"^(?:minimax|abab)")),
    ("cohere", re.compile(r"^(?:command|aya)")),
    ("hugging-face", re.compile(r"^smollm")),
)
"""The vendor of a model by the start of its id, as in the vendors' own catalogues."""

LEVEL_WORDS = (
    "the same call",
    "another call, the same model",
    "another model of the same vendor, or of one that is not known",
    "another vendor's model",
)


@dataclass(frozen=True, slots=True)
class Served:
    """The model that did a role's work, as far as known."""

    route: Route
    model_reported: str | None = None
    """The model that the gateway reported; None before the call, or if it reported none."""


def vendor_of(model: str) -> str | None:
    """Return the vendor of a model id, or None if unknown."""
    bare = bare_id(model).lower()
    return next((vendor for vendor, form in _FAMILIES if form.search(bare)), None)


def level(judged: Served, judge: Served) -> int:
    """Return how independent a judge is of the role that it judges.

    0: the same route. 1: a separate route to the same model. 2: another model from the same or an unknown vendor. 3:
    another vendor's model. Reported models count as much as requested ones, because two ids of a gateway may be one
    model upstream; if only one side reported its model, it is compared with the model requested from the other.
    """
    if judged.route.is_same_call(judge.route):
        return 0
    asked = (judged.route.model, judge.route.model)
    answered = (judged.model_reported or judged.route.model, judge.model_reported or judge.route.model)
    return min(_level_of(*asked), _level_of(*answered))


def _level_of(one: str, other: str) -> int:
    if is_same_model(one, other) or is_same_model(other, one):
        return 1
    if vendor_of(one) is None or vendor_of(other) is None:
        return 2
    return 2 if _vendors_in(one) & _vendors_in(other) else 3


def _vendors_in(model: str) -> set[str]:
    """Return every vendor that an id names: a distilled model also names its base."""
    bare = bare_id(model).lower()
    starts = [0, *(place.end() for place in re.finditer(r"[-_]", bare))]
    return {vendor for vendor, form in _FAMILIES for start in starts if form.search(bare[start:])}
