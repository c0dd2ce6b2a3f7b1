"""Who answers the questions of `init`: its options first, then the terminal, or no one."""

import argparse
import os
from textwrap import wrap

from console.cli import output
from console.cli.context import current
from console.cli.setup.tokens import store_token_of
from console.domain.problem import Problem, ProblemKind
from console.domain.setup.event import Said, SetupEvent
from console.domain.setup.question import Question, Topic
from console.domain.text.safe import safe
from console.services.setup.draft import Draft
from console.services.setup.gateway_steps import UNCHECKED
from console.services.setup.token_choice import NONE
from console.services.system.leak_guard import LEAK_GUARD
from console.services.tokens.reference import Reference
from console.services.tokens.sources import Sources
from console.services.tokens.terminal import Ask, ask_on_terminal, has_terminal, interruptible
from console.view.setup.words import event_lines, question_lines


class Terminal:
    """The terminal: questions on stderr, answers from stdin. Nothing that is typed is kept in a history."""

    async def ask(self, question: Question) -> str:
        """Ask and wait for a line."""
        output.note("")
        for line in question_lines(question):
            note_wrapped(line.text)
        stream = current().stderr
        prompt = f"[{question.offered}] > " if question.offered else "> "
        stream.write(prompt)
        stream.flush()
        with interruptible():
            text = current().stdin.readline()
        if not text.endswith("\n"):
            raise Problem("the input ended; nothing was written to the config", ProblemKind.USAGE)
        if question.is_secret(text):
            _wipe(len(prompt) + len(text))
        return text.strip()


def note_wrapped(text: str) -> None:
    """Write a line for a person, broken at spaces where a terminal would break it anywhere."""
    if not current().stderr.isatty():
        output.note(text)
        return
    shown, indent = safe(LEAK_GUARD.redact(text)), len(text) - len(text.lstrip(" ·!×✓▸"))
    # A path or an option that is broken at a hyphen cannot be copied.
    broken = wrap(shown, _columns(), subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False)
    for line in broken or [""]:
        output.note(line)


def _columns() -> int:
    try:
        return max(40, os.get_terminal_size(current().stderr.fileno()).columns or 80)
    except (OSError, ValueError):
        return 80


def _wipe(cells: int) -> None:
    """Remove what was typed from the terminal: it may be a token."""
    stream = current().stderr
    stream.write("\x1b[1A\x1b[2K" * (1 + max(0, cells - 2) // _columns()))
    stream.flush()


class CommandLine:
    """The options, and the terminal for what they leave open."""

    def __init__(self, arguments: argparse.Namespace, terminal: Terminal | None) -> None:
        """Prepare.

        Args:
            arguments: The options.
            terminal: Asks a person; None if no one can be asked.

        """
        self._arguments = arguments
        self._terminal = terminal
        self._given: dict[Topic, str] = {}
        preset, url = arguments.preset, arguments.url
        if preset is not None or url is not None:
            self._given[Topic.GATEWAY] = url if preset is None else preset
        if preset is not None and url is not None:
            self._given[Topic.PLACE] = url
        if arguments.profile is not None:
            self._given[Topic.PROFILE] = arguments.profile
        if arguments.token_ref is not None:
            self._given[Topic.TOKEN] = arguments.token_ref
        if arguments.role:
            self._given[Topic.ROLES] = " ".join(arguments.role)
        if arguments.unchecked:
            self._given[Topic.UNREACHABLE] = UNCHECKED
        self._stored = ""
        self.said: list[str] = []
        """The sentences that were told, for the document."""

    @property
    def ask_hidden(self) -> Ask | None:
        """How to ask for text that must not be shown."""
        return ask_on_terminal if has_terminal() else None

    async def ask(self, question: Question) -> str:
        """Return the answer of an option, what `--yes` takes, or what a person types."""
        if not question.fault and (given := self._given.pop(question.topic, None)) is not None:
            return given
        if self._terminal is not None and not (self._arguments.yes and self._taken(question) is not None):
            return await self._terminal.ask(question)
        taken = self._taken(question) if self._arguments.yes and not question.fault else None
        if taken is None:
            raise _unanswered(question)
        return taken

    def _taken(self, question: Question) -> str | None:
        """Return what `--yes` takes; None if it takes nothing: a token's place is never taken unasked."""
        match question.topic:
            case Topic.TOKEN:
                return NONE if question.offered == NONE else None
            case Topic.UNREACHABLE:
                return None
            case Topic.WRITE:
                return "yes" if self._arguments.unchecked else question.offered
            case _:
                return question.offered or None

    async def tell(self, event: SetupEvent) -> None:
        """Show an event to a person."""
        if isinstance(event, Said):
            self.said.append(event.words)
        for line in event_lines(event, self._options):
            note_wrapped(line.text)

    async def store_token(self, draft: Draft, reference: Reference, sources: Sources) -> str:
        """Ask for the token without echo, or read it from stdin, and store it."""
        why_not = await store_token_of(draft, reference, sources)
        self._stored = self._stored if why_not else str(reference)
        return why_not

    @property
    def kept(self) -> str:
        """What an unfinished set-up leaves behind, as a clause after others; empty if nothing."""
        return f"; the token stays in {self._stored}, where the next init finds it" if self._stored else ""

    _options = ""

    def name_options(self, options: str) -> None:
        """Name the options with which other commands read the same config."""
        self._options = options


def _unanswered(question: Question) -> Problem:
    """Return why a question has no answer, and which option has one."""
    if question.fault:
        return Problem(f"{question.option}: {question.fault}", ProblemKind.USAGE)
    if question.topic is Topic.UNREACHABLE:
        words = "the gateway was not reached, and nothing was written; --unchecked writes the profile all the same"
        return Problem(words, ProblemKind.UNREACHABLE)
    offered = ", ".join(each.answer for each in question.choices)
    known = f" ({offered})" if offered else ""
    return Problem(f"{question.words}{known}: no one can be asked here; add {question.option}", ProblemKind.USAGE)
