"""`config`: what holds and where it comes from, faults with lines, and changes that can be undone byte for byte."""

import asyncio
import os
from pathlib import Path

from support.cli.console_process import Console
from support.cli.own_config import write_config
from support.config import config_table, route
from support.config import write_config as write_table

from console.services.config.own_config import REPOSITORY_CONFIG

DRIFTING = """\
# my gateway
schema = 1
default_profile = "acme"

[profiles.acme.gateway]
base_url = "https://gw.example"
token_ref = [ "env:ACME_TOKEN" ]   # a reference

[profiles.acme.gateway.headers]
x-team = "blue"
x-session-secret = "hunter22hunter22"

[profiles.acme.routes]
writer = { model = "gpt-5.5-pro", "endpoint_family" = 'chat_completions', endpoint_path = "/v1/chat/completions" } # me
reviewer.model = "claude-opus-4-8"
reviewer.endpoint_family = "anthropic_messages"
reviewer.endpoint_path = "/v1/messages"
"""


def own(console: Console, text: str = DRIFTING) -> Path:
    path = console.home / ".config" / "gateway-console" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


async def test_show_names_the_source_of_each_value_and_hides_what_may_be_a_secret(console: Console) -> None:
    own(console)
    shown = await console.run("config", "show", "--json", GATEWAY_CONSOLE_PROFILE="acme")
    document = shown.document
    assert (document["profile"], document["profile_named_by"]) == ("acme", "environment")
    assert document["config_named_by"] == "user config"
    values = {each["key"]: (each["value"], each["source"], each["line"]) for each in document["values"]}
    assert values["gateway.token_ref"] == (["env:ACME_TOKEN"], "user config", 7)
    assert values["gateway.headers.x-session-secret"] == ("•••", "user config", 11)
    assert values["gateway.headers.x-team"] == ("blue", "user config", 10)
    assert values["routes.writer.model"] == ("gpt-5.5-pro", "user config", 14)
    assert values["policy.max_attempts"] == (3, "default", None)
    text = await console.run("config", "show")
    assert "hunter22" not in shown.stdout + text.stdout
    assert "user config, line 7" in text.stdout


async def test_show_has_a_webhooks_origin_and_never_its_path(console: Console) -> None:
    own(console, f'{DRIFTING}\n[profiles.acme.watch]\nwebhook = "https://hooks.example/T1/canary?k=canary"\n')
    shown = await console.run("config", "show", "--json")
    values = {each["key"]: (each["value"], each["line"]) for each in shown.document["values"]}
    assert values["watch.webhook"] == ("https://hooks.example/•••", 20)
    assert values["watch.level"] == (3, None)
    assert "canary" not in shown.stdout + (await console.run("config", "show")).stdout


async def test_show_has_where_runs_are_kept_and_never_the_urls_text(console: Console) -> None:
    own(console, f'{DRIFTING}\n[store]\nurl_ref = "env:TEAM_URL"\n')
    url = "postgresql://ann:canary@127.0.0.1:1/x"
    for environment, expected in [
        ({}, ("env:TEAM_URL", "user config", 20)),
        ({"GATEWAY_CONSOLE_STORE": "local"}, (None, "GATEWAY_CONSOLE_STORE", None)),
    ]:
        shown = await console.run("config", "show", "--json", TEAM_URL=url, **environment)
        values = {each["key"]: (each["value"], each["source"], each["line"]) for each in shown.document["values"]}
        assert values["store.url_ref"] == expected
        assert "canary" not in shown.stdout + shown.stderr


async def test_path_has_the_files_in_the_order_in_which_they_count(console: Console) -> None:
    (console.home / ".git").mkdir()
    write_table(console.home / REPOSITORY_CONFIG, config_table({"base_url": "https://gw.example"}, profile="team"))
    own(console)
    for arguments, used in [((), "user config"), (("--profile", "team"), "repository config")]:
        files = (await console.run(*arguments, "config", "path", "--json")).document["files"]
        assert [each["layer"] for each in files] == ["user config", "repository config", "built-in sample"]
        assert [each["layer"] for each in files if each["is_used"]] == [used]
    named = (await console.run("config", "path", "--json", GATEWAY_CONSOLE_CONFIG="/none.toml")).document["files"]
    assert (named[0]["layer"], named[0]["exists"], named[0]["is_used"]) == ("environment", False, True)
    relative = await console.run("routes", GATEWAY_CONSOLE_CONFIG="config.toml")
    assert (relative.code, "is not an absolute path" in relative.complaint) == (3, True)


async def test_a_repositorys_config_is_announced_by_every_verb_that_uses_it(console: Console) -> None:
    (console.home / ".git").mkdir()
    write_table(console.home / REPOSITORY_CONFIG, config_table({"base_url": "https://evil.example"}, profile="team"))
    for verb in (("routes",), ("check", "--level", "0"), ("config", "show"), ("token", "list")):
        assert "THIS REPOSITORY'S CONFIG IS IN USE: profile team" in (await console.run(*verb)).stderr
    for kind in ("set", "rotate", "rebind"):
        refused = await console.run("token", kind, "keyring://gateway-console/acme")
        assert refused.code == 11
        assert "a repository's config chose the gateway" in refused.stderr


async def test_a_repository_never_gets_a_token_to_its_own_gateway(console: Console) -> None:
    write_config(console, "env:ACME_TOKEN")
    (console.home / ".git").mkdir()
    table = config_table({"base_url": "http://127.0.0.1:9", "token_ref": ["env:ACME_TOKEN"]}, profile="team")
    write_table(console.home / REPOSITORY_CONFIG, table)
    refused = await console.run("--profile", "team", "smoke", ACME_TOKEN="sk-canary-canary-canary")
    assert refused.code == 3
    assert "env: could send your token to a gateway that this repository chose" in refused.complaint
    assert "canary" not in refused.complaint


async def test_validate_tells_all_faults_with_their_lines_and_warns_of_a_shared_file(console: Console) -> None:
    broken = DRIFTING.replace("max", "x").replace("reviewer.endpoint_family", "reviewer.family").replace("blue", "")
    path = console.write_config(broken, "broken.toml")
    refused = await console.run("config", "validate", path)
    assert refused.code == 3
    assert "line 10" in refused.stderr
    assert "line 16" in refused.stderr
    document = (await console.run("config", "validate", path, "--json")).document
    assert (document["is_valid"], document["exit_code"]) == (False, 3)
    assert {10, 16} <= {each["line"] for each in document["faults"]}
    shared = own(console)
    shared.chmod(0o666)
    found = await console.run("config", "validate")
    assert found.code == 3
    assert "env: could send a token" in found.stderr
    assert f"chmod go-w {shared}" in found.stderr
    shared.chmod(0o600)
    valid = await console.run("config", "validate")
    assert (valid.code, valid.stderr) == (0, "")


async def test_the_schema_is_the_one_that_is_shipped(console: Console) -> None:
    shown = await console.run("config", "schema")
    assert shown.stdout == (Path(__file__).parents[3] / "docs/schema/config-v1.json").read_text()


async def test_a_fix_changes_the_lines_of_its_route_alone_and_undo_restores_every_byte(console: Console) -> None:
    text = DRIFTING.replace("\n", "\r\n")
    path = own(console, text)
    asked = await console.run("config", "fix", "writer")
    assert asked.code == 2
    assert "add --yes" in asked.stderr
    assert path.read_bytes() == text.encode()
    done = await console.run("config", "fix", "writer", "--yes", "--json")
    assert [line[:6] for line in done.document["diff"]] == ["-   14", "+   14"]
    expected = text.replace("'chat_completions'", '"responses"').replace("/v1/chat/completions", "/v1/responses")
    assert path.read_bytes() == expected.encode()
    assert Path(done.document["backup"]).read_bytes() == text.encode()
    again = await console.run("config", "fix", "writer", "--yes")
    assert again.code == 1
    assert "nothing to fix" in again.complaint
    undone = await console.run("config", "undo", "--yes")
    assert (undone.code, path.read_bytes()) == (0, text.encode())
    assert "changed nothing in it" in (await console.run("config", "undo", "--yes")).complaint


async def test_undo_refuses_a_file_that_changed_since_and_names_the_backup(console: Console) -> None:
    path = own(console)
    await console.run("config", "fix", "writer", "--yes")
    path.write_text(path.read_text() + "# mine\n")
    refused = await console.run("config", "undo", "--yes")
    assert refused.code == 1
    backup = refused.complaint.rpartition(" in ")[2]
    assert Path(backup).read_text() == DRIFTING
    assert path.read_text().endswith("# mine\n")


async def test_undo_without_its_backup_changes_nothing(console: Console) -> None:
    path = own(console)
    backup = Path((await console.run("config", "fix", "writer", "--yes", "--json")).document["backup"])
    fixed = path.read_bytes()
    backup.unlink()
    refused = await console.run("config", "undo", "--yes")
    assert (refused.code, "is gone or was changed" in refused.complaint) == (1, True)
    assert path.read_bytes() == fixed


async def test_what_may_not_be_changed_is_refused_with_the_lines_to_write_by_hand(console: Console) -> None:
    refused = await console.run("--profile", "faults", "config", "fix", "reviewer", "--yes")
    assert (refused.code, "built-in sample is never changed" in refused.complaint) == (11, True)
    (console.home / ".git").mkdir()
    drifting = {"writer": route("gpt-5.5-pro", "chat_completions")}
    theirs = config_table({"base_url": "https://gw.example"}, drifting, profile="team")
    before = write_table(console.home / REPOSITORY_CONFIG, theirs).read_bytes()
    refused = await console.run("--profile", "team", "config", "fix", "writer", "--yes")
    assert refused.code == 11
    assert 'endpoint_family = "responses"' in refused.stderr
    assert (console.home / REPOSITORY_CONFIG).read_bytes() == before
    for kind in (("fix", "writer"), ("undo",), ("edit",)):
        assert (await console.run("--read-only", "config", *kind)).code == 11


async def test_edit_wants_a_terminal(console: Console) -> None:
    own(console)
    refused = await console.run("config", "edit", EDITOR="true")
    assert refused.code == 2
    assert "config validate" in refused.complaint


async def test_a_link_to_the_config_stays_a_link(console: Console) -> None:
    path = own(console)
    real = console.home / "dotfiles.toml"
    path.rename(real)
    path.symlink_to(real)
    assert (await console.run("config", "fix", "writer", "--yes")).code == 0
    assert path.is_symlink()
    assert "responses" in real.read_text()


async def test_a_fix_that_other_routes_would_feel_is_not_written_and_its_lines_are_told(console: Console) -> None:
    writer = route("m", "chat_completions", "/chat/completions")
    table = config_table({"base_url": "https://acme.services.ai.azure.com/openai/v1"}, {"writer": writer})
    only_messages = {"pattern": "^m$", "allowed": ["anthropic_messages"], "required": "anthropic_messages"}
    table["profiles"]["p"]["family_facts"] = [only_messages]
    path = write_table(own(console), table)
    before = path.read_bytes()
    refused = await console.run("config", "fix", "writer", "--yes")
    assert refused.code == 3
    assert 'base_url = "https://' in refused.complaint
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


async def test_a_fix_of_a_file_that_is_faulty_by_now_names_its_fault(console: Console) -> None:
    path = own(console)
    path.write_text(DRIFTING + "\nmore = [\n")
    refused = await console.run("config", "fix", "writer", "--yes")
    assert (refused.code, "line 2" in refused.complaint) == (3, True)


async def test_a_config_from_a_pipe_is_validated_and_shown_and_read_once(console: Console) -> None:
    for kind, code in (("validate", 0), ("show", 0), ("fix", 3)):
        pipe = console.home / f"{kind}.pipe"
        os.mkfifo(pipe)
        writer = asyncio.create_task(asyncio.to_thread(pipe.write_text, DRIFTING))
        more = {"validate": (pipe,), "show": (), "fix": ("writer", "--yes")}[kind]
        ended = await console.run("--config", pipe, "config", kind, *more)
        await writer
        assert ended.code == code, ended
