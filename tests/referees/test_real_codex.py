"""The real Codex against the console's rules: what we say reaches the model does, and nothing else.

Each file of a tree holds a word of its own. Codex runs once in the tree and speaks to the embedded gateway, and the
words in what it sends are compared with what discovery says. The trees from public reports are tried too.
"""

import json
from pathlib import Path

import pytest
from support.instructions.cases import shapes_of
from support.instructions.marked_tree import Shape, lay_out
from support.referees.agents import Agents, environment, find_agents, run
from support.referees.forwarder import forward_to

from console.domain.instructions.rule import rules_of
from console.domain.instructions.source import Load, Tool
from console.simulator.server import Listening

pytestmark = pytest.mark.referee

_FILL = "a" * 32_000

SHAPES = [
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


@pytest.fixture(scope="module")
def agents() -> Agents:
    """Find the agents, once."""
    return find_agents()


def test_it_is_the_version_that_the_rules_were_tried_with(agents: Agents) -> None:
    installed = json.loads((agents.modules / "@openai/codex/package.json").read_text("utf-8"))["version"]
    assert {rule.basis.version for rule in rules_of(Tool.CODEX)} == {installed}


@pytest.mark.parametrize("shape", [*SHAPES, *shapes_of("codex")], ids=str)
async def test_it_reads_what_we_say(agents: Agents, tmp_path: Path, embedded: Listening, shape: Shape) -> None:
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
    assert marked.sent(bodies[0]) == marked.expected(found, Load.ALWAYS, Load.TRUNCATED), said
