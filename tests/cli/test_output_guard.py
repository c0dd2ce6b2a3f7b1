"""What the command line writes: no token that this process holds, in any form, on stdout or on stderr."""

import json
import secrets
from collections.abc import Callable

import pytest
from support.cli.console_process import Console
from support.tokens.token_forms import every_form

from console.cli import output
from console.domain.tokens.secret import Secret
from console.services.system.leak_guard import LEAK_GUARD


@pytest.fixture
def token() -> str:
    """Make a token that this process holds and no other test has."""
    value = f"tk-{secrets.token_urlsafe(18)}/+="
    LEAK_GUARD.add(Secret(value))
    return value


@every_form
@pytest.mark.parametrize("say", [output.write_line, output.note, output.complain], ids=lambda say: say.__name__)
def test_a_line_has_every_form_of_a_token_masked(
    capsys: pytest.CaptureFixture[str], token: str, say: Callable[[str], None], write: Callable[[str], str]
) -> None:
    say(f"before {write(token)} after\x1b[2J")
    out, err = capsys.readouterr()
    shown = out + err
    assert not LEAK_GUARD.is_hit(shown)
    assert "before " in shown
    assert "•••" in shown
    assert " after␛[2J\n" in shown
    assert (out == "") is (say is not output.write_line)


def test_a_line_cut_into_a_table_has_a_token_masked(capsys: pytest.CaptureFixture[str], token: str) -> None:
    rows = [("name", "value"), ("a", token)]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    assert capsys.readouterr().out == "name  value\na     •••\n"


@every_form
@pytest.mark.parametrize(
    "document",
    [
        lambda text: {"message": text},
        lambda text: {"list": ["a", {"deep": f"x {text} y"}]},
        lambda text: {text: "as a key"},
        lambda text: [text, text, 7, None, True],
    ],
    ids=["value", "deep", "key", "list"],
)
def test_a_document_stays_json_and_has_every_form_masked(
    capsys: pytest.CaptureFixture[str], token: str, document: Callable[[str], object], write: Callable[[str], str]
) -> None:
    output.write_document(document(write(token)))
    out, err = capsys.readouterr()
    assert not LEAK_GUARD.is_hit(out)
    assert "•••" in json.dumps(json.loads(out), ensure_ascii=False)
    assert err == ""


@pytest.mark.parametrize(
    "value", ['tk"quote"Qw3rTy7uIo', "tk\\back\\Qw3rTy7uIo", "tk\\u0041Qw3rTy7uIo", 'tk",\\n"Qw3rTy7']
)
def test_a_token_of_quotes_and_backslashes_leaves_json(capsys: pytest.CaptureFixture[str], value: str) -> None:
    LEAK_GUARD.add(Secret(value))
    output.write_document({"a": f"x{value}y", "b": 1})
    read = json.loads(capsys.readouterr().out)
    assert read == {"a": "x•••y", "b": 1}


def test_what_a_terminal_would_obey_is_written_as_a_number_and_read_back_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = "a\n\x1b]52;c;eA==\x07\x7f\x9b2J\u202e\u200b\ufeff\U000e0041 é 漢 😀"
    output.write_document({said: [said]})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {said: [said]}
    assert all(each == "\n" or each.isprintable() for each in shown)
    assert "é 漢 😀" in shown


async def test_a_document_stays_json_where_the_token_is_a_number_that_is_counted(console: Console) -> None:
    """In a process of its own: such a token would mask the numbers of all later tests."""
    import asyncio
    import sys

    code = (
        "from console.cli import output; from console.domain.tokens.secret import Secret\n"
        "from console.services.system.leak_guard import LEAK_GUARD\n"
        "LEAK_GUARD.add(Secret('1234567890123'))\n"
        "output.write_document({'count': 1234567890123, 'said': 'x1234567890123y'})"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env=console.environment
    )
    out, _ = await child.communicate()
    assert child.returncode == 0
    assert "1234567890123" not in out.decode()
    assert json.loads(out)["said"] == "x•••y"


@pytest.mark.parametrize("verb", [("check",), ("smoke",), ("token", "check"), ("token", "list")], ids=" ".join)
@pytest.mark.parametrize("style", [(), ("--json",)], ids=["lines", "json"])
async def test_a_token_that_stands_in_the_config_as_well_is_masked(
    console: Console, verb: tuple[str, ...], style: tuple[str, ...]
) -> None:
    token = "tk-route-name-of-mine"
    path = console.config_for("http://127.0.0.1:1", gateway='token_ref = ["env:GW_TOKEN"]', model=token)
    ended = await console.run(*verb, "--config", path, *style, GW_TOKEN=token)
    assert ended.code in range(12)
    assert "Traceback" not in ended.stderr
    assert not Secret(token).is_in(ended.stdout + ended.stderr)
    if style and ended.stdout:
        json.loads(ended.stdout)
