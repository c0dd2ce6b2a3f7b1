"""`instructions`: the tree for a person, the document for a script, the exit code for CI."""

import os
import re
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.instructions.tree import Tree

TOKEN = "".join(["ghp", "_", "q7Wd9sKp2LmX8vTz4RnB6yHc1FgJ3aEu5oIx"])


@pytest.fixture
def tree(tmp_path: Path, console: Console) -> Tree:
    tree = Tree(tmp_path)
    assert tree.home == console.home
    return tree


async def test_a_clean_repository_is_shown_and_ends_well(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md").commit()
    result = await console.run("instructions", tree.root / "api")
    lines = result.stdout.splitlines()
    assert lines[0] == "Codex reads, in this order:"
    assert lines[1].split() == ["source", "load", "scope", "bytes", "git", "sha256", "rule"]
    assert re.fullmatch(r"  AGENTS\.md +always +\*\* +20 +committed +[0-9a-f]{12} +tried with \d+\.\d+\.\d+", lines[2])
    assert re.fullmatch(
        r"  api/AGENTS\.md +always +api/\*\* +24 +committed +[0-9a-f]{12} +tried with \d+\.\d+\.\d+", lines[3]
    )
    assert "primary    api/AGENTS.md" in lines
    assert "nothing keeps the gate shut" in result.stderr
    assert result.code == 0


async def test_the_document_has_its_promised_names(console: Console, tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@docs/rules.md\n").add("docs/rules.md", "AGENTS.md").commit()
    result = await console.run("instructions", "--tool", "claude_code", "--json", tree.root, "--base", "HEAD")
    document = result.document
    assert (document["schema"], document["tool"]) == ("gateway-console/instructions/v1", "claude_code")
    assert set(document) == {
        "schema", "tool", "primary", "effective_sha256", "git", "base_commit", "stops", "sources", "conflicts",
        "unseen",
    }  # fmt: skip
    assert (document["primary"], document["git"], document["stops"]) == ("CLAUDE.md", "read", False)
    first, second, third = document["sources"]
    basis = first.pop("basis")
    assert re.fullmatch(r"Claude Code \d+\.\d+\.\d+", basis.pop("agent"))
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", basis.pop("checked_on"))
    assert basis == {"is_tried": True, "source_url": None}
    assert first | {"sha256": "", "git_blob": ""} == {
        "path": "CLAUDE.md",
        "scope": "**",
        "load": "always",
        "sha256": "",
        "bytes": 15,
        "effective_bytes": 15,
        "git_blob": "",
        "is_tracked": True,
        "is_dirty": False,
        "differs_from_base": False,
        "symlink_target": None,
        "imports": ["docs/rules.md"],
        "is_outside": False,
    }
    assert (second["path"], third["load"]) == ("docs/rules.md", "shadowed")
    (conflict,) = document["conflicts"]
    assert set(conflict) == {"code", "weight", "path", "message", "stops"}
    assert (conflict["code"], conflict["weight"], conflict["stops"]) == ("I02", "note", False)
    assert result.code == 0


async def test_what_was_not_tried_is_told_in_the_table_and_beneath(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    result = await console.run("instructions", tree.root, "--tool", "cursor")
    assert "from documentation, not tried" in result.stdout.splitlines()[2]
    assert "· note  I19  How Cursor reads AGENTS.md is from documentation, not tried (https://" in result.stdout
    assert result.code == 0
    document = (await console.run("instructions", tree.root, "--tool", "cursor", "--json")).document
    assert document["sources"][0]["basis"]["is_tried"] is False
    assert document["sources"][0]["basis"]["source_url"] == "https://cursor.com/docs/rules"


async def test_a_file_of_40_kb_is_told_with_what_is_lost(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md", text="a" * 40_000).commit()
    result = await console.run("instructions", tree.root)
    assert "32,768 of 40,000" in result.stdout
    assert "· note  I03  AGENTS.md  loses 7,232 of 40,000 bytes" in result.stdout
    assert result.code == 0


async def test_imports_stand_below_their_importer_and_a_cycle_is_told(console: Console, tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@a.md\n").add("a.md", text="@b.md\n").add("b.md", text="@CLAUDE.md\n").commit()
    result = await console.run("instructions", tree.root, "--tool", "claude_code")
    assert [line[2:].split("  always")[0].rstrip() for line in result.stdout.splitlines()[2:5]] == [
        "CLAUDE.md",
        "  a.md",
        "    b.md",
    ]
    assert "· note  I07  b.md  imports CLAUDE.md in a cycle" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (f"Rules.\n{TOKEN}\n", 11, "! look  I12  AGENTS.md  seems to contain a GitHub token in line 2"),
        ("Rules.\u202e\n", 11, "! look  I11  AGENTS.md  contains 1 bidi character(s)"),
        ("", 1, "× stops  I14  Codex finds no instructions here"),
    ],
)
async def test_what_keeps_the_gate_shut_is_the_exit_code(
    console: Console, tree: Tree, text: str, code: int, words: str
) -> None:
    tree.add("README.md").commit()
    if text:
        tree.add("AGENTS.md", text=text).commit()
    result = await console.run("instructions", tree.root)
    assert words in result.stdout
    assert result.code == code
    assert TOKEN not in result.stdout + result.stderr
    assert "\u202e" not in result.stdout
    assert "1 conflict(s) keep the instruction gate shut" in result.stderr


async def test_an_untracked_file_ends_with_1(console: Console, tree: Tree) -> None:
    tree.commit().add("AGENTS.md")
    result = await console.run("instructions", tree.root)
    assert "untracked" in result.stdout
    assert result.code == 1


async def test_a_directory_without_git_says_so(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md")
    result = await console.run("instructions", tree.root)
    assert "compared   with nothing: there is no git repository" in result.stdout
    assert "! look  I05  The directory is not in a git repository" in result.stdout
    assert result.code == 1


async def test_names_from_outside_are_never_raw(console: Console, tree: Tree) -> None:
    directory = os.fsdecode(b"evil\x1b[2J\xff\n")
    tree.add(f"{directory}/AGENTS.md", text="Rules.\n").commit()
    for more in ((), ("--json",)):
        result = await console.run("instructions", tree.root / directory, *more)
        assert "\x1b" not in result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        assert result.code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere is not a directory"),
        (("projects/shop", "--base", "nowhere"), 'no base branch "nowhere"'),
        (("projects/shop", "--tool", "emacs"), "--tool"),
    ],
)
async def test_words_that_do_not_fit_end_in_one_line(
    console: Console, tree: Tree, arguments: tuple[str, ...], words: str
) -> None:
    tree.add("AGENTS.md").commit()
    result = await console.run("instructions", *arguments)
    assert words in result.complaint
    assert result.code == 2


async def test_an_agent_s_name_is_taken_as_check_writes_it(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    named = [await console.run("instructions", tree.root, "--tool", each) for each in ("claude_code", "claude-code")]
    assert named[0].stdout == named[1].stdout
    assert named[1].stdout.startswith("Claude Code reads")


async def test_it_imports_neither_the_screen_nor_an_http_library(console: Console, tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    result = await console.run_process("instructions", tree.root, python=("-X", "importtime"))
    modules = set(re.findall(r"^import time:.*\| +(\S+)$", result.stderr, re.MULTILINE))
    assert "console.services.instructions.find" in modules
    tops = {module.partition(".")[0] for module in modules}
    assert not tops & {
        "textual",
        "rich",
        "httpx",
        "aiohttp",
        "keyring",
        "secretstorage",
        "cryptography",
    }
