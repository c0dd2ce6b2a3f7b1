"""The command line as data: every verb and kind with its options, as the parsers have them."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.cli.parser import build_parser
from console.domain.errors.category import Category
from console.domain.facts.load import facts_names
from console.domain.setup.preset import presets
from console.domain.verification import rows


class Values(StrEnum):
    """Where the values of an option or an argument come from."""

    NOTHING = "nothing"
    """It takes none: a switch."""
    ANY = "any"
    """A text that cannot be completed."""
    WORDS = "words"
    """A closed list, `Option.choices`."""
    FILES = "files"
    DIRECTORIES = "directories"
    PROFILES = "profiles"
    """The names of the config's profiles."""
    ROUTES = "routes"
    """The keys of the profile's routes."""
    RUNS = "runs"
    """The ids of the newest runs, and `last`."""


NAMED = (Values.PROFILES, Values.ROUTES, Values.RUNS)
"""What a shell has to ask this program for."""
_BY_PLACEHOLDER = {
    "PATH": Values.FILES,
    "FILE": Values.FILES,
    "F": Values.FILES,
    "FILE|-": Values.FILES,
    "FILE|git-note": Values.FILES,
    "FILE|PORT": Values.FILES,
    "[FORM:]FILE": Values.FILES,
    "CATEGORY|BODYFILE|-": Values.FILES,
    "DIR": Values.DIRECTORIES,
    "REPO": Values.DIRECTORIES,
    "PROFILE": Values.PROFILES,
    "KEY": Values.ROUTES,
    "ROUTE": Values.ROUTES,
    "ROLE.NAME": Values.ROUTES,
    "RUN": Values.RUNS,
}
_AGENTS = frozenset(
    {"aider", "claude", "claude-code", "cline", "codex", "command", "continue", "copilot", "gemini", "opencode", "sdk"}
)
"""What an option with the placeholder AGENT may take; its help says which of them."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command; an argument without a name of its own is one without names."""

    names: tuple[str, ...]
    placeholder: str
    help: str
    values: Values
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """The program, a verb or a kind."""

    words: tuple[str, ...]
    """What is typed for it after the program's name."""
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Option, ...]
    kinds: tuple["Command", ...]

    @property
    def name(self) -> str:
        """Its words, such as `run step`."""
        return " ".join(self.words)

    def walk(self) -> Iterator["Command"]:
        """Yield it, its kinds and theirs."""
        yield self
        for kind in self.kinds:
            yield from kind.walk()


def program() -> Command:
    """Return the whole command line. It loads the module of every verb, so no other verb asks for it."""
    return _command((), "", build_parser())


def usage_of(command: Command) -> str:
    """Return a command's usage in one line, after the program's name."""
    words = [*command.words]
    if command.kinds:
        words.append("KIND" if command.words else "[VERB]")
    words += [f"[{_written(each)}]" for each in command.options if each.names[0] not in COMMON_NAMES]
    words += [each.placeholder for each in command.arguments]
    return " ".join(words)


COMMON_NAMES = frozenset({"-h", "--version", "--config", "--profile", "--json", "--read-only"})
"""The first names of the options that every command has."""


def _written(option: Option) -> str:
    return " ".join((option.names[-1], *([option.placeholder] if option.placeholder else [])))


def _command(words: tuple[str, ...], help_line: str, parser: argparse.ArgumentParser) -> Command:
    if (fill := getattr(parser, "fill", None)) is not None:
        parser.fill = None  # type: ignore[attr-defined]
        fill(parser)
    options: list[Option] = []
    arguments: list[Option] = []
    kinds: list[Command] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines = {each.dest: each.help or "" for each in action._choices_actions}
            kinds += [_command((*words, name), lines[name], each) for name, each in action.choices.items()]
        elif action.help != argparse.SUPPRESS:
            (options if action.option_strings else arguments).append(_option(words, action))
    return Command(words, help_line, tuple(options), tuple(arguments), tuple(kinds))


def _option(words: tuple[str, ...], action: argparse.Action) -> Option:
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    choices = tuple(map(str, action.choices or ())) or _known(words, metavar, action.help or "")
    if action.nargs == 0:
        values, metavar = Values.NOTHING, ""
    elif choices and metavar not in _BY_PLACEHOLDER:
        values, metavar = Values.WORDS, metavar or action.dest.upper()
    elif "--profile" in action.option_strings:
        values = Values.PROFILES
    else:
        values = _BY_PLACEHOLDER.get(metavar, Values.ANY)
    return Option(tuple(action.option_strings), metavar, action.help or "", values, choices)


def _known(command: tuple[str, ...], placeholder: str, words: str) -> tuple[str, ...]:
    """Return what an option may take that is checked after the command line was read."""
    match command, placeholder:
        case _, "AGENT":
            return tuple(dict.fromkeys(word for word in re.findall("[a-z-]+", words) if word in _AGENTS))
        case ("explain",), "CATEGORY|BODYFILE|-":
            return tuple(Category)
        case ("init",), "NAME" if "preset" in words:
            return (*(each.name for each in presets()), "list")
        case ("facts", "show"), "NAME":
            return facts_names()
        case ("verify", *_), "ROW":
            return tuple(row.id for row in rows())
        case _:
            return ()
