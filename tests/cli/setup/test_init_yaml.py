"""`init`, and YAML in place of a config: the answer is a config, written once and for its owner alone."""

import tomllib
from pathlib import Path

import pytest
from support.cli.console_process import Console

BLOCKS = Path(__file__).parents[2] / "data" / "yaml_configs"


@pytest.fixture
def article(console: Console) -> Path:
    text = "".join((BLOCKS / f"{name}.yaml").read_text() for name in ("routes", "instructions", "references"))
    return console.write_config(text, "article.yaml")


async def test_a_yaml_config_is_answered_with_the_command_that_makes_it_one(console: Console, article: Path) -> None:
    refused = await console.run("--config", article, "routes")
    assert (refused.code, refused.stdout) == (3, "")
    command = refused.complaint.partition("with: gateway-console ")[2].split()
    written = await console.run(*command)
    own = console.home / ".config" / "gateway-console" / "config.toml"
    assert (written.code, own.stat().st_mode & 0o777, own.parent.stat().st_mode & 0o777) == (0, 0o600, 0o700)
    assert "no route for planner, which every run needs" in written.stderr
    assert "gateway-console routes" in written.stderr
    routes = (await console.run("routes", "--json")).document
    assert [each["role"] for each in routes["routes"]] == ["writer", "reviewer", "critic", "fallback"]


async def test_init_writes_over_no_file_and_through_no_link(console: Console, article: Path) -> None:
    taken, link = console.write_config("mine", "taken.toml"), console.home / "link.toml"
    link.symlink_to(console.home / "elsewhere.toml")
    for path in (taken, link):
        refused = await console.run("init", "--from", article, "--output", path)
        assert refused.code == 2
        assert f"{path} exists and was not changed" in refused.complaint
    assert taken.read_text() == "mine"
    assert not (console.home / "elsewhere.toml").exists()
    assert [each for each in console.home.iterdir() if each.name.startswith(".")] == []


async def test_a_second_yaml_is_appended_and_overwrites_no_profile(console: Console, article: Path) -> None:
    own = console.home / ".config" / "gateway-console" / "config.toml"
    await console.run("init", "--from", article)
    before = own.read_bytes()
    taken = await console.run("init", "--from", article)
    assert taken.code == 2
    assert "has a profile main, which is never overwritten" in taken.stderr
    assert own.read_bytes() == before
    added = await console.run("init", "--from", article, "--profile", "second", "--json")
    assert own.read_bytes().startswith(before)
    assert Path(added.document["backup"]).read_bytes() == before
    assert added.document["default_profile"] == "main"
    assert (await console.run("routes", "--profile", "second", "--json")).code == 0
    undone = await console.run("config", "undo", "--yes")
    assert undone.code == 0, undone.stderr
    assert own.read_bytes() == before


async def test_init_to_stdout_writes_no_file_and_its_document_has_the_same_config(
    console: Console, article: Path
) -> None:
    before = sorted(console.home.rglob("*"))
    shown = await console.run("init", "--read-only", "--from", article, "--profile", "team", "--output", "-")
    assert shown.code == 0
    assert tomllib.loads(shown.stdout)["default_profile"] == "team"
    told = await console.run("init", "--from", article, "--profile", "team", "--output", "-", "--json")
    assert told.document["toml"] == shown.stdout
    assert told.document["config"] is None
    assert [each["id"] for each in told.document["findings"]] == ["PRE-01", "PRE-02"]
    assert sorted(console.home.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--from", "article.yaml", "--read-only"), 11, "--read-only"),
        (("--from", "article.yaml", "--config", "x.toml", "--output", "y.toml"), 2, "exclude each other"),
        (("--from", "article.yaml", "--url", "https://gw.example"), 2, "exclude each other"),
        (("--from", "article.yaml", "--profile", "a b"), 2, "a profile name has only"),
        (("--from", "absent.yaml"), 3, "no such file; name a YAML file"),
    ],
)
async def test_init_says_what_it_needs(
    console: Console, article: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused = await console.run("init", *arguments)
    assert refused.code == code
    assert words in refused.complaint
    assert not (console.home / ".config").exists()


async def test_routes_from_yaml_show_the_verdicts_and_the_config(console: Console, article: Path) -> None:
    article.write_text(article.read_text().replace("gpt-review-route-placeholder", "claude-sonnet-4"))
    shown = await console.run("routes", "--from-yaml", article)
    assert shown.code == 6  # a Claude model on Responses drifts
    table, _, toml = shown.stdout.partition("\n\n")
    assert "ROUTE-" in table
    assert "no route for planner" in table
    assert tomllib.loads(toml)["profiles"]["main"]["routes"]["reviewer"]["model"] == "claude-sonnet-4"
    told = await console.run("routes", "--from-yaml", article, "--json")
    assert told.document["toml"] == toml
    assert any("instruction_scope" in note for note in told.document["notes"])
    assert (await console.run("routes", "--json")).document["toml"] is None
