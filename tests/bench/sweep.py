"""What a cold sweep costs, beside promptfoo's 50 calls: `python -m tests.bench.sweep [ROUNDS]`.

`gateway-console check --level 3` for a profile of 50 routes, `smoke --all-profiles` with nine profiles of six routes,
and `promptfoo eval` of 50 prompts, 50 at once, each from its start to its end in turns, against a server that holds
each answer for 100 ms. Wall time, because the waiting is what a sweep saves; the largest resident set; and CPU time.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .harness.loopback import loopback
from .harness.measuring import Cost, Row, cost_of, interleaved, missing, print_rows, rounds_of, row

COMMAND = str(Path(sys.executable).with_name("gateway-console"))
PROMPTFOO = Path(__file__).parent / "anchors/node_modules/.bin/promptfoo"
PROFILES, CALLS, ROUTES, HOLD_MS = 9, 50, 50, 100
ROLES = ("planner", "writer", "revision", "reviewer", "critic", "fallback")
_QUIET = {f"PROMPTFOO_DISABLE_{name}": "1" for name in ("TELEMETRY", "UPDATE", "SHARING", "DEBUG_LOG", "ERROR_LOG")}
"""Its log files end some runs with an error, after the evaluation is complete."""
_MEASURES: dict[str, tuple[Callable[[Cost], float], str]] = {
    "wall": (lambda cost: cost.wall_s, "s"),
    "memory": (lambda cost: cost.peak_mb, "MB"),
    "CPU": (lambda cost: cost.cpu_s, "s CPU"),
}
_SIDES = {"smoke": "", "check": "check -3, "}
"""What precedes the rows of each of ours."""


def _config(origin: str) -> str:
    lines = ["schema = 1", 'default_profile = "p0"']
    for number in range(PROFILES):
        lines += [f"[profiles.p{number}.gateway]", f'base_url = "{origin}"', "concurrency = 64"]
        for role in ROLES:
            lines += [f"[profiles.p{number}.routes.{role}]", 'model = "m"', 'endpoint_family = "chat_completions"']
            lines.append('endpoint_path = "/v1/chat/completions"')
    return "\n".join(lines) + "\n"


def _one_profile(origin: str) -> str:
    """Return a config of one profile: the roles' own routes, and named ones of the writer."""
    route = ['model = "m"', 'endpoint_family = "chat_completions"', 'endpoint_path = "/v1/chat/completions"']
    lines = [
        "schema = 1",
        'default_profile = "p"',
        "[profiles.p.gateway]",
        f'base_url = "{origin}"',
        "concurrency = 64",
    ]
    for role in ROLES:
        lines += [f"[profiles.p.routes.{role}]", *route]
    for number in range(ROUTES - len(ROLES)):
        lines += [f"[profiles.p.routes.writer.n{number}]", *route]
    return "\n".join(lines) + "\n"


def _evaluation(base_url: str) -> str:
    provider = {"id": "openai:chat:m", "config": {"apiBaseUrl": base_url, "apiKey": "none"}}
    tests = [{"vars": {"n": str(number)}} for number in range(CALLS)]
    return json.dumps({"prompts": ["Reply. {{n}}"], "providers": [provider], "tests": tests})


def measure(rounds: int) -> dict[str, Row]:
    """Return wall time, memory and CPU time of both."""
    if not PROMPTFOO.exists():
        why = "promptfoo is not installed: npm ci --ignore-scripts --prefix tests/bench/anchors"
        return {f"{prefix}{what}": missing(why, "promptfoo") for prefix in _SIDES.values() for what in _MEASURES}
    with tempfile.TemporaryDirectory() as name, loopback(1, HOLD_MS) as base_url:
        config, single = Path(name, "config.toml"), Path(name, "single.toml")
        evaluation = Path(name, "promptfooconfig.json")
        config.write_text(_config(base_url.removesuffix("/v1")), encoding="utf-8")
        single.write_text(_one_profile(base_url.removesuffix("/v1")), encoding="utf-8")
        evaluation.write_text(_evaluation(base_url), encoding="utf-8")
        environment = {**os.environ, "HOME": name, **_QUIET}
        checking = (COMMAND, "check", "--level", "3", "--config", str(single))
        smoking = (COMMAND, "smoke", "--all-profiles", "--config", str(config))
        quietly = ("--no-cache", "--no-table", "--no-progress-bar", "--no-write")
        theirs = (str(PROMPTFOO), "eval", "-c", str(evaluation), "-j", str(CALLS), *quietly)
        found = interleaved(
            rounds,
            {
                "check": lambda: cost_of(checking, environment),
                "smoke": lambda: cost_of(smoking, environment),
                "anchor": lambda: cost_of(theirs, environment),
            },
        )
    return {
        f"{prefix}{what}": row([part(each) for each in found[side]], [part(each) for each in found["anchor"]],
                               "promptfoo", unit)
        for side, prefix in _SIDES.items()
        for what, (part, unit) in _MEASURES.items()
    }  # fmt: skip


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))
