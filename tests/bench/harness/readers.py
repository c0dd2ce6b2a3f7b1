"""What reads hostile text, each with all its hostile texts, and the two ways to judge how the effort grows with them.

`growth.py` measures time: it sees all that a reader does, and needs a machine's patience. `lines_run` counts lines of
the console's own code: it sees no search that C code makes within one line, and is the same on every machine.
"""

import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from support.text.hostile_text import (
    AGENT_OUTPUTS,
    AGENT_REFUSALS,
    AGENT_SETTINGS,
    COMMANDS,
    DIFFS,
    DOCUMENTS,
    DRAFTS,
    FACTS,
    INSTRUCTIONS,
    MARKS,
    PAGES,
    QUOTED,
    REFUSALS,
    STARS,
    STEPS_OF_STARS,
    WORKFLOWS,
    YAML_CONFIGS,
    Hostile,
)

import console
from console.domain.agent_settings.edit import EditError, edit_json, edit_toml
from console.domain.agent_settings.literal_key import literal_keys
from console.domain.agent_settings.source import Level, Source
from console.domain.answers.evidence import plain
from console.domain.artifacts.command_plan import check_commands
from console.domain.artifacts.repository_path import Scope
from console.domain.artifacts.unified_diff import parse_patch
from console.domain.errors.body import READ_LIMIT, read_error_body
from console.domain.errors.category import Category
from console.domain.errors.classify import RefusedCall, classify
from console.domain.facts.row import FactsError
from console.domain.injection.scan import find_injection
from console.domain.instructions.front_matter import LOADING, front_matter
from console.domain.instructions.imports import imports_of, model_text
from console.domain.instructions.source import Tool
from console.domain.instructions.text import hidden_in
from console.domain.instructions.yaml_keys import yaml_keys
from console.domain.probes.agent import agents
from console.domain.probes.agent_feature import refused_feature
from console.domain.problem import Problem
from console.domain.routes.retirement import read_retirements
from console.domain.sources.claim import with_links
from console.domain.text.quote import QUOTE_LIMIT, fold, stands_in
from console.domain.workflows.check import check_workflow
from console.domain.workflows.workflow import Workflow
from console.services.agent_settings.read_source import SourceError, parse
from console.services.coding_agent.named_source import named_source
from console.services.config.toml_text import TomlText
from console.services.facts.installed import SIZE_LIMIT
from console.services.gateway.call import Started
from console.services.pages.page_text import content_sha256, visible_text
from console.services.probes.content_check import counted_to
from console.services.probes.intake import Intake
from console.services.setup.yaml_text import YamlText
from console.services.workflows.workflow_file import FILE_SIZE_LIMIT, WorkflowError, parse_workflow

GROWTH_LIMIT = 3.0
"""The most that twice the text may cost, as a multiple of once: in proportion it is 2, with the square 4."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that reads text from outside."""

    reads: Callable[[str], object]
    texts: Mapping[str, Callable[[int], str]]
    """Hostile texts by name, each made for a size in characters."""
    largest: int = 4_000_000
    """The most characters that it is given."""


def _named(*texts: Hostile) -> dict[str, Callable[[int], str]]:
    return {str(each): each.of for each in texts}


def _read_quotes(text: str) -> None:
    for quote in ("a" * QUOTE_LIMIT, "aab " * 400 + "a", text[1:41]):
        stands_in(fold(quote), fold(text))


def _read_instructions(text: str) -> None:
    for tool in Tool:
        imports_of(tool, text)
    model_text(Tool.CLAUDE_CODE, text)
    hidden_in(text)
    front_matter(text)
    for loading in LOADING.values():
        loading(text)
    yaml_keys(text.splitlines())


def _read_refusal(body: str) -> None:
    classify(RefusedCall(429, {}, read_error_body(body)))


def _read_page(page: str) -> None:
    content_sha256(visible_text(page, is_markup=True))
    content_sha256(page)


def _read_workflow(text: str) -> None:
    try:
        root, problem = parse_workflow(text.encode()), ""
    except WorkflowError as error:
        root, problem = None, str(error)
    check_workflow(Workflow("ci.yml", text, root, problem))


def _read_yaml_config(text: str) -> None:
    with contextlib.suppress(Problem):
        YamlText(text, "routes.yaml", "main")


def _read_agent_settings(text: str) -> None:
    for form in ("toml", "jsonc", "yaml", "env"):
        with contextlib.suppress(SourceError):
            tuple(literal_keys(Source("", Level.USER, tree=parse(text, form))))
    with contextlib.suppress(EditError):
        edit_json(text, {"a": {"b": "c"}})
    with contextlib.suppress(EditError):
        edit_toml(text, {"a": "b", "c": {"d": "e"}})


def _read_facts(text: str) -> None:
    with contextlib.suppress(Problem, FactsError):
        TomlText(text, "facts.toml").parse()
        read_retirements(text)


def _read_agent_refusal(text: str) -> None:
    body = read_error_body(text, "application/json")
    for agent in agents().values():
        refused_feature(body, 400, Category.INVALID_REQUEST, agent, agent.shapes[0])


def _take_in(text: str) -> None:
    """Take an answer's bytes in, a few at a time, under both labels."""
    data = text.encode()
    for label in ("text/event-stream", "text/plain"):
        intake = Intake(Started(200, {"content-type": label}, 0.0))
        for start in range(0, len(data), 16):
            intake.feed(data[start : start + 16])
            intake.fault  # noqa: B018  # the exchange looks at it after each piece


def _covers(pattern: str, path: str) -> None:
    Scope((pattern,)).covers(path)


READERS: Mapping[str, Reader] = {
    "diff": Reader(parse_patch, {name: each.of for name, each in DIFFS.items()}),
    "command": Reader(lambda line: check_commands([(1, line)] * 20), _named(*COMMANDS), largest=500),
    "quote": Reader(_read_quotes, _named(*QUOTED)),
    "instructions": Reader(_read_instructions, _named(*INSTRUCTIONS)),
    "path, under stars": Reader(partial(_covers, STARS), _named(Hostile("a"))),
    "path, under steps of stars": Reader(partial(_covers, STEPS_OF_STARS), _named(Hostile("a/"))),
    "draft": Reader(find_injection, _named(*DRAFTS)),
    "evidence": Reader(plain, _named(MARKS)),
    "refusal": Reader(_read_refusal, _named(*REFUSALS)),
    "document": Reader(lambda document: with_links((), document), _named(*DOCUMENTS)),
    "facts": Reader(_read_facts, _named(*FACTS), largest=SIZE_LIMIT),
    "page": Reader(_read_page, _named(*PAGES)),
    "refusal of an agent": Reader(_read_agent_refusal, _named(*AGENT_REFUSALS), largest=READ_LIMIT - 40),
    "output of an agent": Reader(named_source, _named(*AGENT_OUTPUTS), largest=262_144),
    "count": Reader(counted_to, _named(*map(Hostile, ("1 ", "1", "1 2 3 ", "a1", ", ")))),
    "answer": Reader(
        _take_in,
        _named(*map(Hostile, (" ", "\n", ": x\n", ":", "data: x\n", "data: 1\n\n", "{", "x\n"))),
        largest=60_000,
    ),
    "workflow": Reader(
        _read_workflow, {name: each.of for name, each in WORKFLOWS.items()}, largest=FILE_SIZE_LIMIT - 200
    ),
    "settings of an agent": Reader(_read_agent_settings, _named(*AGENT_SETTINGS), largest=100_000),
    "config as YAML": Reader(_read_yaml_config, _named(*YAML_CONFIGS), largest=FILE_SIZE_LIMIT - 200),
}

_HOME = str(Path(console.__file__).parent)


def lines_run(deed: Callable[[], object]) -> int:
    """Return how many lines of the console's code a deed runs."""
    count = 0

    def note(frame: FrameType, _: str, __: object) -> Callable[..., object] | None:
        nonlocal count
        if not frame.f_code.co_filename.startswith(_HOME):
            return None
        count += 1
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        deed()
    finally:
        sys.settrace(before)
    return count
