"""Edits in place: what is read again says the old and the change, and nothing else."""

import tomllib

import pytest

from console.domain.agent_settings.edit import EditError, edit_json, edit_toml, merged
from console.domain.agent_settings.jsonc import JsonError, JsonText

CHANGE = {"model": 'a"b\\', "model_providers": {"gw": {"base_url": "http://127.0.0.1:1/v1", "retries": 0}}}
TOML = [
    "",
    "\n\n",
    'model = "x"',
    "model='x' # why\n[a]\nmodel = 1\n",
    '[model_providers.gw]\nbase_url = "old" # c\n[model_providers.gw.headers]\nx = "y"\n',
    '[[hooks]]\nmodel = "no"\n\n[model_providers.gw]\n',
    'text = """\nmodel = "inside"\n[model_providers.gw]\n"""\n',
    "[model_providers]\ngw.base_url = 'x'\n",
    "model_providers.gw.base_url = 'x'\n",
    "model = [\n1]\n",
]


@pytest.mark.parametrize("text", TOML)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_edited_toml_says_both_or_is_refused(text: str, end: str) -> None:
    old = text.replace("\n", end)
    try:
        new = edit_toml(old, CHANGE)
    except EditError:
        return
    assert tomllib.loads(new) == merged(tomllib.loads(old), CHANGE)
    assert new.count("#") == old.count("#")
    assert edit_toml(new, CHANGE) == new


def test_most_files_can_be_edited() -> None:
    for text in TOML[:6]:
        edit_toml(text, CHANGE)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": 1,}',
        '{\n\t"model": "x", // c\n}',
        '{"model_providers": {"gw": {"x": [1, 2,],},}}',
        "// a\n{ /* b */ }",
    ],
)
def test_an_edited_json_says_both(text: str) -> None:
    new = edit_json(text, CHANGE)
    assert JsonText(new).root.value == merged(JsonText(text).tree().values, CHANGE)
    assert edit_json(new, CHANGE) == new


@pytest.mark.parametrize(
    "text", ["[]", '{"model_providers": 1', '{"a" 1}', "{a: 1}", '"', '{"a": tru}', "{" * 100, '{"a":"\\x"}', "1 2", ""]
)
def test_what_is_not_a_json_object_is_refused_with_a_line(text: str) -> None:
    with pytest.raises(EditError):
        edit_json(text, CHANGE)


def test_a_comment_without_an_end_and_a_mark_in_a_text() -> None:
    assert JsonText('{"a": "// no /* comment", "a": "\\u00e9"}').root.value == {"a": "é"}
    with pytest.raises(JsonError, match="not JSON"):
        JsonText("/* {}")
