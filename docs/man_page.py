"""Make docs/man/gateway-console.1 of the parsers of the command line: `python docs/man_page.py`.

Verbs, kinds, options and examples are those of `--help`. Look at it with `man -l docs/man/gateway-console.1`.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from console import __version__
from console.cli.completion.tree import COMMON_NAMES, Command, Option, program, usage_of
from console.cli.examples import EXAMPLES
from console.cli.exit_code import MEANINGS

PATH = Path(__file__).parent / "man" / "gateway-console.1"
_PLACES = (
    (r"$XDG_CONFIG_HOME/gateway-console/config.toml", "the config; by default in ~/.config"),
    (r"$XDG_STATE_HOME/gateway-console/", "runs, records, artifacts and logs; by default in ~/.local/state"),
    (r"$XDG_DATA_HOME/gateway-console/", "the vault of tokens; by default in ~/.local/share"),
)
_VARIABLES = (
    ("NO_COLOR", "use the terminal's own colours"),
    ("TEXTUAL_THEME", "the theme of the screen, such as midnight or daylight"),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME", "where files are, see above"),
)


def text() -> str:
    """Return the man page."""
    top = program()
    return "\n".join(_wrapped(_lines(top))) + "\n"


def _wrapped(lines: Iterator[str]) -> Iterator[str]:
    """Yield each line in pieces that roff joins again, none of which begins like a command of roff."""
    for line in lines:
        if line.startswith("."):
            yield line
        else:
            first, *rest = textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False)
            yield first
            yield from (_plain_start(each) for each in rest)


def _lines(top: Command) -> Iterator[str]:
    yield '.\\" Made by docs/man_page.py of the parsers of the command line. Do not edit it.'
    yield f'.TH GATEWAY-CONSOLE 1 "" "gateway-console {__version__}"'
    yield ".SH NAME"
    yield r"gateway\-console \- operator console for coding-agent model gateways"
    yield ".SH SYNOPSIS"
    yield r".B gateway\-console"
    yield r"[\fIOPTION\fR]... [\fIVERB\fR] [\fIARGUMENT\fR]..."
    yield ".SH DESCRIPTION"
    yield "Checks what a model gateway really serves, and takes a coding agent's work through gates first."
    yield "Without a verb, it opens the screen, which sends nothing until you ask."
    yield ".SH OPTIONS"
    yield "They go before or after the verb. Tokens are never options."
    yield from (line for option in top.options for line in _option(option))
    yield ".SH VERBS"
    for command in list(top.walk())[1:]:
        yield f".SS {_plain(usage_of(command))}"
        yield _plain(command.help[:1].upper() + command.help[1:] + ".")
        own = [each for each in command.options if each.names[0] not in COMMON_NAMES]
        yield from (line for each in (*command.arguments, *own) if each.help for line in _option(each))
    yield ".SH EXIT STATUS"
    yield from (line for code, words in MEANINGS.items() for line in _entry(str(code.value), words))
    yield "If several apply, the most actionable one wins."
    yield ".SH FILES"
    yield from (line for place in _PLACES for line in _entry(*place))
    yield ".SH ENVIRONMENT"
    yield from (line for variable in _VARIABLES for line in _entry(*variable))
    yield ".SH EXAMPLES"
    for rows in EXAMPLES.values():
        for words, what in rows:
            yield from _entry(f"gateway-console {words}", what)


def _option(option: Option) -> Iterator[str]:
    names = ", ".join(option.names)
    tag = " ".join(filter(None, (names, option.placeholder)))
    closed = f" ({', '.join(option.choices)})" if option.choices and option.choices[0] not in option.help else ""
    yield from _entry(tag, option.help + closed)


def _entry(tag: str, words: str) -> Iterator[str]:
    yield ".TP"
    yield rf"\fB{_plain(tag)}\fR"
    yield _plain(words)


def _plain(text: str) -> str:
    """Return a text as roff reads it: no control line, no escape, and dashes that can be copied."""
    text = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return _plain_start(text)


def _plain_start(text: str) -> str:
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
