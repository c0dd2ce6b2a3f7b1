"""The steps of the drill: what the console is made to do while it holds the canary."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.run.gate import Gate
from console.services.git.command import has_git
from console.services.leak_drill.canary import (
    LEAKING_CONTEXT,
    LEAKING_TASK,
    REPOSITORY,
    TASK,
    VARIABLE,
    Canary,
    hostile_profiles,
)
from console.services.leak_drill.child import CONSOLE

WITH_CORE = ("/bin/sh", "-c", 'ulimit -c "$(ulimit -H -c)"; exec "$@"', "sh")
"""Runs a program with the largest core file limit that the system allows, so that only the console forbids it."""


_AT_URL = (
    "/bin/sh",
    "-c",
    'url=$(sed -n \'s/^base_url = "\\(.*\\)"/\\1/p\' "$HOME/.config/gateway-console/config.toml" | head -n 1);'
    ' exec "$@" --url "$url"',
    "sh",
)
"""Runs a program with the address of the first gateway in the config."""


class How(StrEnum):
    """How a step's child is run."""

    ON_PIPES = "on pipes"
    AT_TERMINAL = "at a terminal"
    UNTIL_CRASH = "until a crash"


@dataclass(frozen=True, slots=True)
class Step:
    """One child, and the outcome that the drill expects."""

    name: str
    arguments: tuple[str, ...]
    codes: frozenset[int] | None = None
    """The accepted exit codes; None accepts any code of its own."""
    given: bytes = field(default=b"", repr=False)
    """Its stdin."""
    how: How = How.ON_PIPES
    keys: tuple[tuple[str, bytes], ...] = ()
    """The keys to type at a terminal, each once the text before it is shown; if empty, all routes are smoked."""
    sends: bool = False
    """Whether it has to reach the gateway with the canary."""
    program: tuple[str, ...] = CONSOLE


def steps(canary: Canary) -> Sequence[Step]:
    """Return the steps, in their order."""
    ok, refused = frozenset({0}), frozenset({3})
    told = f'{{"error": {{"message": "Incorrect API key provided: {canary.value}.", "code": "invalid_api_key"}}}}'
    token = canary.value.encode()
    return (
        Step("routes", ("routes",)),
        Step("routes --json", ("routes", "--json")),
        *_calls("well"),
        *(step for name in hostile_profiles() for step in _calls(name)),
        *(step for name in ("well", *hostile_profiles()) for step in _watches(name)),
        Step("smoke, token from a file", ("--profile", "file", "smoke"), ok, sends=True),
        Step("explain", ("explain", "--status", "401", "-"), ok, told.encode()),
        Step("explain --json", ("explain", "--json", "--status", "401", "-"), ok, told.encode()),
        Step("refused config", ("--config", "refused.toml", "routes"), refused),
        Step("broken config", ("--config", "broken.toml", "routes"), refused),
        Step("init from a refused YAML", ("init", "--from", "refused.yaml", "--output", "-"), refused),
        Step("routes of a refused YAML", ("routes", "--from-yaml", "refused.yaml"), refused),
        Step("config show", ("config", "show"), ok),
        Step("config show --json", ("config", "show", "--json"), ok),
        Step("config validate, a token in a file", ("config", "validate", "refused.yaml"), refused),
        Step("token set, no ASCII", ("token", "set", "--profile", "vault"), frozenset({2}), b"\xff" + token),
        Step("token set", ("token", "set", "--profile", "vault"), ok, token),
        Step("token check", ("token", "check", "--profile", "vault", "--json"), ok),
        Step("token list", ("token", "list"), ok),
        Step("smoke, token from the vault", ("--profile", "vault", "smoke"), ok, sends=True),
        Step("token rotate, the same token", ("token", "rotate", "--profile", "vault"), frozenset({11}), token),
        Step("token remove", ("token", "remove", "--profile", "vault", "--yes"), ok),
        *(_run() if has_git(os.environ) else ()),
        *(step for name in ("well", *hostile_profiles()) for step in _bundles(name)),
        Step("verify mark", ("verify", "mark", "ci-secrets", "--note", "drill"), ok),
        Step("history", ("history", "--json"), ok),
        Step("history --plot", ("history", "--plot", "ttft"), ok),
        Step("doctor", ("doctor", "--json")),
        Step("agents", ("agents", "--json")),
        Step("agents --write", ("agents", "--write", "codex", "--yes"), ok),
        Step(
            "init",
            ("init", "--profile", "drilled", "--token-ref", f"env:{VARIABLE}", "--yes", "--unchecked"),
            sends=True,
            program=(*_AT_URL, *CONSOLE),
        ),
        *(
            Step(f"screen, {name}", ("--profile", name), ok, how=How.AT_TERMINAL, sends=True)
            for name in ("well", *hostile_profiles())
        ),
        Step(
            "screen, with Textual's log",
            (),
            ok,
            how=How.AT_TERMINAL,
            sends=True,
            program=("/usr/bin/env", "TEXTUAL_LOG=textual.log", *CONSOLE),
        ),
        Step(
            "crash",
            ("--profile", "stalled", "smoke"),
            frozenset({-signal.SIGABRT}),
            how=How.UNTIL_CRASH,
            sends=True,
            program=(*WITH_CORE, *CONSOLE),
        ),
    )


_KEYS = (("planner due", b"r"), ("1 runs", b"\r"), ("nothing was sent so far", b"\x1b"), ("1 runs", b"\x1b"))
"""Open the runs, and the dialog that shows what will be sent; close both."""


_SHOWN = ("task", "draft", "candidate")
"""The texts of a run that are written as they are."""

_FORMS = ("json", "yaml", "in-toto", "otel", "junit", "markdown", "html")
"""The forms of `record export`."""


def _export(form: str) -> Step:
    """Return the step that writes a record in a form, as a file and unsigned."""
    unsigned = ("--unsigned",) if form == "in-toto" else ()
    words = ("record", "export", "last", "--as", form, "--output", f"record.{form}", "--force", "--allow-simulated")
    return Step(f"record export --as {form}", (*words, *unsigned), frozenset({0}))


def _run() -> Sequence[Step]:
    """Return the steps of a gated run, from start to record."""
    ok, waits, blocked, named, start = (
        frozenset({0}),
        frozenset({7}),
        frozenset({8}),
        ("--profile", "run"),
        ("run", "start", "--repo", REPOSITORY, "--task-file"),
    )
    return (
        Step("run start --auto", (*named, *start, TASK, "--auto"), ok, sends=True),
        Step("run list --json", ("run", "list", "--json"), ok),
        Step("run show", ("run", "show", "last", *_reports("run")), ok),
        *(Step(f"run show --gate {gate}", ("run", "show", "last", "--gate", gate), ok) for gate in Gate),
        *(Step(f"run show --artifact {name}", ("run", "show", "last", "--artifact", name), ok) for name in _SHOWN),
        Step("run show --json", ("run", "show", "last", "--gate", Gate.WRITER, "--json"), ok),
        Step("run candidate", ("run", "candidate", "last", "--output", "candidate.patch"), ok),
        Step("run apply, to a file that the repository filters", ("run", "apply", "last"), blocked),
        Step("record show --json", ("record", "show", "last", "--json"), ok),
        Step("record show --summary", ("record", "show", "last", "--summary"), ok),
        Step("bundle --run", ("bundle", "--run", "last", "--output", "run-bundle.md"), ok),
        Step("record verify", ("record", "verify", "--all"), ok),
        *map(_export, _FORMS),
        Step("record evidence", ("record", "evidence", "last", "--to", "evidence.jsonl"), ok),
        Step("record checkpoint", ("record", "checkpoint", "last"), ok),
        Step("record verify --from", ("record", "verify", "--from", "evidence.jsonl"), ok),
        Step("record diff --all", ("record", "diff", "last", "last", "--all"), ok),
        Step("record list --json", ("record", "list", "--json"), ok),
        Step("run start, the token in a file", (*named, *start, TASK, "--context", LEAKING_CONTEXT), waits),
        Step("run decide", ("run", "decide", "last", "--gate", "instruction", "--verdict", "ready"), ok),
        Step("run step, the preflight", ("run", "step", "last"), ok, sends=True),
        Step("run step --preview", ("run", "step", "last", "--preview"), ok),
        Step("screen, the brief", named, ok, how=How.AT_TERMINAL, keys=_KEYS),
        Step("run step --send", ("run", "step", "last", "--send")),
        Step("run start, a token in the task", (*named, *start, LEAKING_TASK), frozenset({11})),
        Step("run start, a gateway that echoes", ("--profile", "hostile0", *start, TASK, "--auto"), sends=True),
        Step("bundle --run, a gateway that echoes", ("bundle", "--run", "last"), ok),
    )


def _calls(profile: str) -> Sequence[Step]:
    named = ("--profile", profile)
    known = ("--baseline", f"{profile}-baseline.json", "--update-baseline")
    return (
        Step(f"check --level 5, {profile}", (*named, "check", "--level", "5", *_reports(profile), *known), sends=True),
        Step(f"smoke, {profile}", (*named, "smoke", *_reports(f"{profile}-smoke")), sends=True),
    )


def _watches(profile: str) -> Sequence[Step]:
    """Return the steps that watch a profile, with its metrics as a file: lines of JSON have what the words have."""
    watch = ("--profile", profile, "watch", "--once", "--prometheus", f"{profile}.prom")
    as_json = Step(f"watch --json, {profile}", (*watch, "--json"), sends=True)
    return (as_json, Step(f"watch, {profile}", watch, sends=True)) if profile == "well" else (as_json,)


def _reports(name: str) -> tuple[str, ...]:
    """Return the options that write a report in every form."""
    return tuple(word for form in ("json", "xml", "sarif", "md", "html") for word in ("--output", f"{name}.{form}"))


def _bundles(profile: str) -> Sequence[Step]:
    """Return the steps that bundle calls of a profile, and one exchange as a scenario: JSON has what Markdown has."""
    bundle = ("--profile", profile, "bundle", "--smoke", "--route")
    markdown = Step(f"bundle, {profile} writer", (*bundle, "writer", "--output", f"{profile}-bundle.md"), sends=True)
    return (
        *((markdown,) if profile == "well" else ()),
        Step(f"bundle --json, {profile} planner", (*bundle, "planner", "--json"), sends=True),
        Step(f"bundle --scenario, {profile}", (*bundle, "planner", "--scenario"), sends=True),
    )
