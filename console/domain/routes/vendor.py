"""Vendors: whose model an id names, by how vendors begin their ids."""

import re

from console.domain.routes.model_family import bare_id

_VENDORS = (
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
    ("amazon", re.compile(r"^(?:nova|titan)-")),
    ("microsoft", re.compile(r"^(?:phi-\d|mai-)")),
    ("nvidia", re.compile(r"^nemotron")),
    ("ibm", re.compile(r"^granite")),
    ("ai21", re.compile(r"^(?:jamba|j2-)")),
    ("bytedance", re.compile(r"^(?:doubao|seed-)")),
    ("tencent", re.compile(r"^hunyuan")),
    ("baidu", re.compile(r"^ernie")),
    ("perplexity", re.compile(r"^sonar")),
    ("allenai", re.compile(r"^olmo")),
    ("lg", re.compile(r"^exaone")),
    ("upstage", re.compile(r"^solar-")),
    ("writer", re.compile(r"^palmyra")),
)
"""The vendor of a model by the start of its id, as in the vendors' own catalogues."""


def vendor_of(model: str) -> str | None:
    """Return the vendor of a model id, or None if unknown."""
    bare = bare_id(model).lower()
    return next((vendor for vendor, form in _VENDORS if form.search(bare)), None)


def vendors_in(model: str) -> set[str]:
    """Return every vendor that an id names: a distilled model also names its base."""
    bare = bare_id(model).lower()
    starts = [0, *(place.end() for place in re.finditer(r"[-_]", bare))]
    return {vendor for vendor, form in _VENDORS for start in starts if form.search(bare[start:])}
