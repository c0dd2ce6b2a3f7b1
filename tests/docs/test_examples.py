"""The examples of team operations: what systemd and Compose would make of them."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.referees.not_tested import not_tested

from console.cli.parser import build_parser

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
UNIT = "gateway-console-worker@.service"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((EXAMPLES / "compose.yml").read_text(encoding="utf-8"))
    return read


def worker_of(command: list[str]) -> Any:
    """Return what the command line makes of a worker's command."""
    assert Path(command[0]).name == "gateway-console"
    return build_parser().parse_args(command[1:])


def test_no_container_runs_as_root_or_changes_its_image_or_is_reachable_from_outside(
    composed: dict[str, Any],
) -> None:
    for name, service in composed["services"].items():
        assert service["user"].startswith("${RUN_AS:?"), name
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.keys() & {"ports", "expose", "privileged", "cap_add", "devices", "env_file"}, name
        assert "host" not in (service.get("network_mode"), service.get("pid"), service.get("ipc")), name
    assert composed["services"]["db"]["network_mode"] == "none"
    assert "listen_addresses=" in composed["services"]["db"]["command"]


def test_each_secret_is_a_file_and_none_is_in_the_environment_or_a_command(composed: dict[str, Any]) -> None:
    assert all(set(each) == {"file"} for each in composed["secrets"].values())
    used = set()
    for service in composed["services"].values():
        used |= {each if isinstance(each, str) else each["source"] for each in service.get("secrets", ())}
        said = str([service.get("environment"), service.get("command")])
        assert not re.search(r"(?i)postgres_password'|pgpassword|token|postgresql://", said)
    assert used == set(composed["secrets"])
    tokens = [composed["services"][name]["secrets"][1]["source"] for name in ("worker-1", "worker-2")]
    assert len(set(tokens)) == 2, "each worker has a token of its own"


def test_all_that_a_service_names_is_declared_and_images_are_pinned(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        for kind in ("configs", "secrets"):
            for each in service.get(kind, ()):
                assert (each if isinstance(each, str) else each["source"]) in composed[kind]
        named = {each.partition(":")[0] for each in service.get("volumes", ()) if not each.startswith(".")}
        assert named <= composed["volumes"].keys()
        assert service.get("depends_on", {}).keys() <= composed["services"].keys()
    images = re.findall(r"(?m)(?:image: |FROM )(\S+)", (EXAMPLES / "compose.yml").read_text(encoding="utf-8"))
    assert [each for each in images if not re.search(r":\d+\.\d+(\.\d+)?-(slim-)?bookworm$", each)] == [
        "gateway-console-team:local"
    ]


def test_a_worker_is_left_longer_than_it_takes_to_drain_and_its_health_is_asked_where_it_is_told(
    composed: dict[str, Any],
) -> None:
    service = composed["services"]["worker-1"]
    worker = worker_of(service["command"])
    assert worker.drain < int(service["stop_grace_period"].removesuffix("s"))
    assert f"127.0.0.1:{worker.metrics}/health" in service["healthcheck"]["test"][3]
    unit = (EXAMPLES / UNIT).read_text(encoding="utf-8")
    (stop_s,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)s$", unit)
    (command,) = re.findall(r"(?m)^ExecStart=(.*)$", unit)
    assert worker_of(shlex.split(command.replace("%i", "1"))).drain < int(stop_s)


def test_what_sets_the_store_up_is_a_command_of_the_console(composed: dict[str, Any]) -> None:
    (script,) = (each for each in composed["services"]["migrate"]["command"] if "store" in each)
    for command in script.split(" && "):
        assert worker_of(shlex.split(command)).verb == "store"


@pytest.mark.long
def test_systemd_finds_nothing_to_say_about_the_worker_and_calls_it_well_confined(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        not_tested("the systemd unit", "systemd-analyze missing; apt-get install -y --no-install-recommends systemd")
    text = (EXAMPLES / UNIT).read_text(encoding="utf-8")
    unit = tmp_path / UNIT.replace("@", "@1")
    unit.write_text(text.replace("/usr/local/bin/gateway-console", "/bin/true"), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if "worker" in line]) == (0, [])
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout
