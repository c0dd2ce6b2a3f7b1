"""`agents` as an operator uses it: what it shows, what it writes, and that every byte comes back."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from support.agent_settings.golden import GATEWAY, KEY
from support.cli.console_process import Console
from support.config import config_table, route, write_config

OWN = (
    "# Mine.\n"
    'model = "gpt-6-sol" # keep\n'
    'model_provider = "acme"\n\n'
    "[model_providers.acme]\n"
    'name = "acme"\n'
    f'base_url = "{GATEWAY}/v1"\n'
    'env_key = "ACME_TOKEN"\n\n'
    '[projects."/a.b"]\n'
    'trust_level = "trusted" # [model_providers.gateway-console]\n'
)


@pytest.fixture
def agents(console: Console) -> Console:
    routes = {"writer": route("gpt-6-sol"), "critic": route("claude-sonnet-5", "anthropic_messages")}
    table = config_table({"base_url": GATEWAY, "token_ref": ["env:ACME_TOKEN"]}, routes)
    write_config(console.home / ".config" / "gateway-console" / "config.toml", table)
    return console


def put(home: Path, name: str, text: str, mode: int = 0o600) -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


async def test_what_is_written_is_shown_first_and_comes_back_byte_for_byte(agents: Console) -> None:
    path = put(agents.home, ".codex/config.toml", OWN.replace("\n", "\r\n"), 0o640)
    before = path.read_bytes()

    asked = await agents.run("agents", "--write", "codex")
    assert (asked.code, path.read_bytes()) == (2, before)
    assert '+model_provider = "gateway-console"' in asked.stdout

    written = await agents.run("agents", "--write", "codex", "--yes")
    assert (written.code, stat.S_IMODE(path.stat().st_mode)) == (0, 0o640)
    after = path.read_bytes()
    assert after.startswith(before.replace(b'"acme"\r\n\r\n', b'"gateway-console"\r\n\r\n', 1))
    found = (await agents.run("agents", "codex", "--json", GATEWAY_CONSOLE_RELAY_KEY="x")).document["agents"][0]
    assert (found["verdict"], found["origin"]) == ("ok", "http://127.0.0.1:8787")
    again = await agents.run("agents", "--write", "codex", "--yes")
    assert "already has these settings" in again.stderr

    assert (await agents.run("agents", "--undo", "--yes")).code == 0
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, 0o640)
    assert "nothing to undo" in (await agents.run("agents", "--undo", "--yes")).complaint


async def test_a_file_that_changed_since_stays_and_the_backup_is_named(agents: Console) -> None:
    path = put(agents.home, ".codex/config.toml", OWN)
    await agents.run("agents", "--write", "codex", "--yes")
    path.write_text(path.read_text() + "# later\n")
    refused = await agents.run("agents", "--undo", "--yes")
    backup = Path(refused.complaint.rpartition(" ")[2])
    assert (refused.code, backup.read_text()) == (11, OWN)
    assert path.read_text().endswith("# later\n")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


async def test_a_new_file_is_private_and_goes_away_again(agents: Console) -> None:
    path = agents.home / ".claude" / "settings.json"
    assert (await agents.run("agents", "--write", "claude", "--direct", "--yes", ACME_TOKEN=KEY)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f'"ANTHROPIC_BASE_URL": "{GATEWAY}"' in path.read_text()
    assert all(KEY.encode() not in each.read_bytes() for each in agents.home.rglob("*") if each.is_file())
    assert (await agents.run("agents", "--undo", "--yes")).code == 0
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('model = "gpt-6-sol"\nmodel_provider = """\nx"""\n', 3, "not in one line"),
        ('model_providers = {gateway-console = {name = "x"}}\n', 3, "Add the lines above by hand"),
        ("model = \n", 3, "is not valid TOML"),
        (f'[model_providers.x]\nexperimental_bearer_token = "{KEY}"\n', 11, "a literal key is in it"),
        ('openai_base_url = "https://me:hunter2@gw.example"\n', 11, "a user name or a password"),
    ],
)
async def test_what_cannot_be_edited_in_place_stays(agents: Console, text: str, code: int, words: str) -> None:
    path = put(agents.home, ".codex/config.toml", text)
    refused = await agents.run("agents", "--write", "codex", "--yes")
    assert (refused.code, path.read_text()) == (code, text)
    assert words in refused.stderr
    assert KEY not in refused.stdout + refused.stderr
    if code == 3:
        assert 'base_url = "http://127.0.0.1:8787/v1"' in refused.stdout


async def test_links_and_pipes_are_not_written_and_read_only_writes_nothing(agents: Console) -> None:
    target = put(agents.home, "elsewhere.toml", OWN)
    (agents.home / ".codex").mkdir()
    link = agents.home / ".codex" / "config.toml"
    link.symlink_to(target)
    assert (await agents.run("agents", "--write", "codex", "--yes")).code == 11
    assert (await agents.run("agents", "codex", "--json")).document["agents"][0]["models"]
    link.unlink()
    os.mkfifo(link)
    assert (await agents.run("agents", "--write", "codex", "--yes")).code == 11
    assert (await agents.run("agents", "codex")).code == 3
    assert (await agents.run("agents", "--write", "codex", "--yes", "--read-only")).code == 11
    assert target.read_text() == OWN


async def test_comments_and_order_of_a_json_file_stay(agents: Console) -> None:
    text = '{\n    // Mine.\n    "theme": "dark", /* a */\n    "provider": {} // b\n}\n'
    path = put(agents.home, ".config/opencode/opencode.json", text)
    assert (await agents.run("agents", "--write", "opencode", "--route", "critic", "--yes")).code == 0
    after = path.read_text()
    for kept in ("    // Mine.\n", '"dark", /* a */\n', "// b\n"):
        assert kept in after
    assert "@ai-sdk/anthropic" in after
    assert "{env:GATEWAY_CONSOLE_RELAY_KEY}" in after


async def test_one_broken_agent_hides_no_other_and_hostile_text_is_no_markup(agents: Console) -> None:
    put(agents.home, ".codex/config.toml", "x" * 600_000)
    put(agents.home, ".claude/settings.json", "[" * 100_000)
    put(agents.home, ".gemini/settings.json", '{"model": {"name": "\\u001b]0;x\\u0007[red]m[/]"}}')
    put(
        agents.home,
        ".aider.conf.yml",
        "\ufeffmodel: openai/gpt-6-sol\r\nopenai-api-base: https://gw.acme.example/v1\r\n",
    )
    put(agents.home, ".continue/config.yaml", "models: &a [*a]\n")
    (agents.home / ".config/opencode/opencode.json").mkdir(parents=True)
    put(
        agents.home,
        ".cline/data/settings/providers.json",
        '{"lastUsedProvider": "\udcff"}'.encode("utf-8", "surrogatepass").decode("latin-1"),
    )
    (agents.home / "work").mkdir()
    ended = await agents.run("agents", "--repo", "work")
    assert ended.code == 3
    for words in (
        "~/.codex/config.toml: The file is larger than 512 kB",
        "~/.claude/settings.json, line 1: The file is not valid JSON: it is nested deeper",
        "~/.continue/config.yaml: The file refers to an anchor",
        "~/.config/opencode/opencode.json: The file is a directory",
        "https://gw.acme.example/v1/chat/completions  (~/.aider.conf.yml, line 2)",
    ):
        assert words in ended.stdout
    assert "\x1b" not in ended.stdout
    assert "[red]m[/]" in ended.stdout


async def test_a_key_that_others_may_read_is_said_louder(agents: Console) -> None:
    put(agents.home, ".codex/auth.json", f'{{"OPENAI_API_KEY": "{KEY}"}}', 0o644)
    ended = await agents.run("agents", "codex")
    assert ended.code == 11
    assert "chmod 600" in ended.stdout
    assert KEY not in ended.stdout


async def test_a_key_in_the_place_of_a_name_or_in_an_address_is_not_shown(agents: Console) -> None:
    put(agents.home, ".codex/config.toml", OWN.replace('"ACME_TOKEN"', f'"{KEY}"').replace("/v1", f"/{KEY}/v1"))
    put(
        agents.home,
        ".continue/config.yaml",
        f"models:\n  - {{provider: openai, model: {KEY}, apiBase: 'https://{KEY}@x'}}\n",
    )
    for words in (("agents", "--json"), ("agents",)):
        ended = await agents.run(*words)
        assert ended.code == 11
        assert KEY not in ended.stdout + ended.stderr


async def test_a_program_in_the_repository_is_not_started(agents: Console) -> None:
    program = put(agents.home, "repo/bin/codex", "#!/bin/sh\ntouch started\necho 1.2.3\n", 0o755)
    (agents.home / "repo" / ".git").mkdir()
    where = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    ended = await agents.run("agents", "codex", "--repo", "repo", **where)
    assert "it lies in the repository and was not started" in ended.stdout
    assert "installed 1.2.3" in (await agents.run("agents", "codex", "--repo", ".config", **where)).stdout
    assert not list(agents.home.rglob("started"))


async def test_a_models_name_is_no_program_of_the_shell_that_reads_the_settings(agents: Console) -> None:
    name = "$( touch pwned)`touch pwned`'\"; touch pwned"
    table = config_table({"base_url": GATEWAY, "token_ref": ["env:ACME_TOKEN"]}, {"writer": route(name)})
    write_config(agents.home / ".config" / "gateway-console" / "config.toml", table)
    shown = (await agents.run("agents", "--settings", "copilot")).stdout
    assert '="$GATEWAY_CONSOLE_RELAY_KEY"' in shown
    script = f'{shown}\nprintf %s "$COPILOT_MODEL"'
    done = subprocess.run(["bash", "-c", script], cwd=agents.home, capture_output=True, text=True, check=True)
    assert (done.stdout, (agents.home / "pwned").exists()) == (name, False)


@pytest.mark.parametrize("change", [{"name": "../../x"}, {"path": 5}, {"path": "x"}, {"mode": "a"}, {"mode": 0o4755}])
async def test_a_receipt_that_was_edited_undoes_nothing(agents: Console, change: dict[str, object]) -> None:
    path = put(agents.home, ".codex/config.toml", OWN)
    await agents.run("agents", "--write", "codex", "--yes")
    after = path.read_bytes()
    receipt = next(agents.home.rglob("agent-settings/*.json"))
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | change))
    refused = await agents.run("agents", "--undo", "--yes")
    assert (refused.code, path.read_bytes()) == (1, after)
    assert "cannot be read" in refused.complaint


async def test_the_verdicts_of_all_agents_stand_below_each_other(agents: Console) -> None:
    shown = (await agents.run("agents")).stdout.splitlines()
    starts = {line.index("not set up") for line in shown if "not set up" in line}
    assert len(starts) == 1
