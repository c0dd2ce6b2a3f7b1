"""The real Codex and Gemini CLI against the console's rules: what we say reaches the model does, and nothing else.

Each file of a tree holds a word of its own. The agent runs once in the tree, and the words in what it sends are
compared with what discovery says. Codex speaks to the embedded gateway; Gemini CLI to a mock of Google's endpoint,
because the embedded gateway has no such family.
"""

import json
from pathlib import Path

import pytest
from support.instructions.marked_tree import MarkedTree, Shape, lay_out
from support.referees.agents import Agents, environment, find_agents, gemini_seam, run
from support.referees.forwarder import forward_to

from console.domain.instructions.rule import rules_of
from console.domain.instructions.source import InstructionSet, Load, Tool
from console.simulator.server import Listening

pytestmark = pytest.mark.referee

_FILL = "a" * 32_000
_SETTINGS = ".gemini/settings.json"

CODEX = [
    Shape(
        "an override, what is nested and what is above",
        {
            "AGENTS.md": "{M}",
            "AGENTS.override.md": "{M}",
            "api/AGENTS.md": "{M}",
            "api/v1/AGENTS.md": "{M}",
            "web/AGENTS.md": "{M}",
            "CLAUDE.md": "{M}",
            "GEMINI.md": "{M}",
            ".codex/AGENTS.md": "{M}",
        },
        at="api",
        home={".codex/AGENTS.md": "{M}"},
        above={"AGENTS.md": "{M}"},
    ),
    Shape(
        "blank files",
        {"AGENTS.md": "{M}", "AGENTS.override.md": "\n"},
        home={
            ".codex/AGENTS.override.md": " \n",
            ".codex/AGENTS.md": "{M}",
        },
    ),
    Shape("too big for the budget", {"AGENTS.md": "{M}" + _FILL, "api/AGENTS.md": "{M}" + _FILL}, at="api"),
    Shape("a used up budget", {"AGENTS.md": _FILL + "a" * 768, "api/AGENTS.md": "{M}"}, at="api"),
    Shape(
        "other names",
        {"RULES.md": "{M}", "api/AGENTS.md": "{M}", "api/RULES.md": "{M}"},
        at="api",
        home={
            ".codex/config.toml": 'project_doc_fallback_filenames = ["RULES.md"]\n',
        },
    ),
    Shape(
        "other markers of a root",
        {"AGENTS.md": "{M}", "api/go.mod": "", "api/v1/AGENTS.md": "{M}"},
        at="api/v1",
        home={
            ".codex/config.toml": 'project_root_markers = ["go.mod"]\n',
        },
    ),
    Shape(
        "settings of the project",
        {
            "RULES.md": "{M}",
            "AGENTS.md": _FILL + "a" * 768,
            "api/AGENTS.md": "{M}",
            ".codex/config.toml": 'project_doc_max_bytes = 65536\nproject_doc_fallback_filenames = ["RULES.md"]\n',
        },
        at="api",
    ),
    Shape("links", {"AGENTS.override.md": "->nowhere.md", "AGENTS.md": "->docs/rules.md", "docs/rules.md": "{M}"}),
    Shape(
        "a file of git",
        {"AGENTS.md": "{M}", "api/.git": "gitdir: ../.git/worktrees/api\n", "api/AGENTS.md": "{M}"},
        at="api",
    ),
    Shape("no repository", {"AGENTS.md": "{M}", "api/AGENTS.md": "{M}"}, at="api", is_repository=False),
    Shape(
        "an import, and small letters",
        {"AGENTS.md": "{M} @docs/a.md", "docs/a.md": "{M}", "api/agents.md": "{M}"},
        at="api",
    ),
]

GEMINI = [
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
        "imports",
        {
            "GEMINI.md": "{M} @a.md\n`@b.md`\n```\n@c.md\n```\n<!-- @d.md -->\n@e.md, @~/f.md @../g.md @h.md#part\n"
            "(@i.md)\n**@j.md** [@k.md](x)\n- @l.md\n\n    @m.md\n`x\n@n.md\n` @./o.md @1p.md\n",
            **{f"{name}.md": "{M}" for name in ("a", "b", "c", "d", "e", "h", "i", "j", "k", "l", "m", "n", "o", "1p")},
        },
        home={"f.md": "{M}"},
        above={"g.md": "{M}"},
    ),
    Shape(
        "imports of imports",
        {
            "GEMINI.md": "@x1.md",
            **{f"x{number}.md": f"{{M}} @x{number + 1}.md" for number in range(1, 8)},
        },
    ),
    Shape("links and blank files", {"AGENTS.md": "{M}", "GEMINI.md": "->AGENTS.md", "api/GEMINI.md": "\n"}, at="api"),
    Shape("no repository", {"GEMINI.md": "{M}", "api/GEMINI.md": "{M}"}, at="api", is_repository=False),
    Shape(
        "a file of git",
        {"GEMINI.md": "{M}", "api/.git": "gitdir: ../.git/worktrees/api\n", "api/GEMINI.md": "{M}"},
        at="api",
    ),
    Shape(
        "other markers of a root",
        {"GEMINI.md": "{M}", "api/go.mod": "", "api/v1/GEMINI.md": "{M}"},
        at="api/v1",
        home={
            _SETTINGS: '{"context": {"memoryBoundaryMarkers": ["go.mod"]}}',
        },
    ),
    Shape(
        "more directories",
        {"GEMINI.md": "{M}"},
        home={
            "lib/GEMINI.md": "{M}",
            _SETTINGS: '{"context": {"includeDirectories": ["~/lib"]}}',
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


def test_the_agents_are_those_that_the_rules_were_tried_with(agents: Agents) -> None:
    for tool, package in ((Tool.CODEX, "@openai/codex"), (Tool.GEMINI, "@google/gemini-cli")):
        installed = json.loads((agents.modules / package / "package.json").read_text("utf-8"))["version"]
        assert {rule.basis.version for rule in rules_of(tool)} == {installed}


@pytest.mark.parametrize("shape", CODEX, ids=str)
async def test_codex_reads_what_we_say(agents: Agents, tmp_path: Path, embedded: Listening, shape: Shape) -> None:
    marked = lay_out(tmp_path, shape)
    tree = marked.tree
    config = tree.home / ".codex" / "config.toml"
    own = config.read_text("utf-8") if config.exists() else ""
    found = await tree.find(Tool.CODEX, shape.at)
    async with forward_to(embedded.base_url) as forwarder:
        tree.put(
            config,
            'model = "gpt-route-placeholder"\nmodel_provider = "gw"\napproval_policy = "never"\n'
            f'sandbox_mode = "read-only"\ncheck_for_update_on_startup = false\n{own}\n[analytics]\nenabled = false\n'
            f'[model_providers.gw]\nname = "gw"\nbase_url = "{forwarder.base_url}/v1"\nenv_key = "GW_TOKEN"\n'
            'wire_api = "responses"\n',
        )
        said = await run(
            (*agents.codex, "exec", "--skip-git-repo-check", "Say OK."),
            tree.root / shape.at,
            environment(tree.home, GW_TOKEN=embedded.token),
        )
        bodies = [request.body.decode() for request in forwarder.requests if request.path.endswith("/responses")]
    assert bodies, said
    assert sent(bodies[0], marked) == expected(found, marked, Load.ALWAYS, Load.TRUNCATED), said


@pytest.mark.parametrize("shape", GEMINI, ids=str)
async def test_gemini_reads_what_we_say(agents: Agents, tmp_path: Path, shape: Shape) -> None:
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
    assert sent(seam.bodies[0], marked) == expected(found, marked, Load.ALWAYS), said
    if shape.reads:
        beside = marked.words[str(Path(shape.reads).with_name("GEMINI.md"))]
        assert beside in expected(found, marked, Load.ON_DEMAND)
        assert sent(seam.bodies[-1], marked) - sent(seam.bodies[0], marked) == {beside}, said


def sent(body: str, marked: MarkedTree) -> set[str]:
    """Return the words in what was sent."""
    return {word for word in marked.words.values() if word in body}


def expected(found: InstructionSet, marked: MarkedTree, *loads: Load) -> set[str]:
    """Return the words of the files that the console says are loaded so."""
    read = {source.path for source in found.sources if source.load in loads and source.effective_bytes}
    return {word for path, word in marked.words.items() if path in read}
