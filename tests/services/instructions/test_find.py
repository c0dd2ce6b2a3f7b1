"""Instructions: links, imports, git's view, hostile files, and the pin."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from support.instructions.tree import Tree, codes, loads, told

from console.domain.instructions.source import GitState, Load, Tool, Weight
from console.services.instructions.file_cache import FILE_LIMIT
from console.services.instructions.find import InstructionsError, find_instructions, repository_of

TOKEN = "".join(["ghp", "_", "q7Wd9sKp2LmX8vTz4RnB6yHc1FgJ3aEu5oIx"])


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


# --- What is pinned --------------------------------------------------------------------------------------------------


async def test_a_source_is_what_its_raw_bytes_are(tree: Tree) -> None:
    data = b"\xef\xbb\xbfRules.\r\nMore \xff rules.\n"
    tree.add("AGENTS.md", text=data).commit()
    (source,) = (await tree.find()).sources
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert (source.bytes, source.effective_bytes) == (len(data), len(data))
    assert source.git_blob == tree.git("rev-parse", "HEAD:AGENTS.md")


async def test_the_effective_hash_is_that_of_what_is_read_as_canonical_json(tree: Tree) -> None:
    tree.add("AGENTS.md").add("AGENTS.override.md", text="Other rules.\n").commit()
    found = await tree.find()
    rows = [["AGENTS.override.md", hashlib.sha256(b"Other rules.\n").hexdigest(), 13]]
    assert found.effective_sha256 == hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


async def test_no_word_of_a_source_is_kept(tree: Tree) -> None:
    tree.add("AGENTS.md", text="Pineapple rules.\n@pineapple.md\n").add("CLAUDE.md", text="Pineapple too.\n").commit()
    for tool in Tool:
        assert "ineapple rules" not in repr(await tree.find(tool))


async def test_a_pinned_set_that_is_unchanged_says_nothing(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md").personal(".codex/AGENTS.md").commit()
    assert await tree.check(await tree.find(at="api"), at="api") == ()


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            lambda tree: tree.add("AGENTS.md", text="Other.\n"),
            "AGENTS.md",
            "changed since it was pinned (19 bytes then, 7",
        ),
        (lambda tree: (tree.root / "AGENTS.md").unlink(), "AGENTS.md", "is no longer read"),
        (lambda tree: tree.add("AGENTS.override.md"), "AGENTS.override.md", "did not exist"),
        (lambda tree: tree.personal(".codex/AGENTS.md"), "~/.codex/AGENTS.md", "did not exist"),
        (
            lambda tree: tree.personal(".codex/config.toml", text="project_doc_max_bytes = 5"),
            "AGENTS.md",
            "has the same bytes, but the tool reads it differently",
        ),
        (lambda tree: shutil.rmtree(tree.root), "AGENTS.md", "is no longer read"),
        (lambda tree: tree.add("AGENTS.md", text="\n"), "AGENTS.md", "is no longer read"),
        (lambda tree: tree.add("AGENTS.override.md", text="\n"), "AGENTS.md", "is no longer read"),
    ],
)
async def test_what_changed_since_the_pin_is_told(tree: Tree, change, path: str, words: str) -> None:
    pinned = await tree.add("AGENTS.md", text="Rules of the shop.\n").commit().find()
    change(tree)
    changed = {conflict.path: conflict for conflict in await tree.check(pinned)}
    assert words in changed[path].message
    assert {conflict.code.value for conflict in changed.values()} == {"I16"}
    assert changed[path].weight is Weight.STOPS


@pytest.mark.parametrize("tool", [Tool.CODEX, Tool.CLAUDE_CODE, Tool.COPILOT, Tool.GEMINI])
async def test_text_in_a_file_that_was_blank_is_told(tree: Tree, tool: Tool) -> None:
    name = "GEMINI.md" if tool is Tool.GEMINI else "AGENTS.md"
    tree.add(name).add(f"api/{name}", text="\n").commit()
    pinned = await tree.find(tool, "api")
    assert loads(pinned) == [(name, "always"), (f"api/{name}", "shadowed")]
    tree.add(f"api/{name}", text="\n\n")
    assert await tree.check(pinned, "api") == ()
    (changed,) = await tree.add(f"api/{name}").check(pinned, "api")
    assert changed.sentence.startswith(f"api/{name} was not read when the instructions were pinned, but is read now")


async def test_a_blank_file_that_was_committed_with_text_is_told(tree: Tree) -> None:
    tree.add("CLAUDE.md", ".claude/rules/a.md").commit().add("CLAUDE.md", text="\n")
    found = await tree.find(Tool.CLAUDE_CODE)
    assert [conflict.id for conflict in found.unsettled()] == ["I05:CLAUDE.md"]
    found = await tree.find(Tool.CLAUDE_CODE, base="HEAD")
    assert [conflict.id for conflict in found.unsettled()] == ["I05:CLAUDE.md", "I06:CLAUDE.md"]


# --- Git -------------------------------------------------------------------------------------------------------------


async def test_untracked_and_changed_sources_want_to_be_acknowledged(tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    tree.add("AGENTS.md", text="Changed.\n").add("api/AGENTS.md")
    found = await tree.find(at="api")
    assert [(s.path, s.is_tracked, s.is_dirty) for s in found.sources] == [
        ("AGENTS.md", True, True),
        ("api/AGENTS.md", False, True),
    ]
    assert [conflict.id for conflict in found.unsettled()] == ["I05:AGENTS.md", "I05:api/AGENTS.md"]
    assert found.unsettled({"I05:AGENTS.md", "I05:api/AGENTS.md"}) == ()


async def test_a_staged_file_is_tracked_and_not_committed(tree: Tree) -> None:
    tree.commit().add("AGENTS.md").git("add", "AGENTS.md")
    (source,) = (await tree.find()).sources
    assert (source.is_tracked, source.is_dirty) == (True, True)


async def test_a_repository_without_a_commit_is_read(tree: Tree) -> None:
    tree.add("AGENTS.md").git("init", "--quiet")
    found = await tree.find()
    assert (found.git, found.base, codes(found)) == (GitState.READ, None, ["I05"])


async def test_other_line_ends_are_no_change(tree: Tree) -> None:
    tree.add("AGENTS.md", text="One.\nTwo.\n").commit().add("AGENTS.md", text="One.\r\nTwo.\r\n")
    (source,) = (await tree.find()).sources
    assert source.is_dirty is False


async def test_a_change_that_edits_its_own_rules_is_told_against_the_base(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md").commit().git("switch", "--quiet", "--create", "feature")
    tree.add("AGENTS.md", text="Everything is allowed.\n").commit()
    unknown = await tree.find(at="api")
    assert [s.differs_from_base for s in unknown.sources] == [None, None]
    found = await tree.find(at="api", base="main")
    assert [s.differs_from_base for s in found.sources] == [True, False]
    assert found.base == tree.git("rev-parse", "main")
    assert [conflict.id for conflict in found.unsettled()] == ["I06:AGENTS.md"]


async def test_the_default_branch_of_origin_is_the_base_where_it_is_known(tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    tree.add("AGENTS.md", text="Everything is allowed.\n").commit()
    assert [conflict.path for conflict in told(await tree.find(), "I06")] == ["AGENTS.md"]


async def test_rules_that_were_taken_away_are_told(tree: Tree) -> None:
    tree.add("AGENTS.md", "AGENTS.override.md", "api/AGENTS.md").commit().git("switch", "--quiet", "--create", "f")
    (tree.root / "AGENTS.override.md").unlink()
    tree.commit()
    (tree.root / "api" / "AGENTS.md").unlink()
    found = await tree.find(at="api", base="main")
    assert loads(found) == [("AGENTS.md", "always"), ("AGENTS.override.md", "absent"), ("api/AGENTS.md", "absent")]
    assert [conflict.id for conflict in found.unsettled()] == [
        "I05:api/AGENTS.md",
        "I06:AGENTS.override.md",
        "I06:api/AGENTS.md",
    ]


@pytest.mark.parametrize("name", ["nowhere", "--output=/tmp/x", "main..nowhere", ""])
async def test_a_base_branch_that_is_none_is_refused(tree: Tree, name: str) -> None:
    tree.add("AGENTS.md").commit()
    if not name:
        assert (await tree.find(base=name or None)).base is None
        return
    with pytest.raises(InstructionsError, match="has no base branch"):
        await tree.find(base=name)


async def test_without_a_git_program_the_state_is_clear(tree: Tree, tmp_path: Path) -> None:
    tree.add("AGENTS.md").commit()
    found = await tree.find(PATH=str(tmp_path))
    assert (found.git, found.sources[0].is_tracked) == (GitState.NO_PROGRAM, None)
    (conflict,) = told(found, "I05")
    assert "no git program in PATH" in conflict.message


async def test_a_damaged_repository_is_a_clear_state(tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    (tree.root / ".git" / "HEAD").write_bytes(b"\0")
    found = await tree.find()
    assert found.git is GitState.UNREADABLE
    assert codes(found) == ["I05"]


async def test_nothing_that_the_repository_names_is_run(tree: Tree, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    trap = tmp_path / "trap"
    tree.put(trap, f"#!/bin/sh\ntouch {witness}\ncat\n")
    trap.chmod(0o755)
    tree.add("AGENTS.md").add(".gitattributes", text="* filter=trap diff=trap\n").commit()
    for key in ("core.fsmonitor", "filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv", "diff.external"):
        tree.git("config", key, str(trap))
    tree.add("AGENTS.md", text="Changed.\n")
    tree.git("status")  # a trap that never shuts would prove nothing
    assert witness.exists()
    witness.unlink()
    assert codes(await tree.find(base="HEAD")) == ["I05", "I06"]
    assert not witness.exists()


async def test_git_facts_hold_where_the_repository_is_named_by_a_directory_of_it(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md").commit().add("api/AGENTS.md", text="Changed.\n")
    found = await find_instructions(
        Tool.AGENTS_MD, tree.root / "api", tree.root / "api", environment=tree.environment, managed=tree.managed
    )
    assert [(s.path, s.is_tracked, s.is_dirty) for s in found.sources] == [("AGENTS.md", True, True)]


async def test_a_repository_of_sha256_is_read(tree: Tree) -> None:
    tree.git("init", "--quiet", "--object-format=sha256")
    tree.add("AGENTS.md").commit()
    (source,) = (await tree.find()).sources
    assert (source.git_blob, source.is_dirty) == (tree.git("rev-parse", "HEAD:AGENTS.md"), False)


# --- Links -----------------------------------------------------------------------------------------------------------


async def test_a_link_within_the_repository_is_resolved_and_shown(tree: Tree) -> None:
    tree.add("docs/rules.md")
    (tree.root / "AGENTS.md").symlink_to("docs/rules.md")
    (source,) = (found := await tree.commit().find()).sources
    assert (source.path, source.symlink_target, source.is_tracked, source.is_dirty) == (
        "AGENTS.md",
        "docs/rules.md",
        True,
        False,
    )
    assert codes(found) == []
    tree.add("docs/rules.md", text="Changed.\n")
    assert codes(await tree.find()) == ["I05"]


async def test_a_link_out_of_the_repository_keeps_the_gate_shut(tree: Tree) -> None:
    tree.personal("private/rules.md")
    (tree.root / "AGENTS.md").symlink_to(tree.home / "private" / "rules.md")
    found = await tree.commit().find()
    (source,) = found.sources
    assert (source.symlink_target, source.is_outside, source.is_tracked) == ("~/private/rules.md", True, False)
    assert codes(found) == ["I05", "I08"]
    assert found.stops


@pytest.mark.parametrize("target", ["nowhere.md", "AGENTS.md", "/proc/self/mem"])
async def test_a_link_that_leads_to_nothing_readable_stops(tree: Tree, target: str) -> None:
    (tree.root / "AGENTS.md").symlink_to(target)
    found = await tree.commit().find()
    (conflict,) = told(found, "I15")
    assert conflict.path == "AGENTS.md"
    assert "Move it away" in conflict.message
    assert found.stops


# --- What is not a readable file --------------------------------------------------------------------------------------


async def test_a_directory_in_a_files_place_is_passed_over_and_told(tree: Tree) -> None:
    tree.add("AGENTS.override.md/x", "AGENTS.md").commit()
    found = await tree.find()
    assert loads(found) == [("AGENTS.md", "always")]
    (conflict,) = told(found, "I15")
    assert (conflict.path, conflict.message.startswith("is a directory")) == ("AGENTS.override.md", True)


@pytest.mark.parametrize("tool", Tool)
async def test_a_pipe_in_a_files_place_holds_up_nothing(tree: Tree, tool: Tool) -> None:
    tree.commit()
    for name in ("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules"):
        os.mkfifo(tree.root / name)
    found = await tree.find(tool)
    assert "is not a regular file" in told(found, "I15")[0].message
    assert found.stops


async def test_a_folder_that_does_not_let_anyone_look_keeps_the_gate_shut(tree: Tree) -> None:
    tree.add("AGENTS.md")
    (tree.root / ".github").symlink_to(".github")
    found = await tree.commit().find(Tool.COPILOT)
    assert ".github/copilot-instructions.md" in [conflict.path for conflict in told(found, "I15")]
    assert found.stops


async def test_an_unreadable_override_is_not_called_blank(tree: Tree) -> None:
    tree.add("AGENTS.md").add("AGENTS.override.md", text=b"a" * (FILE_LIMIT + 1)).commit()
    assert codes(await tree.find()) == ["I14", "I15"]


async def test_a_file_that_is_too_large_is_not_read(tree: Tree) -> None:
    tree.add("AGENTS.md", text=b"a" * FILE_LIMIT).commit()
    assert codes(await tree.find()) == ["I03"]
    tree.add("AGENTS.md", text=b"a" * (FILE_LIMIT + 1))
    found = await tree.find()
    assert told(found, "I15")[0].message.startswith("is larger than 4 MiB")
    assert found.sources[0].sha256 is None


async def test_more_files_than_are_read_keep_the_gate_shut(tree: Tree) -> None:
    tree.add(*(f".claude/rules/{number}.md" for number in range(510))).add("CLAUDE.md").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    (conflict,) = told(found, "I15")
    assert "comes after 500 files" in conflict.message
    assert len(found.sources) == 500


@pytest.mark.parametrize("name", ["agents.md", "Agents.md", "AGENTS.MD"])
async def test_a_name_in_other_capitals_is_told(tree: Tree, name: str) -> None:
    found = await tree.add(name).commit().find()
    (conflict,) = told(found, "I13")
    assert conflict.path == name
    assert "is not AGENTS.md" in conflict.message


# --- What the text holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("character", "kind"),
    [("\u202e", "bidi"), ("\u2066", "bidi"), ("\u200b", "zero-width"), ("\U000e0041", "tag"), ("\x1b", "control")],
)
async def test_hidden_characters_keep_the_gate_shut(tree: Tree, character: str, kind: str) -> None:
    tree.add("AGENTS.md", text=f"Rules.\nBe kind{character}.\n").commit()
    (conflict,) = told(found := await tree.find(), "I11")
    assert conflict.message.startswith(f"contains 1 {kind} character(s), the first in line 2")
    assert character not in conflict.message
    assert found.unsettled() == (conflict,)


async def test_what_looks_like_a_secret_is_told_by_its_line_and_never_shown(tree: Tree) -> None:
    tree.add("AGENTS.md", text=f"Rules.\n\nexport GITHUB_TOKEN={TOKEN}\n").commit()
    found = await tree.find()
    (conflict,) = told(found, "I12")
    assert conflict.message.startswith("seems to contain a GitHub token in line 3")
    assert TOKEN[8:20] not in repr(found)


async def test_a_secret_in_a_file_that_is_not_read_is_not_told(tree: Tree) -> None:
    tree.add("AGENTS.md", text=TOKEN).add("AGENTS.override.md").commit()
    assert codes(await tree.find()) == []


# --- Imports ---------------------------------------------------------------------------------------------------------


async def test_imports_follow_their_importer_and_come_once(tree: Tree) -> None:
    tree.add(
        "CLAUDE.md", text="See @docs/a.md and @docs/b.md here, not `@docs/d.md`.\n```\n@docs/d.md\n```\n@alice knows.\n"
    )
    tree.add("docs/a.md", text="@c.md\n").add("docs/b.md", text="@./c.md @../CLAUDE.local.md\n")
    tree.add("docs/c.md", "docs/d.md", "CLAUDE.local.md").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    assert loads(found) == [
        (path, "always") for path in ("CLAUDE.md", "docs/a.md", "docs/c.md", "docs/b.md", "CLAUDE.local.md")
    ]
    assert found.sources[0].imports == ("docs/a.md", "docs/b.md")
    assert codes(found) == []


async def test_what_is_imported_is_read_also_where_a_rule_would_not_load_it(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@AGENTS.md @api/CLAUDE.md\nMore.\n").add("AGENTS.md", "api/CLAUDE.md").commit()
    pinned = await tree.find(Tool.CLAUDE_CODE)
    assert loads(pinned) == [("CLAUDE.md", "always"), ("AGENTS.md", "always"), ("api/CLAUDE.md", "always")]
    assert pinned.primary == "CLAUDE.md"
    tree.add("AGENTS.md", text="Other.\n")
    assert [conflict.path for conflict in await tree.check(pinned)] == ["AGENTS.md"]


async def test_an_import_cycle_ends_and_is_told(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@a.md\n").add("a.md", text="@b.md\n").add("b.md", text="@a.md @CLAUDE.md\n").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    assert loads(found) == [("CLAUDE.md", "always"), ("a.md", "always"), ("b.md", "always")]
    assert found.primary == "CLAUDE.md"
    assert [(c.path, "in a cycle" in c.message) for c in told(found, "I07")] == [("b.md", True), ("b.md", True)]


async def test_a_file_that_imports_itself_through_a_link_is_a_cycle(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@self.md\n")
    (tree.root / "self.md").symlink_to("CLAUDE.md")
    assert codes(await tree.commit().find(Tool.CLAUDE_CODE)) == ["I07"]


@pytest.mark.parametrize(
    ("tool", "name", "hops"),
    [(Tool.CLAUDE_CODE, "CLAUDE.md", 4), (Tool.GEMINI, "GEMINI.md", 5), (Tool.COPILOT, "CLAUDE.md", 8)],
)
async def test_an_import_too_deep_is_not_read(tree: Tree, tool: Tool, name: str, hops: int) -> None:
    tree.add(name, text="@x1.md\n")
    for number in range(1, 10):
        tree.add(f"x{number}.md", text=f"@x{number + 1}.md\n")
    found = await tree.add("x10.md").commit().find(tool)
    assert [path for path, _ in loads(found)] == [name, *(f"x{number}.md" for number in range(1, hops + 1))]
    (conflict,) = told(found, "I07")
    assert conflict.path == f"x{hops}.md"
    assert f"stops at {hops}, it is not read" in conflict.message


@pytest.mark.parametrize("written", ["~/private.md", "../../private.md", "{home}/private.md"])
async def test_an_import_that_leaves_the_repository_keeps_the_gate_shut(tree: Tree, written: str) -> None:
    tree.personal("private.md").add("CLAUDE.md", text=f"@{written.format(home=tree.home)}\n")
    found = await tree.commit().find(Tool.CLAUDE_CODE)
    assert loads(found) == [("CLAUDE.md", "always"), ("~/private.md", "always")]
    assert codes(found) == ["I05", "I07", "I08", "I18"]
    assert found.primary == "CLAUDE.md"
    assert found.stops


async def test_a_personal_file_may_import_what_is_personal(tree: Tree) -> None:
    tree.personal(".claude/CLAUDE.md", text="@style.md\n").personal(".claude/style.md").add("CLAUDE.md").commit()
    assert codes(await tree.find(Tool.CLAUDE_CODE)) == ["I08", "I08"]


async def test_an_import_that_is_not_there_is_told(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@docs/rules.md @docs @" + "x" * 5_000 + ".md\n").add("docs/x").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    assert [c.path for c in told(found, "I07")] == ["CLAUDE.md", "CLAUDE.md"]
    assert "imports docs/rules.md, which is not a file" in told(found, "I07")[0].message


async def test_an_import_with_the_end_of_a_sentence_in_it_is_told(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="Read @docs/rules.md, then begin.\n").add("docs/rules.md").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    assert loads(found) == [("CLAUDE.md", "always")]
    assert "imports docs/rules.md,, which is not a file" in told(found, "I07")[0].message


async def test_codex_follows_no_imports(tree: Tree) -> None:
    found = await tree.add("AGENTS.md", text="@docs/a.md\n").add("docs/a.md").commit().find()
    assert loads(found) == [("AGENTS.md", "always")]


# --- Where it is looked for ------------------------------------------------------------------------------------------


async def test_a_directory_that_is_none_is_refused(tree: Tree, tmp_path: Path) -> None:
    tree.add("AGENTS.md").commit()
    for at in ("AGENTS.md", "nowhere", "x" * 5_000, "AGENTS.md/x"):
        with pytest.raises(InstructionsError, match="is not a directory"):
            await tree.find(at=at)
    with pytest.raises(InstructionsError, match="is not in the repository"):
        await tree.find(at=str(tmp_path))


async def test_without_a_home_it_says_so(tree: Tree) -> None:
    tree.add("AGENTS.md").commit()
    with pytest.raises(InstructionsError, match="set HOME"):
        await tree.find(HOME="")


async def test_the_repository_is_the_nearest_one_upwards(tree: Tree, tmp_path: Path) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md").commit()
    assert repository_of(tree.root / "api") == tree.root.resolve()
    assert repository_of(tmp_path) == tmp_path.resolve()


async def test_names_that_are_no_unicode_are_read(tree: Tree) -> None:
    directory = os.fsdecode(b"caf\xe9\n")
    tree.add("AGENTS.md", f"{directory}/AGENTS.md").commit()
    found = await tree.find(at=directory)
    assert [(s.load, s.is_tracked, s.is_dirty) for s in found.sources] == [(Load.ALWAYS, True, False)] * 2
    assert len(found.effective_sha256) == 64
