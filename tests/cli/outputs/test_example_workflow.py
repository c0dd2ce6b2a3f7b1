"""The workflow in the documentation: its steps run as they are written, in a clone, against the embedded gateway."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.config import config_table, route, write_config
from support.reports import junit_cases, sarif_run

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "check-gateway.yml"
SIMULATED = {"base_url": "sim:", "token_ref": ["sim:"]}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of a repository with a config of two profiles and an empty baseline."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    routes = {"fallback": route("chat-compatible-route-placeholder", "chat_completions")}
    table = config_table(SIMULATED, routes, profile="current")
    table["profiles"] |= config_table(SIMULATED, routes, profile="next")["profiles"]
    write_config(origin / "gateway" / "config.toml", table)
    (origin / "gateway" / "baseline.json").write_text('{"schema": "gateway-console/baseline/v1", "accepted": []}\n')
    (origin / ".github" / "workflows").mkdir(parents=True)
    (origin / ".github" / "workflows" / "check-gateway.yml").write_bytes(EXAMPLE.read_bytes())
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for command in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m", "The gateway")):
        subprocess.run(("git", *command), cwd=origin, check=True)
    subprocess.run(("git", "clone", "--quiet", str(origin), str(clone)), cwd=tmp_path, check=True)
    return clone


def steps_of(job: str) -> list[str]:
    """Return the commands of a job, but for the one that installs the console."""
    steps = yaml.safe_load(EXAMPLE.read_text())["jobs"][job]["steps"]
    return [each["run"] for each in steps if "run" in each and "pip install" not in each["run"]]


@pytest.mark.long
@pytest.mark.parametrize("job", ["offline", "gateway"])
def test_a_job_runs_as_it_is_written_and_fails_if_something_turned_red(clone: Path, tmp_path: Path, job: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gateway-console").write_text(f'#!/bin/sh\nexec {sys.executable} -m console "$@"\n')
    (programs / "gateway-console").chmod(0o755)
    summary = tmp_path / "summary.md"

    def run(command: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8",
            "CONFIG": "gateway/config.toml", "BASELINE": "gateway/baseline.json", "REPORTS": str(clone / "reports"),
            "GITHUB_STEP_SUMMARY": str(summary), "MODEL_GATEWAY_TOKEN": "",
        }  # fmt: skip
        step = ["bash", "-e", "-c", command]
        return subprocess.run(step, cwd=clone, env=environment, capture_output=True, text=True, check=False)

    commands = steps_of(job)
    assert len(commands) == 3
    for command in commands:
        ended = run(command)
        assert ended.returncode == 0, (command, ended)
    reports = sorted((clone / "reports").iterdir())
    cases = {
        name: tag for each in reports if each.suffix == ".xml" for name, tag in junit_cases(each.read_text()).items()
    }
    assert cases
    assert {"failure", "error"}.isdisjoint(cases.values())
    assert "### gateway-console: " in summary.read_text()
    if job == "offline":
        return
    (sarif,) = [each for each in reports if each.suffix == ".sarif"]
    sarif_run(sarif.read_text())
    config = clone / "gateway" / "config.toml"
    head, new, rest = config.read_text().partition("[profiles.next.routes.fallback]")
    config.write_text(head + new + re.sub('model = ".*"', 'model = "no-such-model"', rest, count=1))
    ended = run(commands[1])
    assert (ended.returncode, "turned red" in ended.stdout) == (1, True), ended
    assert "failure" in junit_cases((clone / "reports" / "rehearsal.xml").read_text()).values()
