"""`doctor` as a process of its own: its lines, its document and its exit codes."""

import pytest
from support.cli.console_process import Console
from support.cli.own_config import write_config


async def test_a_fresh_machine_is_well_and_nothing_is_made(console: Console) -> None:
    seen = await console.run("doctor")
    assert seen.code == 0
    for words in ("✓ ok    files.state", "· note  terminal.size", "✓ ok    token.state", "profile demo"):
        assert words in seen.stdout
    assert list(console.home.iterdir()) == []


async def test_the_document_has_every_symptom_and_the_exit_code(console: Console) -> None:
    write_config(console, "env:GW", "vault:acme")
    seen = await console.run("doctor", "--json", HTTPS_PROXY="http://user:hidden@x")
    assert seen.code == 4
    assert "hidden" not in seen.stdout + seen.stderr
    document = seen.document
    assert (document["schema"], document["exit_code"]) == ("gateway-console/doctor/v1", 4)
    found = {each["id"]: each for each in document["symptoms"]}
    assert found["network.proxy"]["health"] == "note"
    assert found["token.state"]["health"] == "fail"
    assert found["token.state"]["todo"] == "Run: gateway-console token set vault:acme"
    assert found["token.keyring"]["found"].startswith("no session bus")


@pytest.mark.parametrize(
    ("config", "environment", "code", "words"),
    [
        ("schema = 1\nnonsense", {}, 3, "× fail"),
        (None, {"TEXTUAL_LOG": "x.log"}, 11, "! unsafe"),
        ("schema = 1\nnonsense", {"TEXTUAL": "devtools"}, 11, "unset TEXTUAL"),
        (None, {"XDG_STATE_HOME": "/dev/null"}, 1, "× fail"),
    ],
)
async def test_the_most_actionable_code_wins(
    console: Console, config: str | None, environment: dict[str, str], code: int, words: str
) -> None:
    if config is not None:
        write_config(console).write_text(config)
    seen = await console.run("doctor", **environment)
    assert seen.code == code
    assert words in seen.stdout
    assert "Traceback" not in seen.stderr
