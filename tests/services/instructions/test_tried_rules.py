"""What Claude Code and Copilot CLI were seen to read, in trees of the same shapes as those they were tried in."""

import json
from pathlib import Path

import pytest
from support.instructions.tree import Tree, codes, loads, told

from console.domain.instructions.source import Tool


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def project_instructions(value: str) -> str:
    """Return Claude Code's settings with its setting "Project instructions"."""
    return json.dumps({"pluginConfigs": {"agents-md@builtin": {"options": {"instructionFiles": value}}}})


async def read(tree: Tree, tool: Tool = Tool.CLAUDE_CODE, at: str = ".") -> dict[str, str]:
    """Return how each file that the tool may read is loaded."""
    return {path: load for path, load in loads(await tree.commit().find(tool, at)) if load != "shadowed"}


# --- Claude Code: AGENTS.md ------------------------------------------------------------------------------------------


async def test_agents_md_is_read_in_every_directory_above_beyond_the_root(tree: Tree) -> None:
    tree.personal("projects/AGENTS.md", "projects/.claude/AGENTS.md", ".claude/CLAUDE.md")
    tree.add("AGENTS.md", ".claude/AGENTS.md", "api/AGENTS.md", "api/AGENTS.override.md", "api/v1/AGENTS.md")
    assert await read(tree, at="api") == {
        "~/.claude/CLAUDE.md": "always",
        "~/projects/AGENTS.md": "always",
        "~/projects/.claude/AGENTS.md": "always",
        "AGENTS.md": "always",
        ".claude/AGENTS.md": "always",
        "api/AGENTS.md": "always",
        "api/v1/AGENTS.md": "on_demand",
    }


@pytest.mark.parametrize("text", ["\n", "\ufeff\n", "<!-- notes\nfor people -->\n", "---\na: b\n---\n\n"])
async def test_a_claude_md_that_gives_the_model_nothing_hides_nothing(tree: Tree, text: str) -> None:
    found = await tree.add("CLAUDE.md", text=text).add("AGENTS.md").commit().find(Tool.CLAUDE_CODE)
    assert [(s.path, s.load.value, s.effective_bytes) for s in found.sources] == [
        ("CLAUDE.md", "shadowed", 0),
        ("AGENTS.md", "always", 20),
    ]
    (nothing,) = found.conflicts
    assert (nothing.path, nothing.sentence) == (
        "CLAUDE.md",
        "CLAUDE.md never reaches the model: it has no text for it. Fill it, or remove it",
    )
    assert found.primary == "AGENTS.md"


@pytest.mark.parametrize("name", ["CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md", "../CLAUDE.md"])
async def test_a_claude_md_with_text_hides_agents_md_at_and_below_it(tree: Tree, name: str) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md", name)
    assert list(await read(tree)) == ["~/projects/CLAUDE.md" if name.startswith("..") else name]


async def test_below_a_directory_is_hidden_by_its_own_claude_md_alone(tree: Tree) -> None:
    tree.add(
        "AGENTS.md", "api/AGENTS.md", "api/CLAUDE.md", "api/v1/AGENTS.md", "web/AGENTS.md", "web/.claude/rules/a.md"
    )
    tree.add("web/CLAUDE.md", text="\n").add("web/.claude/rules/b.md", text="---\npaths: '*.ts'\n---\nRules.\n")
    assert await read(tree) == {
        "AGENTS.md": "always",
        "api/CLAUDE.md": "on_demand",
        "api/v1/AGENTS.md": "on_demand",
        "web/AGENTS.md": "on_demand",
        "web/.claude/rules/a.md": "on_demand",
        "web/.claude/rules/b.md": "conditional",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("claude-md", ["~/.claude/CLAUDE.md", "CLAUDE.md", "api/CLAUDE.local.md", ".claude/rules/a.md"]),
        (
            "claude-md-and-agents-md",
            [
                "~/.claude/CLAUDE.md",
                "CLAUDE.md",
                "AGENTS.md",
                "api/CLAUDE.local.md",
                "api/AGENTS.md",
                ".claude/rules/a.md",
            ],
        ),
        ("claude-md-or-agents-md", ["~/.claude/CLAUDE.md", "CLAUDE.md", "api/CLAUDE.local.md", ".claude/rules/a.md"]),
        ("managed-only", []),
        ("nonsense", ["~/.claude/CLAUDE.md", "CLAUDE.md", "api/CLAUDE.local.md", ".claude/rules/a.md"]),
    ],
)
async def test_the_users_setting_says_which_files_are_read(tree: Tree, value: str, expected: list[str]) -> None:
    tree.personal(".claude/settings.json", text=project_instructions(value)).personal(".claude/CLAUDE.md")
    tree.add("AGENTS.md", "CLAUDE.md", "api/AGENTS.md", "api/CLAUDE.local.md", ".claude/rules/a.md")
    assert list(await read(tree, at="api")) == expected


async def test_managed_only_still_reads_on_demand(tree: Tree) -> None:
    tree.personal(".claude/settings.json", text=project_instructions("managed-only"))
    tree.add("CLAUDE.md", "api/CLAUDE.md", "api/AGENTS.md", "api/.claude/rules/b.md")
    tree.add(".claude/rules/a.md", text="---\npaths: '*.py'\n---\nRules.\n")
    assert await read(tree) == {
        ".claude/rules/a.md": "conditional",
        "api/CLAUDE.md": "on_demand",
        "api/.claude/rules/b.md": "on_demand",
    }


@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
async def test_the_repository_cannot_choose_but_can_switch_off(tree: Tree, name: str) -> None:
    tree.add("AGENTS.md", "CLAUDE.md").add(f".claude/{name}", text=project_instructions("claude-md-and-agents-md"))
    assert list(await read(tree)) == ["CLAUDE.md"]
    (tree.root / "CLAUDE.md").unlink()
    off = json.dumps({"enabledPlugins": {"agents-md@builtin": False}})
    assert await read(tree.add(f".claude/{name}", text=off)) == {}


async def test_excluded_files_are_not_read_and_hide_nothing(tree: Tree) -> None:
    excluded = json.dumps({"claudeMdExcludes": ["**/shop/CLAUDE.md", "**/rules/**", "**/docs/*.md"]})
    tree.add("CLAUDE.md", ".claude/rules/a.md", "docs/a.md").add("AGENTS.md", text="@docs/a.md\n")
    found = await tree.add(".claude/settings.json", text=excluded).commit().find(Tool.CLAUDE_CODE)
    assert [path for path, load in loads(found) if load == "always"] == ["AGENTS.md"]
    assert [conflict.path for conflict in told(found, "I09")] == ["CLAUDE.md", ".claude/rules/a.md"]
    assert [conflict.path for conflict in told(found, "I07")] == ["AGENTS.md"]


async def test_settings_that_are_no_json_are_told(tree: Tree) -> None:
    found = await tree.add("CLAUDE.md").add(".claude/settings.json", text="{// no\n}").commit().find(Tool.CLAUDE_CODE)
    assert [conflict.path for conflict in told(found, "I15")] == [".claude/settings.json"]


async def test_its_own_directory_may_be_elsewhere(tree: Tree) -> None:
    tree.personal("own/CLAUDE.md", "own/rules/a.md", ".claude/CLAUDE.md").add("CLAUDE.md").commit()
    found = await tree.find(Tool.CLAUDE_CODE, CLAUDE_CONFIG_DIR=f"{tree.home}/own")
    assert [path for path, _ in loads(found)] == [
        "~/own/CLAUDE.md",
        "~/own/rules/a.md",
        "~/.claude/CLAUDE.md",
        "CLAUDE.md",
    ]


# --- Claude Code: imports, rules and bytes ---------------------------------------------------------------------------


async def test_an_import_out_of_the_working_directory_waits_for_its_user(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@AGENTS.md\n").add("AGENTS.md").add("api/CLAUDE.md", text="@a.md\n").add("api/a.md")
    assert codes(await tree.commit().find(Tool.CLAUDE_CODE)) == []
    (asked,) = told(await tree.find(Tool.CLAUDE_CODE, "api"), "I18")
    assert asked.path == "CLAUDE.md"
    assert "imports AGENTS.md" in asked.message
    assert "only after its user has approved" in asked.message


async def test_rules_above_the_root_and_behind_links_are_found(tree: Tree) -> None:
    tree.personal("projects/.claude/rules/above.md", "shared.md").add("docs/rules/a.md")
    (tree.root / ".claude/rules").mkdir(parents=True)
    (tree.root / ".claude/rules/shared").symlink_to("../../docs/rules")
    (tree.root / ".claude/rules/out.md").symlink_to(tree.home / "shared.md")
    found = await tree.commit().find(Tool.CLAUDE_CODE)
    assert loads(found) == [
        ("~/projects/.claude/rules/above.md", "always"),
        (".claude/rules/out.md", "always"),
        (".claude/rules/shared/a.md", "always"),
    ]
    assert [conflict.path for conflict in told(found, "I18")] == [".claude/rules/out.md"]


async def test_comments_and_front_matter_cost_the_model_nothing(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="---\na: b\n---\nRules.\n<!-- a note\nfor people -->\nMore.\n").commit()
    (source,) = (await tree.find(Tool.CLAUDE_CODE)).sources
    assert (source.effective_bytes, source.bytes) == (len("Rules.\nMore.\n"), 53)


async def test_an_ending_that_was_not_imported_rests_on_documentation(tree: Tree) -> None:
    tree.add("CLAUDE.md", text="@style.mdc @style.md @Makefile\n").add("style.mdc", "style.md", "Makefile").commit()
    found = await tree.find(Tool.CLAUDE_CODE)
    assert {source.path: source.basis.is_tried for source in found.sources} == {
        "CLAUDE.md": True,
        "style.mdc": False,
        "style.md": True,
        "Makefile": True,
    }
    assert "did not read a file with this ending when it was tried" in told(found, "I07")[0].message
    assert "style.mdc is from documentation, not tried" in told(found, "I19")[0].message


# --- Copilot ---------------------------------------------------------------------------------------------------------

_RULES = ".github/instructions"


async def test_copilot_reads_each_directory_from_the_root_down(tree: Tree) -> None:
    names = ("AGENTS.md", ".github/copilot-instructions.md", "CLAUDE.md", "GEMINI.md", ".claude/CLAUDE.md")
    for folder in ("", "a/", "a/b/", "a/b/c/"):
        tree.add(
            *(folder + name for name in names), f"{folder}{_RULES}/x.instructions.md", f"{folder}.claude/rules/y.md"
        )
    tree.personal("projects/AGENTS.md", ".copilot/instructions/deep/z.instructions.md")
    always = {path for path, load in (await read(tree, Tool.COPILOT, "a/b")).items() if load == "always"}
    assert always == {
        "~/.copilot/instructions/deep/z.instructions.md",
        *(folder + name for folder in ("", "a/", "a/b/") for name in names[:4]),
        "a/.claude/CLAUDE.md",
        *(f"{folder}{_RULES}/x.instructions.md" for folder in ("", "a/b/")),
        *(f"{folder}.claude/rules/y.md" for folder in ("", "a/b/")),
    }


async def test_copilot_finds_names_in_any_capitals(tree: Tree) -> None:
    tree.add("agents.md", ".github/Copilot-Instructions.md", f"{_RULES}/A.INSTRUCTIONS.MD", "claude.md", "CLAUDE.md")
    found = await tree.commit().find(Tool.COPILOT)
    assert [path for path, _ in loads(found)] == [
        "agents.md",
        ".github/Copilot-Instructions.md",
        "CLAUDE.md",
        f"{_RULES}/A.INSTRUCTIONS.MD",
    ]
    assert told(found, "I13") == []


async def test_copilot_follows_imports_within_the_project_and_not_in_every_file(tree: Tree) -> None:
    tree.personal("out.md").add("AGENTS.md", text="@a.md @../../out.md\n").add("GEMINI.md", text="@b.md\n")
    tree.add(f"{_RULES}/x.instructions.md", text="@c.md\n").add("a.md", "b.md", f"{_RULES}/c.md").commit()
    found = await tree.find(Tool.COPILOT)
    assert [path for path, load in loads(found) if load == "always"] == [
        "AGENTS.md",
        "a.md",
        "GEMINI.md",
        f"{_RULES}/x.instructions.md",
    ]
    assert "from outside the project: Copilot does not read it" in told(found, "I07")[0].message


async def test_copilot_obeys_who_a_file_excludes(tree: Tree) -> None:
    tree.add("AGENTS.md")
    tree.add(f"{_RULES}/a.instructions.md", text="---\nexcludeAgent: cloud-agent\n---\nRules.\n").commit()
    (ignored,) = told(await tree.find(Tool.COPILOT), "I09")
    assert "excludeAgent" in ignored.message


async def test_copilot_without_a_repository_reads_the_directory_alone(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md")
    assert loads(await tree.find(Tool.COPILOT, "api")) == [("api/AGENTS.md", "always")]


# --- What was not tried ----------------------------------------------------------------------------------------------


async def test_what_is_from_documentation_is_told_once_for_each_document(tree: Tree) -> None:
    tree.add("AGENTS.md", *(f".cursor/rules/{name}.mdc" for name in "abc"), "CLAUDE.md").commit()
    found = await tree.find(Tool.CURSOR)
    assert all(not source.basis.is_tried and source.basis.source_url for source in found.sources)
    rules, cli = told(found, "I19")
    assert "and 1 more is from documentation, not tried (https://cursor.com/docs/rules, read on 20" in rules.message
    assert "CLAUDE.md" in cli.message
    assert not found.stops
