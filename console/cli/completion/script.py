"""The completion of a shell as a script: the tables of the whole command line, and what looks things up in them.

A script knows every verb, kind, option and closed list by itself. It asks this program for names only: of profiles,
routes and runs. No shell evaluates what it answers.
"""

from collections.abc import Iterator, Sequence
from importlib import resources

from console.cli.completion.tree import COMMON_NAMES, Command, Values, program

_COMMANDS = "        @COMMANDS@\n"
_VALUES = "        @VALUES@\n"


def script_for(shell: str) -> str:
    """Return the completion of bash, zsh or fish."""
    template = resources.files(__package__).joinpath(f"template.{shell}").read_text(encoding="utf-8")
    commands = list(program().walk())
    rows = "".join(_case([_quoted(each.name, shell)], _candidates(each, shell), shell) for each in commands)
    values = "".join(_values(commands, shell))
    return template.replace(_COMMANDS, rows).replace(_VALUES, values)


def _candidates(command: Command, shell: str) -> str:
    """Return what sets the words that may follow a command, and where the values of its arguments come from."""
    described = [(each.words[-1], each.help) for each in command.kinds]
    described += [(name, each.help) for each in command.options for name in each.names if name.startswith("--")]
    if shell == "bash":
        words = " ".join(word for word, _ in described)
    else:
        apart = "\t" if shell == "fish" else ":"
        words = " ".join(_quoted(f"{word}{apart}{' '.join(text.split())}", shell) for word, text in described)
    kinds = " ".join(each.values for each in command.arguments) or Values.ANY
    choices = " ".join(choice for each in command.arguments for choice in each.choices)
    return _set(shell, candidates=words, kinds=kinds, choices=choices)


def _values(commands: Sequence[Command], shell: str) -> Iterator[str]:
    """Yield what sets the values of every option that takes one."""
    found: dict[tuple[Values, tuple[str, ...]], dict[str, None]] = {}
    for command in commands:
        for option in command.options:
            if option.values is not Values.NOTHING:
                keys = found.setdefault((option.values, option.choices), {})
                for name in option.names:
                    is_common = option.names[0] in COMMON_NAMES
                    key = _quoted(f" {name}" if is_common else f"{command.name} {name}", shell)
                    keys[_any_before(key, shell) if is_common else key] = None
    for (kind, choices), keys in found.items():
        yield _case(list(keys), _set(shell, kinds=kind, choices=" ".join(choices)), shell)


def _any_before(quoted: str, shell: str) -> str:
    return f"{quoted[0]}*{quoted[1:]}" if shell == "fish" else f"*{quoted}"


def _set(shell: str, **values: str) -> str:
    if shell == "fish":
        return "; ".join(f"set -g __gateway_console_{name} {value}" for name, value in values.items())
    return " ".join(f"{name}=({value})" for name, value in values.items())


def _quoted(text: str, shell: str) -> str:
    if shell == "fish":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "'\\''") + "'"


def _case(patterns: Sequence[str], body: str, shell: str) -> str:
    if shell == "fish":
        return f"        case {' '.join(patterns)}\n            {body}\n"
    return f"        {'|'.join(patterns)}) {body} ;;\n"
