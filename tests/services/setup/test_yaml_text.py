"""YAML as a config: the published blocks give a config that means the same, and what is wrong is said by line."""

import stat
import tomllib
from pathlib import Path

import pytest

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.services.config.load import load_profile
from console.services.config.toml_text import ConfigError
from console.services.setup.from_yaml import config_from_yaml

BLOCKS = Path(__file__).parents[2] / "data" / "yaml_configs"
ROUTES = (BLOCKS / "routes.yaml").read_text(encoding="utf-8")
KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])
WRITER = "routes:\n  writer: {model: m, endpoint_family: responses, endpoint_path: /v1/responses}\n"


def blocks(*names: str, between: str = "") -> str:
    return between.join((BLOCKS / f"{name}.yaml").read_text(encoding="utf-8") for name in names)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "article.yaml"


def complaint(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config_from_yaml(file, "main")
    return str(caught.value).replace(str(file), "F")


@pytest.mark.parametrize("between", ["", "---\n", "...\n---\n"])
def test_the_published_blocks_become_a_config_that_reads_the_same(file: Path, between: str) -> None:
    file.write_text(blocks("routes", "instructions", "references", between=between), encoding="utf-8")
    found = config_from_yaml(file, "team")
    own = file.with_name("config.toml")
    own.write_text(found.toml, encoding="utf-8")
    read = load_profile(own)
    assert read.name == found.profile.name == "team"
    assert [(each.role, each.model, each.endpoint_family) for each in read.table] == [
        (Role.WRITER, "gpt-route-placeholder", EndpointFamily.RESPONSES),
        (Role.REVIEWER, "gpt-review-route-placeholder", EndpointFamily.RESPONSES),
        (Role.CRITIC, "claude-critic-route-placeholder", EndpointFamily.ANTHROPIC_MESSAGES),
        (Role.FALLBACK, "chat-compatible-route-placeholder", EndpointFamily.CHAT_COMPLETIONS),
    ]
    assert (read.gateway, read.policy, read.instructions) == (
        found.profile.gateway,
        found.profile.policy,
        found.profile.instructions,
    )
    assert read.gateway.base_url_ref == "env:MODEL_GATEWAY_BASE_URL"
    assert list(map(str, read.gateway.token_ref)) == ["env:MODEL_GATEWAY_TOKEN"]
    assert (read.instructions.source, read.instructions.stop_on_conflict) == ("AGENTS.md", True)
    assert tomllib.loads(found.toml)["profiles"]["team"]["policy"] == {
        "publisher_token_available_to_writer": False,
        "cloudflare_token_available_to_writer": False,
        "ci_token_permissions": "least-privilege for the job",
    }


def test_each_key_that_is_not_a_setting_is_named_in_the_notes_and_in_the_config(file: Path) -> None:
    file.write_text(ROUTES + blocks("run_record", "instructions"), encoding="utf-8")
    found = config_from_yaml(file, "main")
    own = ["instruction_scope", "agent_must_report_instruction_source"]
    keys = [line.partition(":")[0] for line in blocks("run_record").splitlines() if not line.startswith(" ")] + own
    named = {note.key: note for note in found.notes if "not a setting" in note.words}
    assert sorted(named) == sorted(set(keys) - {"instruction_source"})
    assert named["run_id"].line == ROUTES.count("\n") + 1
    assert all(f"# Note: {note}\n" in found.toml for note in found.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("routs:\n  writer: {}\n", "F, line 1: routs: unknown key; did you mean routes?"),
        ("\nroutes:\n  writer:\n    modle: m\n", "F, line 4: routes.writer.modle: unknown key; did you mean model?"),
        (WRITER.replace("writer", "wrtier"), "F, line 2: routes.wrtier: unknown role; did you mean writer?"),
        (
            WRITER.replace("responses,", "respones,"),
            "F, line 2: routes.writer.endpoint_family: unknown endpoint family;",
        ),
        (WRITER + "agent_must_stop_on_conflict: maybe\n", "line 3: agent_must_stop_on_conflict: must be true or false"),
        (
            WRITER + "agent_must_report_instruction_source: false\n",
            "line 3: agent_must_report_instruction_source: must be",
        ),
        (WRITER + "instruction_scope: directory\n", "line 3: instruction_scope: must be repository"),
        (
            WRITER + "model_gateway_base_url_ref: https://a.example\n",
            "line 3: model_gateway_base_url_ref: must be env:NAME",
        ),
        (WRITER + "routes: x\n", "F, line 3: routes: is also in line 1"),
        (WRITER + WRITER, "F, line 3: routes: is also in line 1"),
        (WRITER + "run_id: a\nrun_id: b\n", "F, line 4: run_id: is also in line 3"),
        (WRITER + "<<: {}\n", "F, line 3: a key is not a plain word"),
        ("instruction_source: AGENTS.md\n", "F: names no routes; a config needs at least one"),
        ("routes: [a]\n", "F, line 1: routes: must be a table"),
        ("routes:\nwriter:\nmodel: a\nreviewer:\nmodel: b\n", "the lines of the roles lost their indentation"),
        ("routes: {a: [\n", "F: is not YAML, see line"),
        ("just a sentence\n", "F: is not a mapping"),
        ("a: 1\n---\n" * 21, "F: has more than 20 documents"),
        (WRITER.replace("model: m", "model: null"), "F, line 2: routes.writer.model: is empty"),
        ("a: " + "[" * 100 + "]" * 100, "F: is nested deeper than 64"),
        (
            "a: &a [1, 2, 3]\n"
            + "".join(f"b{n}: &b{n} [{', '.join(['*' + (f'b{n - 1}' if n else 'a')] * 9)}]\n" for n in range(9)),
            "aliases counted in full",
        ),
        ("a: " + "x" * 2_000, "F, line 1: the line is longer than 1000 characters"),
        ("a: !!python/object/apply:os.system [ls]\n", "F, line 1: a: unknown key"),
    ],
)
def test_what_is_wrong_is_said_by_the_yamls_own_key_and_line(file: Path, text: str, words: str) -> None:
    assert words in complaint(file, text)


def test_all_faults_are_told_at_once(file: Path) -> None:
    found = complaint(file, "mystery: 1\n" + WRITER.replace("responses,", "respones,"))
    assert [line.partition(": ")[0] for line in found.splitlines()] == ["F, line 1", "F, line 3"]


@pytest.mark.parametrize(
    "text",
    [
        WRITER + f"model_gateway_token_ref: {KEY}\n",
        WRITER + f"run_id: {KEY}\n",
        WRITER + f"{KEY}: 1\n",
        WRITER.replace("model: m", f"model: {KEY}"),
    ],
)
def test_a_secret_is_refused_by_its_line_and_never_repeated(file: Path, text: str) -> None:
    found = complaint(file, text)
    assert "looks like" in found
    assert KEY not in found


def test_a_file_that_others_can_write_names_no_token(file: Path) -> None:
    file.write_text(WRITER, encoding="utf-8")
    file.chmod(0o666)
    with pytest.raises(ConfigError, match="others can write this file"):
        config_from_yaml(file, "main")
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert config_from_yaml(file, "main").profile.table
