"""Which feature of an agent's call a gateway refused, where its refusal tells.

A refusal names a place (`tools.4.type`), a name (`client_metadata: unknown field`), or what it accepts instead. The
names are compared with what was sent, so a finding never contains text of the refusal.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.domain.errors.body import ErrorBody, squash
from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.probes.agent import Agent, AgentShape
from console.domain.probes.assertion import finding_of


class FeatureKind(StrEnum):
    """What a feature is: also the name of its case in the assertions."""

    HEADER = "header"
    BETA = "beta"
    BODY_KEY = "body_key"
    ITEM_TYPE = "item_type"
    ROLE = "role"
    TOOL_TYPE = "tool_type"
    TOOL_KEY = "tool_key"
    TOOL_SCHEMA = "tool_schema"


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing in an agent's call that a plain text call does not have."""

    kind: FeatureKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"


_ABOUT_FORM = frozenset(
    {
        Category.INVALID_REQUEST,
        Category.CONTRACT_VIOLATION,
        Category.ENDPOINT_DRIFT,
        Category.UPSTREAM_UNAVAILABLE,  # some gateways answer what they cannot read with a 500
    }
)
_ASSERTIONS = {FeatureKind.BETA: "AGT-04", FeatureKind.ROLE: "AGT-05"}
_LIMITS = frozenset({"max_tokens", "max_output_tokens", "max_completion_tokens"})
_PLAIN_KEYS = _LIMITS | {"model", "input", "messages", "stream", "instructions", "system"}
"""What a plain text call of a family has too."""
_PLAIN_TYPES = frozenset({"", "function", "message"})
_PLAIN_ROLES = frozenset({"user", "assistant", ""})
_PLAIN_TOOL_KEYS = frozenset({"type", "name", "description", "parameters", "input_schema", "function", "tools"})
_COMMON_HEADERS = frozenset({"accept", "anthropic-version"})
_ACCEPTED = re.compile(
    r"expected (?:one of|a|an|the|'|:)|should be|must be|has to be"
    r"|\b(?:supported|valid|allowed|permitted|accepted|known) (?:values?|types?|fields?|keys?|roles?|params?"
    r"|parameters?)?:?\s*(?:are|is|include|:)|only .{0,30}?(?:supported|allowed|accepted)|did you mean"
)
"""From here on, a refusal names what it would accept."""
_PLACE = re.compile(
    r"\b(tools|input|messages)(?:\[|\.|/|\s?->\s?|', |,\s?| at index | #)'?\[?(\d{1,3})\]?"
    r"((?:['.\[\]/,\s>-]{1,6}[a-z0-9_$]{1,40}){0,12})"
)
_STEP = re.compile(r"[a-z0-9_$]+")
_SCHEMA_WORDS = (
    frozenset({"maximum", "minimum", "exclusivemaximum", "exclusiveminimum", "multipleof", "pattern", "format"})
    | {"propertynames", "additionalproperties", "$schema", "$ref", "anyof", "oneof", "allof", "const", "default"}
    | {"minitems", "maxitems", "minlength", "maxlength"}
)
_FUNCTIONS_ONLY = re.compile(
    r"only .{0,30}?\bfunctions?\b|\bfunctions?\b.{0,20} only\b"
    r"|type.{0,24} (?:should|must|has to) be .{0,12}\bfunction\b|expected .{0,24}'function'"
)
_REFUSES = re.compile(
    r"un(?:known|supported|recognized|recognised|expected)|invalid|extra|illegal|不支持|未知"
    r"|not (?:\w+ )?(?:supported?|allowed|permitted|recognized|accepted)"
)
"""What a refusal says near a name that is also a common word, such as `include`."""
_NEAR = 40
"""How far from it, in characters."""
_BETA = re.compile(r"anthropic[-_]beta|\bbeta (?:header|feature|flag)")
_TOO_LARGE = re.compile(
    r"context (?:length|size|window)|(?:prompt|input|request|body|payload|entity)\b.{0,24} too (?:long|large|big)"
    r"|exceeds? .{0,60}(?:context|tokens|bytes|size|limit)|maximum .{0,24}(?:tokens|size|length)"
    r"|too many (?:input )?tokens"
)
_TOO_LARGE_WORDS = frozenset(
    squash(word)
    for word in ("context_length_exceeded", "request_too_large", "exceed_context_size_error", "payload_too_large")
)


def features_of(agent: Agent, shape: AgentShape) -> tuple[Feature, ...]:
    """Return the features of a recorded call."""
    body = json.loads(shape.body)
    return tuple(dict.fromkeys((*_in_headers(shape.headers), *_in_body(body, agent))))


def refused_feature(
    refusal: ErrorBody, status: int, category: Category, agent: Agent, shape: AgentShape
) -> Finding | None:
    """Return a finding with the feature that a refusal is about; None if it does not tell.

    Args:
        refusal: The refusal's body.
        status: Its HTTP status; 0 if there is none.
        category: Why the call was refused: an account's or a limit's refusal is about no feature.
        agent: The agent whose call was refused.
        shape: What of it was sent.

    """
    if category not in _ABOUT_FORM:
        return None
    if status == 413 or refusal.mentioned & _TOO_LARGE_WORDS or _TOO_LARGE.search(refusal.prose):
        return finding_of("AGT-14", "too_large", f"{agent.title}: {shape.size_bytes:,} bytes")
    feature = _told(refusal, agent, shape)
    if feature is None:
        return None
    words = f"{agent.title}: {feature.name}"
    beta = agent.betas.get(feature.name.rpartition(".")[2]) or agent.betas.get(feature.name.partition(".")[0])
    if beta is not None and feature.kind in (FeatureKind.BODY_KEY, FeatureKind.TOOL_KEY):
        return finding_of("AGT-04", "field_without_beta", f"{words}, which {beta} allows")
    return finding_of(_ASSERTIONS.get(feature.kind, "AGT-03"), feature.kind.value, words)


def _told(refusal: ErrorBody, agent: Agent, shape: AgentShape) -> Feature | None:
    accepted = _ACCEPTED.search(refusal.prose)
    about = refusal.prose if accepted is None else refusal.prose[: accepted.start()]
    body = json.loads(shape.body)
    features = features_of(agent, shape)
    params = {word.squashed for word in refusal.words if word.key == "param"}
    return (
        _by_name(about, features)
        or next((at for match in _PLACE.finditer(about) if (at := _by_place(match, body)) is not None), None)
        or next((each for each in features if squash(each.name) in params), None)
        or _by_type(about, features)
        or _by_what_is_accepted(refusal.prose, features)
    )


def _by_name(about: str, features: tuple[Feature, ...]) -> Feature | None:
    """Return the first feature whose name is in the text and can be nothing else, such as `client_metadata`."""
    found = [
        (position, each)
        for each in features
        if re.search(r"[_.-]", each.name) or each.kind is FeatureKind.BODY_KEY
        if (position := _position(about, each)) is not None
    ]
    return min(found, key=lambda each: (each[0], -len(each[1].name)))[1] if found else None


def _position(about: str, feature: Feature) -> int | None:
    """Return where a text names a feature; a common word counts in quotes, or where a message begins with it."""
    name = re.escape(feature.name.lower())
    is_unmistakable = re.search(r"[._-]", feature.name) is not None
    form = rf"(?<![a-z0-9_-]){name}(?![a-z0-9_-])" if is_unmistakable else rf"'{name}'(?!\s?:)|(?:^|'){name}(?=: )"
    for match in re.finditer(form, about):
        near = about[max(match.start() - _NEAR, 0) : match.end() + _NEAR]
        if is_unmistakable or _REFUSES.search(near):
            return match.start()
    return None


def _by_place(match: re.Match[str], body: Mapping[str, Any]) -> Feature | None:
    """Return the feature at a place of the body, such as `tools.4.type`."""
    listed, index, path = body.get(match[1]), int(match[2]), _STEP.findall(match[3])
    if not isinstance(listed, list) or index >= len(listed) or not isinstance(listed[index], dict):
        return None
    element, kind = listed[index], str(listed[index].get("type", ""))
    if match[1] == "tools":
        if (word := next((step for step in path if step in _SCHEMA_WORDS), None)) is not None:
            return Feature(FeatureKind.TOOL_SCHEMA, word)
        if (key := next((step for step in path if step in set(element) - _PLAIN_TOOL_KEYS), None)) is not None:
            return Feature(FeatureKind.TOOL_KEY, key)
        return None if kind in _PLAIN_TYPES else Feature(FeatureKind.TOOL_TYPE, kind)
    if "role" not in path and kind not in _PLAIN_TYPES:
        return Feature(FeatureKind.ITEM_TYPE, kind)
    role = str(element.get("role", ""))
    return None if role in _PLAIN_ROLES or "content" in path else Feature(FeatureKind.ROLE, role)


def _by_type(about: str, features: tuple[Feature, ...]) -> Feature | None:
    """Return the type or role that a text names: common words, which count only as values."""
    for each in features:
        name = re.escape(each.name)
        if each.kind in (FeatureKind.TOOL_TYPE, FeatureKind.ITEM_TYPE) and re.search(
            rf"'{name}'|type:? ?=?{name}\b|\b{name} (?:tools?|type|item)\b", about
        ):
            return each
        if each.kind is FeatureKind.ROLE and re.search(rf"role.{{0,24}}\b{name}\b|\b{name}\b.{{0,12}} role", about):
            return each
    return None


def _by_what_is_accepted(prose: str, features: tuple[Feature, ...]) -> Feature | None:
    """Return what else was sent, where a refusal only says what it accepts."""
    types = [each.name for each in features if each.kind is FeatureKind.TOOL_TYPE]
    if types and "tool" in prose and _FUNCTIONS_ONLY.search(prose):
        return Feature(FeatureKind.TOOL_TYPE, " or ".join(types))
    roles = [each.name for each in features if each.kind is FeatureKind.ROLE]
    if roles and re.search(r"\brole\b", prose) and re.search(r"'?user'?.{0,12}'?assistant'?", prose):
        return Feature(FeatureKind.ROLE, " or ".join(roles))
    betas = [each for each in features if each.kind is FeatureKind.BETA]
    return Feature(FeatureKind.BETA, "one of its betas") if betas and _BETA.search(prose) else None


def _in_headers(headers: Mapping[str, str]) -> Iterator[Feature]:
    for name, value in headers.items():
        if name == "anthropic-beta":
            yield from (Feature(FeatureKind.BETA, each.strip()) for each in value.split(","))
        elif name not in _COMMON_HEADERS:
            yield Feature(FeatureKind.HEADER, name)


def _in_body(body: Mapping[str, Any], agent: Agent) -> Iterator[Feature]:
    for key, value in body.items():
        if key in _PLAIN_KEYS:
            continue
        yield Feature(FeatureKind.BODY_KEY, key)
        if isinstance(value, dict) and key not in agent.betas:
            yield from (Feature(FeatureKind.BODY_KEY, f"{key}.{inner}") for inner in value if inner != "type")
    for item in (*_dicts(body.get("input")), *_dicts(body.get("messages"))):
        if item.get("type", "") not in _PLAIN_TYPES:
            yield Feature(FeatureKind.ITEM_TYPE, item["type"])
            yield from _in_tools(_dicts(item.get("tools")))
        if item.get("role", "") not in _PLAIN_ROLES:
            yield Feature(FeatureKind.ROLE, item["role"])
    yield from _in_tools(_dicts(body.get("tools")))


def _in_tools(tools: list[Mapping[str, Any]]) -> Iterator[Feature]:
    for tool in tools:
        if tool.get("type", "") not in _PLAIN_TYPES:
            yield Feature(FeatureKind.TOOL_TYPE, tool["type"])
        yield from (Feature(FeatureKind.TOOL_KEY, key) for key in tool if key not in _PLAIN_TOOL_KEYS)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
