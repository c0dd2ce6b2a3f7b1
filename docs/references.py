"""Make the reference pages of the product's own tables: `python docs/references.py`.

docs/commands.md of the parsers and the examples, docs/keys.md of the actions, docs/errors.md of the error categories
and their rules, docs/findings.md of the findings and assertions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from console.app.actions import Place, actions_of, written
from console.cli.completion.tree import COMMON_NAMES, Command, Option, program, usage_of
from console.cli.examples import EXAMPLES
from console.cli.exit_code import MEANINGS, MOST_ACTIONABLE_FIRST
from console.domain.errors.category import Category, guidance
from console.domain.facts.load import load_facts
from console.domain.probes.assertion import assertions

FOLDER = Path(__file__).parent
_MADE = "<!-- Made by docs/references.py. Do not edit it. -->"
_SCREENS = {
    Place.AGENTS: "The pane of agents, while it has the focus",
}
_ROOMS = {
    "domain": "Verification",
    "domain/agent_settings": "Settings of coding agents",
    "domain/artifacts": "Drafts: patches, articles and plans",
    "domain/injection": "Drafts that address their reviewer",
    "domain/instructions": "Instruction sources",
    "domain/run": "Runs",
    "domain/sources": "Claims and their sources",
    "domain/workflows": "Workflows and tokens in reach",
    "domain/routes": "The route table",
    "services/checks": "The policy's own checks",
    "services/run": "Preflight and calls of a run",
    "services/run/preflight": "Preflight",
    "services/workflows": "Reading workflows",
}
_LADDER = ("offline", "connection", "catalogue", "key and path", "one streamed call", "one call in the role's shape")


def texts() -> dict[str, str]:
    """Return every page by its file's name."""
    pages = {"commands": _commands(), "keys": _keys(), "errors": _errors(), "findings": _findings()}
    return {f"{name}.md": "\n".join(lines) + "\n" for name, lines in pages.items()}


# --- Commands --------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    top = program()
    yield from ("# Commands", "", _MADE, "")
    yield "`gateway-console` alone opens the screen. `gateway-console VERB --help` shows what is on this page, and"
    yield "`man gateway-console` the whole of it. [Completion](completion.md) types most of it for you."
    yield from ("", "| verb | what it does |", "|---|---|")
    yield from (f"| [{each.name}](#{each.name}) | {_cell(each.help)} |" for each in top.kinds)
    yield from ("", "## Options of every verb", "", "They go before or after the verb. Tokens are never options.", "")
    yield from _options(top.options)
    for verb in top.kinds:
        yield from ("", f"## {verb.name}", "")
        yield f"{verb.help[:1].upper()}{verb.help[1:]}."
        for command in verb.walk():
            yield from _command(command)
        if not (examples := EXAMPLES.get(verb.name, ())):
            continue
        yield from (
            "",
            "<!-- not run: every example is parsed by a test, and the page of its task runs it -->",
            "```sh",
        )
        yield from (f"gateway-console {words}  # {what}" for words, what in examples)
        yield "```"
    yield from ("", "## Exit codes", "", "| code | meaning |", "|---|---|")
    yield from (f"| {code.value} | {words} |" for code, words in MEANINGS.items())
    order = ", ".join(str(code.value) for code in MOST_ACTIONABLE_FIRST)
    yield from ("", f"If several apply, the most actionable one wins: {order}.")


def _command(command: Command) -> Iterator[str]:
    if command.kinds:
        return
    if len(command.words) > 1:
        yield from ("", f"### {command.name}", "", f"{command.help[:1].upper()}{command.help[1:]}.")
    yield from ("", f"Usage: `gateway-console {usage_of(command)}`")
    own = [each for each in command.options if each.names[0] not in COMMON_NAMES]
    if rows := [*(each for each in command.arguments if each.help), *own]:
        yield ""
        yield from _options(rows)


def _options(options: Iterable[Option]) -> Iterator[str]:
    yield from ("| option | meaning |", "|---|---|")
    for each in options:
        tag = " ".join(filter(None, (", ".join(each.names), each.placeholder)))
        closed = f" ({', '.join(each.choices)})" if each.choices and each.choices[0] not in each.help else ""
        yield f"| `{_cell(tag)}` | {_cell(each.help)}{closed} |"


# --- Keys ------------------------------------------------------------------------------------------------------------


def _keys() -> Iterator[str]:
    yield from ("# Keys", "", _MADE, "")
    yield "`?` shows the keys of a screen, and `:` finds an action by its name. An action that is not possible now says"
    yield "why."
    for place in Place:
        title = _SCREENS.get(place, f"The {place.value} screen")
        yield from ("", f"## {title}", "", "| key | action | what it does |", "|---|---|---|")
        for action in actions_of(place):
            keys = " ".join(f"`{_cell(written(key))}`" for key in action.keys)
            yield f"| {keys} | {_cell(action.label)} | {_cell(action.help)} |"


# --- Errors ----------------------------------------------------------------------------------------------------------


def _errors() -> Iterator[str]:
    patterns = load_facts("error_patterns")
    reasons = defaultdict(list)
    for rule in patterns["rule"]:
        reasons[rule["category"]].append(rule)
    yield from ("# Errors", "", _MADE, "")
    yield "Every refusal of a gateway is read by its own words, before its status, and gets one of these categories."
    yield "`gateway-console explain --status N FILE` reads a body that you have, and `gateway-console explain CATEGORY`"
    yield "says what is said here. The console repeats nothing by itself."
    yield from ("", "| category | means | whose turn it is |", "|---|---|---|")
    yield from (
        f"| [{each.value}](#{each.value}) | {_cell(row.means)} | {row.blame.value} |"
        for each, row in guidance().items()
    )
    for category, row in guidance().items():
        yield from ("", f"## {category.value}", "", row.means, "")
        yield f"- **What to do:** {_cell(row.action)}"
        yield f"- **Whom to ask:** {row.ask}."
        yield f"- **In a run:** {_effect(category)}"
        yield f"- **Source:** <{row.source}>"
        if rules := reasons[category.value]:
            yield from ("", "It is read from an error that says that …", "", "| rule | … | source |", "|---|---|---|")
            for rule in rules:
                yield f"| {rule['id']} | {_cell(rule['reason'])} | <{patterns['sources'][rule['source']]}> |"


def _effect(category: Category) -> str:
    if category.stops_before_generation:
        return "it stops the run before anything is generated, is never retried, and never answered by another family."
    if category.passes_by_waiting:
        return "the same call may pass later; only you repeat it."
    return "the same call would end in the same way."


# --- Findings --------------------------------------------------------------------------------------------------------


def _findings() -> Iterator[str]:
    table = load_facts("findings")
    yield from ("# Findings", "", _MADE, "")
    yield "A finding has an id with one meaning. Those of routes, calls and answers are assertions, with a severity, a"
    yield "source and the rung of the ladder that judges them; `gateway-console check --list` prints them too."
    yield from (
        "",
        "## Calls and answers",
        "",
        "| id | rule | severity | judged at rung | source |",
        "|---|---|---|---|---|",
    )
    for row in assertions():
        source = f"<{row.source}>" if row.source.startswith("http") else f"`{row.source}`"
        rung = f"{row.level} {_LADDER[row.level]}"
        yield f"| {row.id} | {_cell(row.meaning)} | {row.severity} | {rung} | {source} |"
    by_title = defaultdict(list)
    for room, rows in table.items():
        if room != "retired":
            by_title[_ROOMS.get(room, room)] += rows.items()
    for title, rows in by_title.items():
        yield from ("", f"## {title}", "", "| id | meaning |", "|---|---|")
        yield from (f"| {name} | {_cell(meaning)} |" for name, meaning in rows)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    for name, page in texts().items():
        (FOLDER / name).write_text(page, encoding="utf-8")
