#!/usr/bin/env python3
"""Record what coding agents send first, and write it as facts without any of its content.

Each agent runs headless in a home of its own, against a server on loopback that notes each request and refuses it, with
a key that is worth nothing anywhere. Of a request only the shape is kept: keys, names, enum values, numbers, and the
length of each text; ids become `<id>`.

    npm ci --ignore-scripts --prefix .ci/agents
    python scripts/record_agent_shapes.py --bin .ci/agents/node_modules/.bin --bin OTHER

An agent that is not installed is named and left as it is. Claude Code and Copilot are not free software: the script
records them where you have installed them yourself, as `claude` and `copilot` on the PATH or under `--bin`.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent.parent / "console/domain/facts/agent_shapes"
PROMPT = "Reply with OK."
KEY = "worth-nothing-anywhere"
UNKNOWN_MODEL = "team-coder"
"""A model id that no agent knows: what a gateway's alias looks like to it."""
DEADLINE_S = 120

_REFUSAL = b'{"type":"error","error":{"type":"invalid_request_error","message":"recorded","param":null,"code":null}}'
_TRANSPORT = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
    | {"authorization", "x-api-key"}
)
"""The headers that the console sends as its own, or that belong to the connection."""
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![A-Za-z0-9])[0-9a-f]{16,64}(?![A-Za-z0-9])"
    r"|(?<=_)(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,64}(?![A-Za-z0-9])"
)
_NAME = re.compile(r"[A-Za-z0-9<$*][A-Za-z0-9_.:@+*/#<>=;, $-]{0,255}")
_WORD = re.compile(r"[A-Za-z0-9<$][A-Za-z0-9_.:@+*/#<>$-]{0,127}")
_TEXT_KEYS = frozenset({"text", "content", "description", "instructions", "title"})
"""The keys whose values are prose, however short."""
_LIMIT_KEYS = ("max_tokens", "max_output_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Setting:
    """How an agent is told where to call, for one of the shapes that it has."""

    family: str
    provider: str = ""
    """The kind of provider that the agent's own config names; empty if it has one kind."""
    model: str = UNKNOWN_MODEL
    models: tuple[str, ...] = ()
    """How the ids begin of which the agent sends this; empty means every other id."""


@dataclass(frozen=True)
class Agent:
    """An agent's program, and how it is started."""

    id: str
    name: str
    program: tuple[str, ...]
    """Patterns of the file's name, the first that is found counts: npm's own `opencode` starts nothing before a script
    of the package has run, so its build for this platform comes first, and not the one for older processors."""
    source: str
    """Where the version that was run comes from; `{version}` stands for it."""
    settings: tuple[Setting, ...]
    prepare: Callable[[Path, str, Setting], tuple[list[str], dict[str, str]]]
    """Writes the config into a home and returns the arguments and the environment."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Rows that no recording shows, such as which beta allows which field."""


def _codex(home: Path, url: str, setting: Setting) -> tuple[list[str], dict[str, str]]:
    (home / "config.toml").write_text(
        f'model = "{setting.model}"\nmodel_provider = "gw"\napproval_policy = "never"\n'
        'sandbox_mode = "workspace-write"\n[model_providers.gw]\nname = "gw"\n'
        f'base_url = "{url}/v1"\nenv_key = "GW_TOKEN"\nwire_api = "responses"\n'
    )
    return ["exec", "--skip-git-repo-check", PROMPT], {"CODEX_HOME": str(home), "GW_TOKEN": KEY}


def _opencode(home: Path, url: str, setting: Setting) -> tuple[list[str], dict[str, str]]:
    provider = {
        "npm": setting.provider,
        "name": "gw",
        "options": {"baseURL": f"{url}/v1", "apiKey": KEY},
        "models": {setting.model: {"name": setting.model}},
    }
    config = {
        "autoupdate": False,
        "share": "disabled",
        "model": f"gw/{setting.model}",
        "small_model": f"gw/{setting.model}",
        "provider": {"gw": provider},
    }
    (home / "opencode.json").write_text(json.dumps(config))
    switches = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    return ["run", PROMPT], {
        "OPENCODE_CONFIG": str(home / "opencode.json"),
        **{f"OPENCODE_DISABLE_{switch}": "1" for switch in switches},
    }


def _claude_code(home: Path, url: str, setting: Setting) -> tuple[list[str], dict[str, str]]:
    return ["-p", PROMPT, "--output-format", "json", "--model", setting.model], {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def _copilot(home: Path, url: str, setting: Setting) -> tuple[list[str], dict[str, str]]:
    kind, _, wire = setting.provider.partition("/")
    return ["-p", PROMPT, "--allow-all-tools"], {
        "COPILOT_PROVIDER_BASE_URL": url if kind == "anthropic" else f"{url}/v1",
        "COPILOT_PROVIDER_TYPE": kind,
        "COPILOT_PROVIDER_API_KEY": KEY,
        **({"COPILOT_PROVIDER_WIRE_API": wire} if wire else {}),
        "COPILOT_MODEL": setting.model,
        "COPILOT_OFFLINE": "true",
    }


_RESPONSES, _MESSAGES, _CHAT = "responses", "anthropic_messages", "chat_completions"
AGENTS = (
    Agent(
        "codex",
        "Codex",
        ("codex",),
        "https://www.npmjs.com/package/@openai/codex/v/{version}",
        (
            Setting(_RESPONSES, model="gpt-6-sol", models=("gpt-6",)),
            Setting(_RESPONSES, model="gpt-5.6-sol", models=("gpt-5.6-sol", "gpt-5.6-terra")),
            Setting(_RESPONSES, model="gpt-5.6-luna", models=("gpt-5.6-luna",)),
            Setting(_RESPONSES, model="gpt-5.5", models=("gpt-5.5",)),
            Setting(_RESPONSES),
        ),
        _codex,
    ),
    Agent(
        "claude-code",
        "Claude Code",
        ("claude",),
        "https://www.npmjs.com/package/@anthropic-ai/claude-code/v/{version}",
        (Setting(_MESSAGES, model="claude-team-coder"),),
        _claude_code,
        {
            "before": ("HEAD /api/hello", "GET /v1/models?limit=1000", "POST /v1/messages/count_tokens"),
            "betas": {
                "context_management": "context-management-2025-06-27",
                "defer_loading": "advanced-tool-use-2025-11-20",
                "output_config": "effort-2025-11-24",
                "thinking": "interleaved-thinking-2025-05-14",
            },
        },
    ),
    Agent(
        "copilot",
        "Copilot CLI",
        ("copilot",),
        "https://www.npmjs.com/package/@github/copilot/v/{version}",
        (
            Setting(_RESPONSES, provider="openai/responses"),
            Setting(_CHAT, provider="openai/completions"),
            Setting(_MESSAGES, provider="anthropic"),
        ),
        _copilot,
    ),
    Agent(
        "opencode",
        "OpenCode",
        ("../opencode-*[!e]/bin/opencode", "opencode"),
        "https://www.npmjs.com/package/opencode-ai/v/{version}",
        (
            Setting(_RESPONSES, provider="@ai-sdk/openai"),
            Setting(_MESSAGES, provider="@ai-sdk/anthropic"),
            Setting(_CHAT, provider="@ai-sdk/openai-compatible"),
        ),
        _opencode,
    ),
)


@contextmanager
def recording() -> Iterator[tuple[str, list[Recorded]]]:
    """Serve on loopback, note each request and refuse it, while the block runs."""
    noted: list[Recorded] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _note(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            names = {name.lower(): value for name, value in self.headers.items()}
            noted.append(Recorded(self.command, self.path, names, body))
            self.send_response(400 if self.command == "POST" else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(_REFUSAL)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(_REFUSAL)

        do_GET = do_HEAD = do_POST = _note  # noqa: N815  # the names are the library's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", noted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def record(agent: Agent, program: Path, setting: Setting) -> list[Recorded]:
    """Run an agent once and return what it sent."""
    with tempfile.TemporaryDirectory() as directory, recording() as (url, noted):
        home, work = Path(directory) / "home", Path(directory) / "work"
        home.mkdir()
        work.mkdir()
        arguments, environment = agent.prepare(home, url, setting)
        subprocess.run(  # noqa: S603  # the program that the operator named
            [program, *arguments],
            cwd=work,
            env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=DEADLINE_S,
            check=False,
        )
        return list(noted)


def without_content(value: object, key: str = "") -> object:
    """Return a JSON value in which each text is replaced by its length; names, enum values and numbers stay."""
    match value:
        case dict():
            return {name: without_content(each, name) for name, each in value.items()}
        case list():
            return [without_content(each, key) for each in value]
        case str():
            return _without_content(value, key)
    return value


def _without_content(text: str, key: str) -> str:
    if text.strip('"\n ') == PROMPT:
        return "<prompt>"
    if key == "model":
        return "<model>"
    if key == "definition":
        return f"<grammar of {len(text)} characters>"
    if key in ("enum", "pattern", "const", "required", "$schema"):
        return text  # names of arguments and their values, which no prompt is
    named = _ID.sub("<id>", text)
    is_name = key not in _TEXT_KEYS and _WORD.fullmatch(named) is not None
    return named if is_name or not text else f"<{len(text)} characters>"


def _header(value: str) -> str:
    named = _ID.sub("<id>", value)
    return named if _NAME.fullmatch(named) is not None else f"<{len(value)} characters>"


def _main_call(noted: list[Recorded]) -> Recorded:
    """Return the call with the agent's tools: agents make smaller ones beside it, as for a title."""
    return max((each for each in noted if each.method == "POST"), key=lambda each: len(each.body))


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _body_text(body: Mapping[str, object]) -> str:
    """Return a body as JSON with a line for each key, and for each member of a list."""
    lines = []
    for name, value in body.items():
        if isinstance(value, list) and value:
            members = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in value)
            lines.append(f" {_string(name)}: [\n{members}\n ]")
        else:
            lines.append(f" {_string(name)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def shape_rows(setting: Setting, noted: list[Recorded]) -> str:
    """Return one shape as rows of TOML."""
    call = _main_call(noted)
    path, _, query = call.path.partition("?")
    body = without_content(json.loads(call.body))
    if not isinstance(body, dict):
        raise TypeError("the call's body is not an object")
    limit = next((key for key in _LIMIT_KEYS if key in body), "")
    headers = "".join(
        f"{_string(name)} = {_string(_header(value))}\n"
        for name, value in sorted(call.headers.items())
        if name not in _TRANSPORT
    )
    return (
        "[[shape]]\n"
        f'family = "{setting.family}"\n'
        f'provider = "{setting.provider}"\n'
        f"models = {json.dumps(list(setting.models))}\n"
        f'path = "{path}"\n'
        f'query = "{query}"\n'
        f'limit_key = "{limit}"\n'
        f"size_bytes = {len(call.body)}\n"
        f"body = '''\n{_body_text(body)}\n'''\n"
        f"[shape.headers]\n{headers}"
    )


def facts(agent: Agent, version: str, day: str, recordings: list[tuple[Setting, list[Recorded]]]) -> str:
    """Return the file of an agent's facts."""
    before = list(agent.extra.get("before", ()))
    for _, noted in recordings:
        main = _main_call(noted)
        for each in noted:
            said = f"{each.method} {each.path}"
            is_beside = each.path.partition("?")[0] == main.path.partition("?")[0]  # such as a call for a title
            if not is_beside and said not in before:
                before.append(said)
    rows = [
        f"# What {agent.name} sends first, without its content: written by scripts/record_agent_shapes.py.\n"
        "#\n"
        "# before    the requests that it may make before its first call\n"
        "# not_known what was not recorded, so that something else stands for it; empty if everything was\n"
        "# models    how a model's id begins, after a provider's name, of which the agent sends this shape; the shape\n"
        "#           without any is sent for all other ids\n"
        "# query     what the agent adds to the path\n"
        "# limit_key the field of the body that limits the answer; empty if the agent sets no limit\n"
        "# body      `<N characters>` stands for a text of that length, `<id>` for an id, `<model>` and `<prompt>`\n"
        "#           for what a probe puts there\n"
        f'\nagent = "{agent.id}"\nname = "{agent.name}"\nversion = "{version}"\nrecorded_on = {day}\n'
        f'source = "{agent.source.format(version=version)}"\nbefore = {json.dumps(before)}\n'
        'not_known = ""\n'
    ]
    betas = agent.extra.get("betas", {})
    if betas:
        rows.append("\n[betas]\n" + "".join(f'{key} = "{value}"\n' for key, value in betas.items()))
    rows += [f"\n{shape_rows(setting, noted)}" for setting, noted in recordings]
    return "".join(rows)


def _found(agent: Agent, folders: list[Path]) -> Path | None:
    places = [*folders, *(Path(each) for each in os.environ["PATH"].split(os.pathsep) if each)]
    found = (
        each for name in agent.program for folder in places if folder.is_dir() for each in sorted(folder.glob(name))
    )
    return next((each.resolve() for each in found if each.is_file() and os.access(each, os.X_OK)), None)


def _version(program: Path) -> str:
    with tempfile.TemporaryDirectory() as home:
        said = subprocess.run(  # noqa: S603  # the program that the operator named
            [program, "--version"],
            env={"PATH": os.environ["PATH"], "HOME": home},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
        )
    match = re.search(r"\d+\.\d+\.\d+", said.stdout)
    if match is None:
        raise ValueError(f"{program} names no version")
    return match.group()


def main() -> int:
    """Record every agent that is installed and write its facts."""
    parser = argparse.ArgumentParser(description="Record what coding agents send first.")
    parser.add_argument("--bin", type=Path, action="append", default=[], help="a folder of programs; may be repeated")
    parser.add_argument("--agent", action="append", choices=[agent.id for agent in AGENTS], help="only this one")
    parser.add_argument("--to", type=Path, default=FACTS, help="the folder of the facts")
    arguments = parser.parse_args()
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    for agent in AGENTS:
        if arguments.agent and agent.id not in arguments.agent:
            continue
        program = _found(agent, arguments.bin)
        if program is None:
            sys.stderr.write(f"{agent.name}: not installed, so its facts stay as they are\n")
            continue
        version = _version(program)
        recordings = [(setting, record(agent, program, setting)) for setting in agent.settings]
        silent = [setting for setting, noted in recordings if not any(each.method == "POST" for each in noted)]
        if silent:
            sys.stderr.write(f"{agent.name} {version}: sent nothing for {silent}, so its facts stay as they are\n")
            return 1
        path = arguments.to / f"{agent.id.replace('-', '_')}.toml"
        path.write_text(facts(agent, version, day, recordings), encoding="utf-8")
        sys.stderr.write(f"{agent.name} {version}: {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
