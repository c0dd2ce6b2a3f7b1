"""A route table, an instruction contract and secret references as YAML, read as the tables of a config.

The keys are those of the published setup guide for coding-agent gateways: `routes`, `instruction_source`,
`model_gateway_token_ref` and the others in `_KEYS`. Every key must be known. What is not a setting is said, never
dropped in silence.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from console.domain.routes.role import Role
from console.domain.workflows.workflow import ListNode, MapNode, Node, TextNode
from console.services.config.load import secrets_in
from console.services.config.toml_text import LINE_LIMIT, ConfigError, Fault, KeyPath, fault_at, nearest
from console.services.workflows.workflow_file import WorkflowError, parse_workflow

BASE_URL_VARIABLE, TOKEN_VARIABLE = "MODEL_GATEWAY_BASE_URL", "MODEL_GATEWAY_TOKEN"  # names, not values
"""The variables that the config refers to if the YAML names none."""


FAULT_LIMIT = 50
"""The most faults reported at once."""
DOCUMENT_LIMIT = 20
"""The most documents of a file: each is parsed with empty lines before it, so that its lines are the file's."""


@dataclass(frozen=True, slots=True)
class YamlNote:
    """Something that the config does not say as the YAML does."""

    key: str
    """The YAML's key; empty for something that the YAML lacks."""
    line: int | None
    words: str

    def __str__(self) -> str:
        where = f"{self.key}, line {self.line}: " if self.key else ""
        return where + self.words


class YamlText:
    """A YAML file's text as the tables of a config of one profile; a fault names the YAML's own key and line."""

    def __init__(self, text: str, source: str, profile: str) -> None:
        """Read a text.

        Args:
            text: The YAML: one document, or the blocks as several.
            source: Its name in error messages.
            profile: The profile's name.

        Raises:
            ConfigError: It is not YAML, exceeds the limits, or holds a secret.

        """
        self.source = source
        self.faults: list[Fault] = []
        """What is wrong with its keys; the config's model finds the rest."""
        self.notes: list[YamlNote] = []
        self._profile = profile
        self._lines: dict[KeyPath, int] = {}
        self._texts: dict[KeyPath, str] = {}
        self._origins: dict[KeyPath, KeyPath] = {}
        """The YAML's path of each path of the tables."""
        self._given = self._parsed(text)
        self._refuse_secrets()
        self._tables: dict[str, Any] = {"gateway": {}, "routes": {}, "policy": {}, "instructions": {}}
        for key, value in self._given.items():
            self._take(key, value)
        self._fill()

    @property
    def has_routes(self) -> bool:
        """Whether the YAML has the block of routes."""
        return "routes" in self._given

    def parse(self) -> dict[str, object]:
        """Return the config's tables."""
        tables = {name: table for name, table in self._tables.items() if table}
        return {"schema": 1, "default_profile": self._profile, "profiles": {self._profile: tables}}

    def fault(self, path: KeyPath, problem: str) -> Fault:
        """Return the fault at a path of the tables, as the YAML names it."""
        return fault_at(self._yaml_path(path), problem, self.source, self.line_of(path))

    def line_of(self, path: KeyPath) -> int | None:
        """Return the YAML's line of a key or table of the config; the nearest parent's if it has none of its own."""
        own = self._yaml_path(path)
        return next((self._lines[own[:size]] for size in range(len(own), 0, -1) if own[:size] in self._lines), None)

    def _yaml_path(self, path: KeyPath) -> KeyPath:
        inner = path[2:] if path[:2] == ("profiles", self._profile) else path
        for size in range(len(inner), 0, -1):
            if inner[:size] in self._origins:
                return (*self._origins[inner[:size]], *inner[size:])
        return inner

    # --- Reading -----------------------------------------------------------------------------------------------------

    def _parsed(self, text: str) -> dict[str, object]:
        """Return the keys of all documents with their values. Raises `ConfigError`."""
        given: dict[str, object] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > LINE_LIMIT:
                raise ConfigError(Fault(f"the line is longer than {LINE_LIMIT} characters", self.source, number))
        for count, document in enumerate(_documents(text)):
            if count == DOCUMENT_LIMIT:
                raise ConfigError(Fault(f"has more than {DOCUMENT_LIMIT} documents", self.source))
            try:
                root = parse_workflow(document.encode())
            except WorkflowError as error:
                problem = str(error).removeprefix("it ")
                raise ConfigError(Fault(problem, self.source)) from None
            for key, value in self._pairs(root, ()):
                given[key] = self._plain(value, (key,))
        if not given.get("routes", True) and any((role.value,) in self._lines for role in Role):
            problem = (
                "has nothing beneath it: the lines of the roles lost their indentation. Indent them as in the source"
            )
            raise ConfigError(fault_at(("routes",), problem, self.source, self._lines["routes",]))
        if self.faults:
            raise ConfigError(*self.faults)
        return given

    def _pairs(self, node: MapNode, path: KeyPath) -> Iterator[tuple[str, Node]]:
        """Yield the pairs of a mapping, and note where its keys are; a key that cannot be used is a fault.

        A key may stand there twice with the same text, as `instruction_source` does in two of the published blocks.
        """
        for key, value in node.pairs:
            if not isinstance(key, TextNode) or key.text == "<<":
                words = "a key is not a plain word; write each key out, without << and without lists as keys"
                self._add(path, key.line, words)
                continue
            here = (*path, key.text)
            text = value.text if isinstance(value, TextNode) else None
            if here in self._lines:
                if text is None or self._texts.get(here) != text:
                    self._add(here, key.line, f"is also in line {self._lines[here]}")
                continue
            self._lines[here] = key.line
            if text is not None:
                self._texts[here] = text
            yield key.text, value

    def _plain(self, node: Node, path: KeyPath) -> object:
        match node:
            case TextNode(text):
                return "" if text in _NULLS else text
            case ListNode(items):
                return [self._plain(item, (*path, index)) for index, item in enumerate(items)]
            case MapNode():
                return {key: self._plain(value, (*path, key)) for key, value in self._pairs(node, path)}

    def _refuse_secrets(self) -> None:
        found = [
            fault_at(path, problem, self.source, self._line_in_yaml(path))
            for path, problem in secrets_in(self._given, ())
        ]
        if found:
            raise ConfigError(*found[:FAULT_LIMIT])

    def _line_in_yaml(self, path: KeyPath) -> int | None:
        return next((self._lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self._lines), None)

    # --- The config's tables -----------------------------------------------------------------------------------------

    def _take(self, key: str, value: object) -> None:
        """Put a key's value into its place of the tables, or say why it has none."""
        if key == "routes":
            self._tables[key] = _routes(value)
            self._origins[key,] = (key,)
        elif key in _KEYS:
            table, name, convert = _KEYS[key]
            self._tables[table][name] = convert(value)
            self._origins[table, name] = (key,)
        elif key in _ALWAYS:
            wanted, words = _ALWAYS[key]
            if value in wanted:
                self._note(key, f"is not a setting: {words}")
            else:
                problem = f"must be {wanted[0]}: {words}. Remove the line, or write {wanted[0]}"
                self._add((key,), self._lines[key,], problem)
        elif _RECORD.fullmatch(key):
            self._note(key, "is not a setting: a run writes it into its record, see gateway-console record show")
        else:
            is_told = len(self.faults) < FAULT_LIMIT  # finding the nearest key takes time
            problem = f"unknown key; {nearest(key, ('routes', *_KEYS, *_ALWAYS))}" if is_told else ""
            self._add((key,), self._lines[key,], problem)

    def _fill(self) -> None:
        """Put in what every config needs and the YAML lacks, and say so."""
        gateway, instructions = self._tables["gateway"], self._tables["instructions"]
        if "base_url_ref" not in gateway:
            gateway["base_url_ref"] = f"env:{BASE_URL_VARIABLE}"
            self._note(
                "", f"the YAML has no model_gateway_base_url_ref: {BASE_URL_VARIABLE} is to hold the gateway's address"
            )
        if "token_ref" not in gateway:
            gateway["token_ref"] = [f"env:{TOKEN_VARIABLE}"]
            self._note("", f"the YAML has no model_gateway_token_ref: {TOKEN_VARIABLE} is to hold the token")
        source = instructions.get("source")
        if isinstance(source, str) and source in _TOOLS:
            instructions["tool"] = _TOOLS[source]
            self._note("instruction_source", f'the YAML names no tool: tool = "{_TOOLS[source]}" reads this file')
        if not self.has_routes and not self.faults:
            problem = "names no routes; a config needs at least one: add the block routes to the same file"
            self.faults.append(Fault(problem, self.source))

    def _add(self, path: KeyPath, line: int, problem: str) -> None:
        """Add a fault; above the limit, only say that there are more."""
        if len(self.faults) < FAULT_LIMIT:
            self.faults.append(fault_at(path, problem, self.source, line))
        elif len(self.faults) == FAULT_LIMIT:
            self.faults.append(Fault("and there are more faults", self.source))

    def _note(self, key: str, words: str) -> None:
        self.notes.append(YamlNote(key, self._lines.get((key,)), words))


def _documents(text: str) -> Iterator[str]:
    """Yield the documents of a YAML stream that have content, each with its lines where they are in the file."""
    before = 0
    for part in re.split(r"^(?:---|\.\.\.)(?=\s|$)", text, flags=re.MULTILINE):
        if re.search(r"^[ \t]*[^\s#]", part, re.MULTILINE):
            yield "\n" * before + part
        before += part.count("\n")


# --- The keys --------------------------------------------------------------------------------------------------------

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""The words of YAML 1.1 for truth values."""

_NULLS = frozenset({"~", "null", "Null", "NULL"})


def _flag(value: object) -> object:
    return _FLAGS.get(value.lower(), value) if isinstance(value, str) else value


def _as_it_is(value: object) -> object:
    return value


def _variable(value: object) -> object:
    """Return the reference to a variable that is named without its scheme; anything else as it is."""
    return f"env:{value}" if isinstance(value, str) and re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", value) else value


def _variables(value: object) -> object:
    return [_variable(each) for each in value] if isinstance(value, list) else [_variable(value)]


def _routes(value: object) -> object:
    return {role: _with_flags(route) for role, route in value.items()} if isinstance(value, dict) else value


def _with_flags(route: object) -> object:
    """Return a role's table with its truth values read, in its named routes too."""
    if not isinstance(route, dict):
        return route
    return {
        key: _with_flags(value) if isinstance(value, dict) else _flag(value) if key in _ROUTE_FLAGS else value
        for key, value in route.items()
    }


_ROUTE_FLAGS = ("retires_with_provider",)
_KEYS: dict[str, tuple[str, str, Callable[[object], object]]] = {
    "instruction_source": ("instructions", "source", _as_it_is),
    "agent_must_stop_on_conflict": ("instructions", "stop_on_conflict", _flag),
    "model_gateway_base_url_ref": ("gateway", "base_url_ref", _variable),
    "model_gateway_token_ref": ("gateway", "token_ref", _variables),
    "publisher_token_available_to_writer": ("policy", "publisher_token_available_to_writer", _flag),
    "cloudflare_token_available_to_writer": ("policy", "cloudflare_token_available_to_writer", _flag),
    "ci_token_available_to_writer": ("policy", "ci_token_available_to_writer", _flag),
    "repository_token_available_to_writer": ("policy", "repository_token_available_to_writer", _flag),
    "ci_token_permissions": ("policy", "ci_token_permissions", _as_it_is),
}
"""The keys that are settings: the table, its key, and how the value is read."""
_ALWAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "instruction_scope": (
        ("repository",),
        "a run's instructions are those of the directory that it begins in, and its record says which",
    ),
    "agent_must_report_instruction_source": (
        ("true", "True", "TRUE", "yes", "on"),
        "every run requires it of the planner and the writer",
    ),
}
"""The keys for what always holds: the values that say so, and how it holds."""
_RECORD = re.compile(
    "run_id|repository|(planner|writer|reviewer|review|revision|critic|fallback)_(endpoint_family|route)"
    "|source_urls_checked|secrets_in_prompt|publisher_token_available|cloud_token_available|review_status"
)
"""The keys of a run's record."""
_TOOLS = {
    "AGENTS.md": "codex",
    "CLAUDE.md": "claude_code",
    "GEMINI.md": "gemini",
    ".github/copilot-instructions.md": "copilot",
}
"""The tool that reads an instruction source first; the YAML has no key for it."""
