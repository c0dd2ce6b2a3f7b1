"""Front matter: its keys, and what it says about when a tool loads a file."""

import json
from pathlib import Path

import pytest

from console.domain.instructions.front_matter import LOADING, front_matter
from console.domain.instructions.source import Load


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nglobs: *.ts, *.tsx\n---\n", {"globs": ("*.ts", "*.tsx")}),
        ('---\napplyTo: "**/*.py"\ndescription:\n---', {"applyTo": ("**/*.py",), "description": ()}),
        ("---\npaths:\n  - 'a/**'\n- b/**\n---\n", {"paths": ("a/**", "b/**")}),
        ("---\npaths: ['a', \"b\"]\n# no: key\n  nested: x\n---\n", {"paths": ("a", "b")}),
        ("---\nglobs: src/*.{ts,tsx}, b\n---\n", {"globs": ("src/*.{ts,tsx}", "b")}),
        ("---\na: 'b' # why\nc: d # why\n---\n", {"a": ("b",), "c": ("d",)}),
        ("\ufeff---\r\na: b\r\n---\r\n", {"a": ("b",)}),
        ("---\na: b\n", {}),
        ("\n---\na: b\n---\n", {}),
        ("", {}),
    ],
)
def test_front_matter_is_read_as_tools_document_it(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert front_matter(text) == expected


@pytest.mark.parametrize(
    ("tool", "front", "load"),
    [
        ("claude_code", "", Load.ALWAYS),
        ("claude_code", "description: x", Load.ALWAYS),
        ("claude_code", "paths:", Load.ALWAYS),
        ("claude_code", 'paths: "**"', Load.ALWAYS),
        ("claude_code", "paths: [a\nfoo", Load.ALWAYS),
        ("claude_code", "paths: true", Load.ALWAYS),
        ("claude_code", 'paths: "**/*"', Load.CONDITIONAL),
        ("claude_code", 'paths: "*"', Load.CONDITIONAL),
        ("claude_code", 'paths: "**, src/**"', Load.CONDITIONAL),
        ("claude_code", "paths: **/*.py", Load.CONDITIONAL),
        ("claude_code", "Paths: src/**", Load.ALWAYS),
        ("copilot", "", Load.ALWAYS),
        ("copilot", "description: x", Load.ALWAYS),
        ("copilot", "applyTo: **", Load.ALWAYS),
        ("copilot", "applyTo: '**' # all", Load.ALWAYS),
        ("copilot", 'applyTo: "**/*"', Load.ALWAYS),
        ("copilot", 'applyTo: "*"', Load.ALWAYS),
        ("copilot", 'applyTo:\n  - "**"', Load.ALWAYS),
        ("copilot", "applyTo:", Load.ALWAYS),
        ("copilot", "applyto: src/**", Load.ALWAYS),
        ("copilot", 'applyTo: "**, src/**"', Load.CONDITIONAL),
        ("copilot", 'applyTo: "./**"', Load.CONDITIONAL),
        ("copilot", "applyTo: src/**", Load.CONDITIONAL),
        ("copilot", "paths: src/**", Load.CONDITIONAL),
        ("copilot", 'applyTo: "**"\nexcludeAgent: "code-review"', Load.ALWAYS),
        ("copilot", 'applyTo: "**"\nexcludeAgent: "coding-agent"', Load.SHADOWED),
        ("copilot", 'excludeAgent: ["cloud-agent", "code-review"]', Load.SHADOWED),
        ("cursor", "", Load.ON_DEMAND),
        ("cursor", "alwaysApply: true", Load.ALWAYS),
        ("cursor", "alwaysApply: true # always", Load.ALWAYS),
        ("cursor", "alwaysApply: True", Load.ALWAYS),
        ("cursor", 'alwaysApply: "true"', Load.ON_DEMAND),
        ("cursor", "alwaysApply: 'true'\nglobs: '*.py'", Load.CONDITIONAL),
        ("cursor", "alwaysApply: yes", Load.ON_DEMAND),
        ("cursor", "alwaysApply: [true]", Load.ON_DEMAND),
        ("cursor", "globs: *.py\nalwaysApply: false", Load.CONDITIONAL),
        ("cursor", "globs:\ndescription: x\nalwaysApply: false", Load.ON_DEMAND),
    ],
)
def test_front_matter_decides_when_a_file_is_loaded(tool: str, front: str, load: Load) -> None:
    text = f"---\n{front}\n---\nRules.\n" if front else "Rules.\n"
    assert LOADING[tool](text).load is load


SHAPES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data/front_matter_shapes.jsonl").read_text("utf-8").splitlines()
]
"""What the real agents made of front matter that is right, wrong, and in between."""


@pytest.mark.parametrize(("tool", "key"), [("claude_code", "paths"), ("copilot", "applyTo"), ("copilot", "paths")])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["id"])
def test_front_matter_is_read_as_the_agent_reads_it(shape: dict[str, str], tool: str, key: str) -> None:
    text = shape["text"].replace("KEY", key).replace("Key", key.capitalize())
    assert LOADING[tool](text).load.value == shape[tool]


@pytest.mark.parametrize("tool", ["claude_code", "copilot"])
@pytest.mark.parametrize(
    ("front", "is_broken"),
    [
        ("paths:\n  - **/*.ts", True),
        ('paths:\n  - "src/**\n  - lib/**', True),
        ("paths:\n  - src/**\n - lib/**", True),
        ('paths:\n  - "src\\lib"', True),
        ("paths:\n  - src/**", False),
        ("paths: **/*.ts", False),
        ("paths:", False),
        ("paths: [1, true]", False),
        ("description: 'it", False),
        ("description: x\nglobs: **", False),
    ],
)
def test_a_file_that_is_loaded_because_its_front_matter_is_broken_is_known(
    tool: str, front: str, is_broken: bool
) -> None:
    assert LOADING[tool](f"---\n{front}\n---\nRules.\n").is_broken is is_broken
