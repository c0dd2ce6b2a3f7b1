"""What each tool imports from a text, and what of the text reaches its model, as the real agents were seen to do."""

import pytest

from console.domain.instructions.imports import imports_of, model_text
from console.domain.instructions.source import Tool


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@AGENTS.md", ("AGENTS.md",)),
        ("See @./a.md and @~/b.md and @/c.md\n- @d.md", ("./a.md", "~/b.md", "/c.md", "d.md")),
        ("@docs/with\\ space.md @a.md#part @a.md", ("docs/with space.md", "a.md")),
        ("write to a@example.org or @@x or @#y or @", ()),
        ("`@a.md` ``x ` @b.md`` @c.md `not closed @d.md", ("c.md", "d.md")),
        ("x`@a.md ``@b.md`", ()),
        ("`more\n@a.md` @b.md", ("b.md",)),
        ("```sh\n@a.md\n```\n@b.md", ("b.md",)),
        ("````\n```\n@a.md\n````\n@b.md", ("b.md",)),
        ("~~~\n@a.md\n```\n@b.md", ()),
        ("```\n@a.md\n``` x\n@b.md\n```\n@c.md", ("c.md",)),
        ("> ```\n> @a.md\n> ```\n- ```\n  @b.md\n  ```\n@c.md", ("c.md",)),
        ("text\n\n    @a.md\n\n\t@b.md\n@c.md", ("c.md",)),
        ("- item\n\n    @a.md\n", ("a.md",)),
        ("<!-- @a.md\n@b.md --> @c.md", ("c.md",)),
        ("text <!-- @a.md --> @b.md\n", ("b.md",)),
        ("Write `<!--` first and `-->` last: @a.md\n", ("a.md",)),
        ("**@a.md** *@b.md* ***@c.md*** _see @d.md_ [@e.md](x) <b>@f.md</b>", tuple(f"{n}.md" for n in "abcdef")),
        ("see __Read @a.md first__ and @my_notes_v2.md", ("a.md", "my_notes_v2.md")),
        ('(@a.md) "@b.md" x:@c.md \\@d.md ~~@e.md~~ [x](@f.md)', ()),
        ("---\nkey: @a.md\n---\n@b.md", ("b.md",)),
        ("@a\0b.md", ()),
    ],
)
def test_claude_code_imports_from_running_text(text: str, expected: tuple[str, ...]) -> None:
    assert imports_of(Tool.CLAUDE_CODE, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@a.md\n`x\n@b.md\n` @c.md\n\n    @d.md", ("a.md", "c.md", "d.md")),
        ("**@a.md** [@b.md](x) (@c.md) > @d.md\n- @e.md", ("d.md", "e.md")),
        ("<!-- @a.md --> @_b.md @1c.md @-d.md @.x/e.md @./f.md @/g.md", ("a.md", ".x/e.md", "./f.md", "/g.md")),
        ("@~/a.md @@b.md @c.md#part @d.md,", ("c.md#part", "d.md,")),
        ("``` @a.md\n@b.md", ("a.md", "b.md")),
        ("``` `@a.md` @b.md ``` @c.md", ("c.md",)),
        ("``` @a.md `` @b.md", ("b.md",)),
        ("x```` @a.md", ("a.md",)),
    ],
)
def test_gemini_imports_from_all_but_code(text: str, expected: tuple[str, ...]) -> None:
    assert imports_of(Tool.GEMINI, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@a.md (@b.md) "@c.md" [x](@d.md) @e.md, @f.md.', tuple(f"{name}.md" for name in "abcdef")),
        ("<!-- @a.md -->\n\n    @b.md\n> @src/c.py", ("a.md", "b.md", "src/c.py")),
        ("`@a.md` ``@b.md``\n```\n@c.md\n```\n@~/d.md @/e.md @f.md#part **@g.md** @noext", ()),
    ],
)
def test_copilot_imports_whatever_looks_like_a_file(text: str, expected: tuple[str, ...]) -> None:
    assert imports_of(Tool.COPILOT, text) == expected


@pytest.mark.parametrize("tool", [Tool.CODEX, Tool.CURSOR, Tool.AGENTS_MD])
def test_the_others_import_nothing(tool: Tool) -> None:
    assert imports_of(tool, "@a.md") == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <!-- inline --> b\n", "a <!-- inline --> b\n"),
        ("a\n\n<!-- block\nmore -->\n\nb\n", "a\n\nb\n"),
        ("a\n<!-- between -->\nb\n", "a\nb\n"),
        ("<!-- a --> rest\n", " rest\n"),
        ("- <!-- in a list -->\n  <!-- and here -->\n", "- <!-- in a list -->\n  <!-- and here -->\n"),
        ("> <!-- quoted -->\n", "> <!-- quoted -->\n"),
        ("```\n<!-- code -->\n```\n    <!-- code -->\n", "```\n<!-- code -->\n```\n    <!-- code -->\n"),
        ("`<!-- code -->`\n", "`<!-- code -->`\n"),
        ("<!-- without an end\n", "<!-- without an end\n"),
        ("<!-- a --><!-- b -->\n", ""),
        ("---\na: b\n---\n<!-- c -->\n", ""),
        ("\n", "\n"),
    ],
)
def test_claude_code_removes_front_matter_and_block_comments(text: str, left: str) -> None:
    assert model_text(Tool.CLAUDE_CODE, text) == left


@pytest.mark.parametrize("tool", [tool for tool in Tool if tool is not Tool.CLAUDE_CODE])
def test_the_others_give_their_model_all_of_a_text(tool: Tool) -> None:
    text = "---\na: b\n---\n<!-- c -->\n"
    assert model_text(tool, text) == text
