"""The real Gemini CLI against the console's rules: what we say reaches the model does, and nothing else.

Each file of a tree holds a word of its own. Gemini CLI runs once in the tree, and the words in what it sends are
compared with what discovery says. The trees from public reports are tried too. It speaks to a mock of the endpoint of
Google: no gateway here has that family.
"""

import json
from pathlib import Path

import pytest
from support.instructions.cases import shapes_of
from support.instructions.marked_tree import Shape, lay_out
from support.referees.agents import Agents, environment, find_agents, gemini_seam, run

from console.domain.instructions.rule import rules_of
from console.domain.instructions.source import Load, Tool

pytestmark = pytest.mark.referee

_SETTINGS = ".gemini/settings.json"

SHAPES = [
    Shape(
        "what is nested and what is above",
        {
            "GEMINI.md": "{M}",
            "api/GEMINI.md": "{M}",
            "api/v1/GEMINI.md": "{M}",
            "AGENTS.md": "{M}",
            "CLAUDE.md": "{M}",
            "api/gemini.md": "{M}",
        },
        at="api",
        home={".gemini/GEMINI.md": "{M}"},
        above={"GEMINI.md": "{M}"},
    ),
    Shape(
        "other names, settings with comments",
        {
            "AGENTS.md": "{M}",
            "GEMINI.md": "{M}",
            "docs/RULES.md": "{M}",
            _SETTINGS: '{ // one\n "context": /* two */ {"fileName": ["AGENTS.md", "docs/RULES.md"]}, "x": "http://a//b"}',
        },
    ),
    Shape(
        "other names without its own",
        {
            "AGENTS.md": "{M}",
            "CONTEXT.md": "{M}",
            "GEMINI.md": "{M}",
        },
        home={_SETTINGS: '{"context": {"fileName": ["AGENTS.md", "CONTEXT.md"]}}'},
    ),
    Shape(
        "the folder of its settings",
        {"GEMINI.md": "{M}", ".gemini/GEMINI.md": "{M}", ".gemini/notes.py": "print()\n"},
        reads=".gemini/notes.py",
    ),
    Shape(
        "settings of the root, started below",
        {
            "AGENTS.md": "{M}",
            "GEMINI.md": "{M}",
            "api/AGENTS.md": "{M}",
            _SETTINGS: '{"context": {"fileName": "AGENTS.md"}}',
        },
        at="api",
    ),
    Shape(
        "settings of a user and of a project",
        {
            "AGENTS.md": "{M}",
            "CONTEXT.md": "{M}",
            _SETTINGS: '{"context": {"fileName": "AGENTS.md"}}',
        },
        home={
            _SETTINGS: '{"context": {"fileName": "CONTEXT.md"}}',
            ".gemini/CONTEXT.md": "{M}",
            ".gemini/AGENTS.md": "{M}",
        },
    ),
    Shape(
        "imports, and their imports",
        {
            "GEMINI.md": "{M} @a.md\n`@b.md`\n```\n@c.md\n```\n<!-- @d.md -->\n@e.md, @~/f.md @../g.md @h.md#part\n"
            "(@i.md)\n**@j.md** [@k.md](x)\n- @l.md\n\n    @m.md\n`x\n@n.md\n` @./o.md @1p.md @x1.md\n",
            **{f"{name}.md": "{M}" for name in ("a", "b", "c", "d", "e", "h", "i", "j", "k", "l", "m", "n", "o", "1p")},
            **{f"x{number}.md": f"{{M}} @x{number + 1}.md" for number in range(1, 8)},
        },
        home={"f.md": "{M}"},
        above={"g.md": "{M}"},
    ),
    Shape("links and blank files", {"AGENTS.md": "{M}", "GEMINI.md": "->AGENTS.md", "api/GEMINI.md": "\n"}, at="api"),
    Shape("no repository", {"GEMINI.md": "{M}", "api/GEMINI.md": "{M}"}, at="api", is_repository=False),
    Shape(
        "a file of git",
        {"GEMINI.md": "{M}", "api/.git": "gitdir: ../.git/worktrees/api\n", "api/GEMINI.md": "{M}"},
        at="api",
    ),
    Shape(
        "other markers of a root, more directories",
        {"GEMINI.md": "{M}", "api/go.mod": "", "api/v1/GEMINI.md": "{M}"},
        at="api/v1",
        home={
            "lib/GEMINI.md": "{M}",
            _SETTINGS: '{"context": {"memoryBoundaryMarkers": ["go.mod"], "includeDirectories": ["~/lib"]}}',
        },
    ),
    Shape(
        "on demand",
        {
            "GEMINI.md": "{M}",
            "api/GEMINI.md": "{M}",
            "api/main.py": "print()\n",
            "web/GEMINI.md": "{M}",
        },
        reads="api/main.py",
    ),
]


@pytest.fixture(scope="module")
def agents() -> Agents:
    """Find the agents, once."""
    return find_agents()


def test_it_is_the_version_that_the_rules_were_tried_with(agents: Agents) -> None:
    installed = json.loads((agents.modules / "@google/gemini-cli/package.json").read_text("utf-8"))["version"]
    assert {rule.basis.version for rule in rules_of(Tool.GEMINI)} == {installed}


@pytest.mark.parametrize("shape", [*SHAPES, *shapes_of("gemini")], ids=str)
async def test_it_reads_what_we_say(agents: Agents, tmp_path: Path, shape: Shape) -> None:
    marked = lay_out(tmp_path, shape)
    tree = marked.tree
    found = await tree.find(Tool.GEMINI, shape.at)
    settings = tree.home / _SETTINGS
    own = json.loads(settings.read_text("utf-8")) if settings.exists() else {}
    quiet = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    tree.put(settings, json.dumps(own | quiet))
    async with gemini_seam(shape.reads) as seam:
        said = await run(
            (*agents.gemini, "-m", "gemini-2.5-flash", "-p", "Say OK."),
            tree.root / shape.at,
            environment(
                tree.home,
                GOOGLE_GEMINI_BASE_URL=seam.base_url,
                GEMINI_API_KEY="none",
                GEMINI_CLI_NO_RELAUNCH="1",
                GEMINI_CLI_TRUST_WORKSPACE="true",
            ),
        )
    assert seam.bodies, said
    assert marked.sent(seam.bodies[0]) == marked.expected(found, Load.ALWAYS), said
    if shape.reads:
        beside = marked.words[str(Path(shape.reads).with_name("GEMINI.md"))]
        assert beside in marked.expected(found, Load.ON_DEMAND)
        assert marked.sent(seam.bodies[-1]) - marked.sent(seam.bodies[0]) == {beside}, said
