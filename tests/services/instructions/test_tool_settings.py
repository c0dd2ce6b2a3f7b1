"""What each tool reads: a golden tree for every row of its table."""

from pathlib import Path

import pytest
from support.instructions.tree import Tree, codes, loads, told

from console.domain.instructions.source import Load, Tool, WhyNever


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


# --- Codex -----------------------------------------------------------------------------------------------------------


async def test_codex_reads_the_chain_root_first_and_nothing_below(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md", "api/v1/AGENTS.md", "web/AGENTS.md").commit()
    found = await tree.find(at="api")
    assert loads(found) == [("AGENTS.md", "always"), ("api/AGENTS.md", "always")]
    assert [source.scope for source in found.sources] == ["**", "api/**"]
    assert found.primary == "api/AGENTS.md"
    assert found.conflicts == ()
    assert not found.stops


async def test_codex_takes_the_first_global_file_with_text(tree: Tree) -> None:
    tree.personal(".codex/AGENTS.override.md", text=" \n").personal(".codex/AGENTS.md").add("AGENTS.md").commit()
    found = await tree.find()
    assert [(s.path, s.effective_bytes > 0) for s in found.sources] == [
        ("~/.codex/AGENTS.override.md", False),
        ("~/.codex/AGENTS.md", True),
        ("AGENTS.md", True),
    ]
    assert found.primary == "AGENTS.md"
    (personal,) = told(found, "I08")
    assert personal.path == "~/.codex/AGENTS.md"
    assert not found.stops


async def test_codex_finds_its_home_where_the_environment_says(tree: Tree, tmp_path: Path) -> None:
    tree.put(tmp_path / "elsewhere" / "AGENTS.md", "Wishes.\n")
    tree.personal(".codex/AGENTS.md").add("AGENTS.md").commit()
    found = await tree.find(CODEX_HOME=str(tmp_path / "elsewhere"))
    assert loads(found) == [("(outside)/AGENTS.md", "always"), ("AGENTS.md", "always")]
    assert str(tmp_path) not in repr(found)


async def test_an_override_stands_before_the_file_beside_it(tree: Tree) -> None:
    tree.add("AGENTS.md", "AGENTS.override.md").commit()
    found = await tree.find()
    assert loads(found) == [("AGENTS.override.md", "always"), ("AGENTS.md", "shadowed")]
    assert codes(found) == []


async def test_an_empty_override_still_shadows(tree: Tree) -> None:
    tree.add("AGENTS.md").add("AGENTS.override.md", text="\n").commit()
    found = await tree.find()
    assert loads(found) == [("AGENTS.override.md", "shadowed"), ("AGENTS.md", "shadowed")]
    assert [source.why_never for source in found.sources] == [WhyNever.NO_TEXT, WhyNever.OVERRIDDEN]
    (shadowing,) = told(found, "I04")
    assert shadowing.path == "AGENTS.override.md"
    assert codes(found) == ["I04", "I14"]
    assert found.stops


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((32_768,), [("AGENTS.md", "always", 32_768)]),
        ((32_769,), [("AGENTS.md", "truncated", 32_768)]),
        ((40_000,), [("AGENTS.md", "truncated", 32_768)]),
        ((32_768, 5), [("AGENTS.md", "always", 32_768), ("api/AGENTS.md", "shadowed", 0)]),
        ((30_000, 5_000), [("AGENTS.md", "always", 30_000), ("api/AGENTS.md", "truncated", 2_768)]),
    ],
)
async def test_codex_reads_32_kib_of_the_whole_chain(
    tree: Tree, sizes: tuple[int, ...], expected: list[tuple[str, str, int]]
) -> None:
    for path, size in zip(("AGENTS.md", "api/AGENTS.md"), sizes, strict=False):
        tree.add(path, text="a" * size)
    tree.add("api/main.py").commit()
    found = await tree.find(at="api")
    assert [(s.path, s.load.value, s.effective_bytes) for s in found.sources] == expected
    cut = [path for path, load, _ in expected if load != "always"]
    assert [conflict.path for conflict in told(found, "I03")] == cut


async def test_what_is_cut_is_told_with_how_many_bytes_are_lost(tree: Tree) -> None:
    tree.add("AGENTS.md", text="a" * 40_000).commit()
    (cut,) = told(await tree.find(), "I03")
    assert cut.message.startswith("loses 7,232 of 40,000 bytes: Codex reads 32,768 bytes")


async def test_blank_files_cost_none_of_the_budget(tree: Tree) -> None:
    tree.add("AGENTS.md", text=" " * 32_768).add("api/AGENTS.md", text="a" * 32_768).commit()
    found = await tree.find(at="api")
    assert [(s.load, s.effective_bytes) for s in found.sources] == [(Load.SHADOWED, 0), (Load.ALWAYS, 32_768)]
    assert found.sources[0].why_never is WhyNever.NO_TEXT


async def test_what_no_budget_is_left_for_never_reaches_the_model(tree: Tree) -> None:
    tree.personal(".codex/config.toml", text="project_doc_max_bytes = 20\n").personal(".codex/AGENTS.md")
    tree.add("AGENTS.md", text="Rules of the shop.\n\n").add("api/AGENTS.md", "api/v1/AGENTS.md").commit()
    found = await tree.find(at="api/v1")
    assert [(s.load, s.effective_bytes, s.why_never) for s in found.sources[1:]] == [
        (Load.ALWAYS, 20, None),
        (Load.SHADOWED, 0, WhyNever.OVER_BUDGET),
        (Load.SHADOWED, 0, WhyNever.OVER_BUDGET),
    ]
    cut = told(found, "I03")
    assert [conflict.path for conflict in cut] == ["api/AGENTS.md", "api/v1/AGENTS.md"]
    assert cut[1].message.startswith(
        "loses all of its 27 bytes: Codex reads 20 bytes of all project files together, and AGENTS.md uses them up"
    )


async def test_codex_follows_its_own_settings(tree: Tree) -> None:
    tree.personal(
        ".codex/config.toml",
        text='project_doc_max_bytes = 10\nproject_doc_fallback_filenames = ["RULES.md", "../x"]\n'
        'project_root_markers = ["pyproject.toml"]\n',
    )
    tree.add("AGENTS.md", "api/pyproject.toml", "api/RULES.md", "api/v1/AGENTS.md").commit()
    found = await tree.find(at="api/v1")
    assert [(s.path, s.effective_bytes) for s in found.sources] == [("api/RULES.md", 10), ("api/v1/AGENTS.md", 0)]


async def test_codex_reads_no_project_file_where_the_budget_is_none(tree: Tree) -> None:
    tree.personal(".codex/config.toml", text="project_doc_max_bytes = 0\n").add("AGENTS.md").commit()
    found = await tree.find()
    assert codes(found) == ["I03", "I14"]
    assert "reads 0 bytes of all project files together. Shorten it, or raise" in told(found, "I03")[0].message


async def test_settings_that_cannot_be_read_keep_the_gate_shut(tree: Tree) -> None:
    tree.personal(".codex/config.toml", text="this is = = no toml").add("AGENTS.md").commit()
    found = await tree.find()
    (conflict,) = told(found, "I15")
    assert conflict.path == "~/.codex/config.toml"
    assert found.stops


async def test_without_a_repository_codex_reads_the_directory_alone(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md")
    found = await tree.find(at="api")
    assert loads(found) == [("api/AGENTS.md", "always")]
    (conflict,) = told(found, "I05")
    assert "is not in a git repository" in conflict.message
    assert found.git.value == "no_repository"


# --- Claude Code -----------------------------------------------------------------------------------------------------


async def test_claude_code_reads_from_the_machine_down_to_the_directory(tree: Tree) -> None:
    tree.put(tree.managed / "claude-code" / "CLAUDE.md", "The company's.\n")
    tree.personal(".claude/CLAUDE.md", ".claude/rules/style.md", "projects/CLAUDE.md")
    tree.add("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md", "api/CLAUDE.md", "api/v1/CLAUDE.md", "web/CLAUDE.md")
    tree.add(".claude/rules/tests/all.md", text="---\npaths:\n  - 'tests/**'\n  - '*.{ts,tsx}'\n---\nRules.\n")
    tree.commit()
    found = await tree.find(Tool.CLAUDE_CODE, "api")
    assert loads(found) == [
        (str(tree.managed / "claude-code" / "CLAUDE.md"), "always"),
        ("~/.claude/CLAUDE.md", "always"),
        ("~/.claude/rules/style.md", "always"),
        ("~/projects/CLAUDE.md", "always"),
        ("CLAUDE.md", "always"),
        (".claude/CLAUDE.md", "always"),
        ("CLAUDE.local.md", "always"),
        ("api/CLAUDE.md", "always"),
        (".claude/rules/tests/all.md", "conditional"),
        ("api/v1/CLAUDE.md", "on_demand"),
    ]
    assert {s.path: s.scope for s in found.sources}[".claude/rules/tests/all.md"] == "tests/**,*.{ts,tsx}"
    assert found.primary == "api/CLAUDE.md"
    assert codes(found) == [*["I08"] * 4, "I19"]


async def test_claude_code_reads_agents_md_only_where_there_is_no_claude_md(tree: Tree) -> None:
    tree.add("AGENTS.md", "AGENTS.override.md").commit()
    alone = await tree.find(Tool.CLAUDE_CODE)
    assert loads(alone) == [("AGENTS.md", "always")]
    assert [conflict.path for conflict in told(alone, "I01")] == ["AGENTS.override.md"]
    tree.add("CLAUDE.md").commit()
    beside = await tree.find(Tool.CLAUDE_CODE)
    assert loads(beside) == [("CLAUDE.md", "always"), ("AGENTS.md", "shadowed")]
    assert [conflict.path for conflict in told(beside, "I02")] == ["AGENTS.md"]


async def test_an_agents_md_below_a_claude_md_is_not_read_and_told(tree: Tree) -> None:
    tree.add("CLAUDE.md", "api/AGENTS.md").commit()
    found = await tree.find(Tool.CLAUDE_CODE, "api")
    assert loads(found) == [("CLAUDE.md", "always"), ("api/AGENTS.md", "shadowed")]
    (conflict,) = found.conflicts
    assert (conflict.code.value, conflict.path) == ("I02", "api/AGENTS.md")
    assert "in its directory or above" in conflict.message


@pytest.mark.parametrize("kind", ["import", "link", "copy"])
async def test_claude_md_that_only_leads_to_agents_md_is_no_conflict(tree: Tree, kind: str) -> None:
    tree.add("AGENTS.md")
    if kind == "link":
        (tree.root / "CLAUDE.md").symlink_to("AGENTS.md")
    else:
        tree.add("CLAUDE.md", text="@AGENTS.md\n" if kind == "import" else "Rules of AGENTS.md.\n")
    tree.commit()
    for tool in (Tool.CODEX, Tool.CLAUDE_CODE, Tool.COPILOT):
        assert codes(await tree.find(tool)) == []
    beside = ("AGENTS.md", "always" if kind == "import" else "shadowed")
    assert loads(await tree.find(Tool.CLAUDE_CODE)) == [("CLAUDE.md", "always"), beside]


async def test_claude_code_has_no_reader_for_some_files_in_its_folder(tree: Tree) -> None:
    tree.add("CLAUDE.md", ".claude/CLAUDE.local.md", ".claude/rules/style.mdc", "api/main.py").commit()
    found = await tree.find(Tool.CLAUDE_CODE, "api")
    assert [conflict.path for conflict in told(found, "I09")] == [".claude/CLAUDE.local.md", ".claude/rules/style.mdc"]
    assert ("CLAUDE.md", "always") in loads(found)


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        (Tool.CLAUDE_CODE, ".claude/CLAUDE.local.md"),
        (Tool.COPILOT, ".github/AGENTS.md"),
        (Tool.COPILOT, ".github/CLAUDE.md"),
        (Tool.GEMINI, ".gemini/GEMINI.md"),
    ],
)
async def test_in_the_working_directory_such_a_file_is_read_on_demand(tree: Tree, tool: Tool, path: str) -> None:
    found = await tree.add("AGENTS.md", "GEMINI.md", path).add("api/main.py").commit().find(tool)
    assert (path, "on_demand") in loads(found)
    (only,) = told(found, "I09")
    assert only.path == path
    assert only.message.startswith("is read only when the agent works on a file in the same folder: ")
    assert (path, "shadowed") in loads(await tree.find(tool, "api"))


# --- Copilot ---------------------------------------------------------------------------------------------------------


async def test_copilot_reads_all_of_its_files_together(tree: Tree) -> None:
    tree.personal(".copilot/copilot-instructions.md")
    tree.add("AGENTS.md", "api/AGENTS.md", ".github/copilot-instructions.md", "GEMINI.md", "api/v1/AGENTS.md")
    tree.add(".github/instructions/py.instructions.md", text='---\napplyTo: "**/*.py,**/*.pyi"\n---\nRules.\n')
    tree.add("api/.github/instructions/sql.instructions.md", text="---\napplyTo: '**/*.sql'\n---\nRules.\n")
    tree.commit()
    found = await tree.find(Tool.COPILOT, "api")
    assert loads(found) == [
        ("~/.copilot/copilot-instructions.md", "always"),
        ("AGENTS.md", "always"),
        ("api/AGENTS.md", "always"),
        (".github/copilot-instructions.md", "always"),
        ("GEMINI.md", "always"),
        (".github/instructions/py.instructions.md", "conditional"),
        ("api/.github/instructions/sql.instructions.md", "conditional"),
        ("api/v1/AGENTS.md", "on_demand"),
    ]
    assert found.primary == "AGENTS.md"
    assert codes(found) == ["I08"]


async def test_copilot_reads_the_directories_that_the_environment_names(tree: Tree) -> None:
    tree.add("AGENTS.md").personal("more/AGENTS.md", "more/deep/a.instructions.md", "b/b.instructions.md").commit()
    found = await tree.find(Tool.COPILOT, COPILOT_CUSTOM_INSTRUCTIONS_DIRS=f"{tree.home}/more, ,../../b")
    assert loads(found) == [
        ("AGENTS.md", "always"),
        ("~/more/deep/a.instructions.md", "always"),
        ("~/b/b.instructions.md", "always"),
        ("~/more/AGENTS.md", "shadowed"),
    ]
    assert [conflict.path for conflict in told(found, "I09")] == ["~/more/AGENTS.md"]


async def test_copilot_files_with_the_same_globs_and_without_any(tree: Tree) -> None:
    tree.add("AGENTS.md")
    for name, globs in (("a", "applyTo: '*.py, *.js'"), ("b", "applyTo: '*.js,*.py'"), ("c", "description: x")):
        tree.add(f".github/instructions/{name}.instructions.md", text=f"---\n{globs}\n---\nRules.\n")
    tree.add(".github/instructions/d.md").commit()
    found = await tree.find(Tool.COPILOT)
    (same,) = told(found, "I10")
    assert same.path == ".github/instructions/b.instructions.md"
    assert "instructions/a.instructions.md" in same.message
    ignored = [conflict.path for conflict in told(found, "I09")]
    assert ignored == [".github/instructions/d.md"]
    assert (".github/instructions/c.instructions.md", "always") in loads(found)


# --- Cursor ----------------------------------------------------------------------------------------------------------


async def test_cursor_reads_rules_by_their_front_matter(tree: Tree) -> None:
    tree.add(".cursor/rules/a.mdc", text="---\nalwaysApply: true\nglobs: '*.py'\n---\nRules.\n")
    tree.add(".cursor/rules/b.mdc", text="---\nglobs: *.ts, *.tsx\nalwaysApply: false\n---\nRules.\n")
    tree.add(".cursor/rules/c/d.mdc", text="---\ndescription: how we name\n---\nRules.\n")
    tree.add(".cursor/rules/e.md", "AGENTS.md", ".cursorrules", "api/AGENTS.md", "api/.cursor/rules/f.mdc").commit()
    found = await tree.find(Tool.CURSOR)
    assert loads(found) == [
        (".cursor/rules/a.mdc", "always"),
        (".cursor/rules/b.mdc", "conditional"),
        (".cursor/rules/c/d.mdc", "on_demand"),
        ("AGENTS.md", "always"),
        (".cursorrules", "always"),
        ("api/AGENTS.md", "on_demand"),
        ("api/.cursor/rules/f.mdc", "on_demand"),
        (".cursor/rules/e.md", "shadowed"),
    ]
    assert {s.path: s.scope for s in found.sources}[".cursor/rules/b.mdc"] == "*.ts,*.tsx"
    (ignored,) = told(found, "I09")
    assert ignored.path == ".cursor/rules/e.md"
    assert "rename it" in ignored.message


# --- Gemini CLI ------------------------------------------------------------------------------------------------------


async def test_gemini_reads_its_own_name_up_to_the_root_and_below_on_demand(tree: Tree) -> None:
    tree.personal(".gemini/GEMINI.md").add("GEMINI.md", "api/GEMINI.md", "api/v1/GEMINI.md", "AGENTS.md").commit()
    found = await tree.find(Tool.GEMINI, "api")
    assert loads(found) == [
        ("~/.gemini/GEMINI.md", "always"),
        ("GEMINI.md", "always"),
        ("api/GEMINI.md", "always"),
        ("api/v1/GEMINI.md", "on_demand"),
    ]
    assert [conflict.path for conflict in told(found, "I01")] == ["AGENTS.md"]


@pytest.mark.parametrize("names", ['"AGENTS.md"', '["AGENTS.md", "CONTEXT.md"]'])
async def test_gemini_reads_other_names_too_where_its_settings_say_so(tree: Tree, names: str) -> None:
    tree.add(".gemini/settings.json", text=f'{{"context": {{"fileName": {names}}}}}').add("AGENTS.md", "GEMINI.md")
    found = await tree.commit().find(Tool.GEMINI)
    assert loads(found) == [("AGENTS.md", "always"), ("GEMINI.md", "always")]


# --- The convention --------------------------------------------------------------------------------------------------


async def test_by_the_convention_the_nearest_file_wins(tree: Tree) -> None:
    tree.add("AGENTS.md", "api/AGENTS.md", "api/v1/AGENTS.md", "web/AGENTS.md").commit()
    found = await tree.find(Tool.AGENTS_MD, "api")
    assert loads(found) == [("AGENTS.md", "shadowed"), ("api/AGENTS.md", "always"), ("api/v1/AGENTS.md", "on_demand")]
    assert found.primary == "api/AGENTS.md"


@pytest.mark.parametrize("tool", Tool)
async def test_a_repository_without_instructions_keeps_the_gate_shut(tree: Tree, tool: Tool) -> None:
    tree.add("README.md").commit()
    found = await tree.find(tool)
    assert (found.sources, found.primary, codes(found)) == ((), None, ["I14"])
    assert found.stops


async def test_what_packages_bring_along_is_not_looked_into(tree: Tree) -> None:
    tree.add("AGENTS.md", "node_modules/x/AGENTS.md", "lib/AGENTS.md").commit()
    assert [path for path, _ in loads(await tree.find(Tool.AGENTS_MD))] == ["AGENTS.md", "lib/AGENTS.md"]
