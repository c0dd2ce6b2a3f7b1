"""A gated run against a real model server with real weights: a small model keeps no contract, and that is said."""

import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.config import config_table, route, write_config
from support.referees.agent_clients import program_of
from support.referees.check_command import TOKEN_VARIABLE
from support.referees.console_command import PATIENT, run_console
from support.referees.forwarder import Forwarder
from support.referees.llama_process import MODEL
from support.referees.llama_server import LlamaServer

pytestmark = pytest.mark.referee

FAMILIES = {
    "planner": "chat_completions",
    "writer": "responses",
    "revision": "responses",
    "reviewer": "anthropic_messages",
    "critic": "anthropic_messages",
}
TASK = "Write the word hello into hello.txt\n"


@dataclass(frozen=True, slots=True)
class RunCommand:
    """`gateway-console run` as an operator types it, on one repository and one gateway."""

    home: Path
    token: str
    path: str = os.environ["PATH"]

    async def __call__(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        code, stdout, stderr = await run_console(
            self.home,
            *("--json", "--config", str(self.home / "config.toml"), "run", *arguments),
            environment={"PATH": self.path, TOKEN_VARIABLE: self.token},
        )
        assert "Traceback" not in stderr
        return code, json.loads(stdout or "{}"), stderr


@pytest.fixture
def command(tmp_path: Path, llama: Forwarder, llama_server: LlamaServer) -> RunCommand:
    """Prepare a repository, a task and a profile in which one small model does everything."""
    routes = {role: route(MODEL, family) for role, family in FAMILIES.items()}
    gateway = {"base_url": llama.base_url, "token_ref": [f"env:{TOKEN_VARIABLE}"], **PATIENT}
    policy = {"independence": 0, "run_max_output_tokens": 256, "max_attempts": 3}
    write_config(tmp_path / "config.toml", config_table(gateway, routes, policy=policy))
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "AGENTS.md").write_text("Be brief.\n", encoding="utf-8")
    (tmp_path / "task.txt").write_text(TASK, encoding="utf-8")
    git = ("git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@localhost")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run([*git, *arguments], check=True)
    return RunCommand(tmp_path, llama_server.key)


async def planned_run(command: RunCommand, llama: Forwarder, *how: str) -> tuple[str, int]:
    """Begin a run and take it past its plan, over the verdict that a small model's plan gets.

    Returns:
        Its id, and how many requests there were before its first call.

    """
    code, begun, _ = await command("start", "--task-file", "task.txt", "--repo", "repository", *how)
    assert (code, begun["gate"], begun["instruction_source"]) == (7, "instruction", "AGENTS.md")
    run_id = begun["run_id"]
    await command("decide", run_id, "--gate", "instruction", "--verdict", "ready")
    code, ready, _ = await command("step", run_id)
    assert (code, ready["gate"]) == (0, "planner")
    before = len(llama.requests)

    code, shown, _ = await command("step", run_id)
    assert (code, shown["schema"]) == (7, "gateway-console/run-preview/v1")
    assert not [request for request in llama.requests[before:] if request.method == "POST"]

    _, planned, _ = await command("step", run_id, "--send")
    for way in (("resume", run_id, "--repeat"), None, ("resume", run_id, "--repeat")):
        if planned["gates"][-1]["artifact_sha256"] is not None:
            break
        assert planned["calls"][-1]["category"] == "contract_violation"
        if way is not None:
            _, planned, _ = await command(*way)
        else:
            await command("decide", run_id, "--gate", "planner", "--verdict", "revise", "--reason", "nothing usable")
            _, planned, _ = await command("step", run_id)
    computed = planned["gates"][-1]
    assert computed["computed"] == "revise"  # it names no instruction source of ours
    assert "INSTR-01" in {finding["id"] for finding in computed["findings"]}
    reason = ("--reason", "to see what the writer does")
    code, _, complaint = await command("decide", run_id, "--gate", "planner", "--verdict", "ready", *reason)
    assert code == 0, complaint
    return str(run_id), before


@pytest.mark.timeout(900)
async def test_a_small_model_goes_through_planner_and_writer_and_the_verdict_is_honest(
    command: RunCommand, llama: Forwarder
) -> None:
    run_id, before = await planned_run(command, llama)
    code, written, _ = await command("step", run_id)
    assert (code, written["gate"], written["phase"]) == (7, "writer", "waiting")
    assert written["gates"][-1]["computed"] == "revise"
    code, ended, _ = await command(
        "decide", run_id, "--gate", "writer", "--verdict", "block", "--reason", "no patch in it"
    )

    assert (code, ended["status"], ended["review_status"]) == (8, "blocked", "block")
    assert {call["role"] for call in ended["calls"]} == {"planner", "writer"}
    assert {call["outcome"] for call in ended["calls"]} <= {"answered", "failed"}
    assert {call["category"] for call in ended["calls"]} <= {None, "contract_violation"}
    generated = [request for request in llama.requests[before:] if request.method == "POST"]
    assert len(generated) == len(ended["calls"])
    assert TASK.strip() not in json.dumps(ended)


@pytest.mark.timeout(900)
async def test_a_real_agent_is_carried_to_a_real_model_and_what_came_of_it_is_recorded(
    command: RunCommand, llama: Forwarder
) -> None:
    """The model's context is too small for Codex: it says so, the agent hears it, and a person decides."""
    command = replace(command, path=f"{program_of('codex').parent}:{command.path}")
    run_id, before = await planned_run(command, llama, "--writer", "codex")
    planned = len([each for each in llama.requests[before:] if each.method == "POST"])
    code, written, told = await command("step", run_id)
    assert (code, written["gate"], written["phase"]) == (7, "writer", "waiting"), told
    writers = [each for each in written["calls"] if each["role"] == "writer"]
    assert len(writers) >= 1
    assert {each["outcome"] for each in writers} == {"failed"}
    assert {each["endpoint_family"] for each in writers} == {"responses"}
    sent = [each for each in llama.requests[before:] if each.method == "POST"][planned:]
    assert len(sent) == len(writers)
    assert written["gates"][-1]["computed"] == "revise"
    left = [path for path in command.home.rglob("*") if path.is_file() and command.token.encode() in path.read_bytes()]
    assert left == []
