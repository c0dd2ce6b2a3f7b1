"""Every git command line that the product can build, each with the settings that keep git quiet."""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from support.git.repositories import Repository

import console
from console.domain.instructions.source import Tool
from console.services.candidate.branch import PatchOrder, apply_patch
from console.services.checks.throwaway import throwaway
from console.services.git.command import NoGitError, ask_git, has_git
from console.services.git.example import commit_all
from console.services.git.patching import Author, author_of
from console.services.instructions.find import find_instructions
from console.services.run.context import read_context
from console.services.run.repository import find_root, read_repository

SETTINGS = [
    "--no-pager --no-replace-objects --literal-pathspecs",
    "-c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.untrackedCache=false",
    "-c core.attributesFile=/dev/null -c core.protectHFS=true -c core.protectNTFS=true",
    "-c core.sshCommand=false -c credential.helper= -c diff.external= -c gc.auto=0 -c maintenance.auto=false",
    "-c protocol.allow=never -c safe.bareRepository=explicit",
]
ANYWHERE = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "/dev/null",
}
IN_OUR_OWN = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_SYSTEM": "/dev/null"}
OURS = {
    *("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"),
    *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")),
}
"""What is said only of our own repositories."""
WHO = (
    "-c user.name=gateway-console -c user.email=gateway-console@localhost -c commit.gpgsign=false"
    " -c init.defaultBranch=main"
)
ASKED = {
    "config --get core.autocrlf",
    "config --get core.eol",
    "config --get remote.origin.url",
    "config --get user.email",
    "config --get user.name",
    "ls-files -z --stage -- PATHS",
    "ls-tree -z --full-tree ID -- PATHS",
    "rev-parse --path-format=absolute --show-object-format --show-toplevel --absolute-git-dir --git-path objects"
    " --git-path index --git-path info/exclude --git-path info/sparse-checkout --git-path info/attributes",
    "rev-parse --glob=refs/heads/new/one/*",
    "rev-parse --show-object-format --show-prefix",
    "rev-parse --symbolic-full-name HEAD",
    "rev-parse --verify --quiet refs/heads/new",
    "rev-parse --verify --quiet refs/heads/new/one",
    "rev-parse --verify --quiet --end-of-options HEAD^{commit}",
    "rev-parse --verify --quiet --end-of-options main^{commit}",
    "rev-parse --verify --quiet HEAD",
}
"""What is asked in the operator's repository, where git reads its configuration."""
MOVED = {
    "symbolic-ref -m checkout: moving from main to new/one HEAD refs/heads/new/one",
    "update-ref refs/heads/new/one ID ",
}
"""What changes a reference there, when the operator wants a candidate on a branch."""
RUN = {
    "cat-file --batch",
    "apply --cached --whitespace=nowarn -p1 -- PATH",
    "-c core.splitIndex=false apply --whitespace=nowarn -p1 --cached -- PATH",
    "-c core.splitIndex=false apply --whitespace=nowarn -p1 --index --check -- PATH",
    "-c core.splitIndex=false apply --whitespace=nowarn -p1 --index -- PATH",
    "check-attr --stdin -z filter",
    "check-ref-format refs/heads/new/one",
    "checkout-index --all --force --quiet --index",
    "commit-tree ID -p ID -F PATH",
    "diff-index --cached --name-only -z --no-renames ID",
    "diff-index --cached --raw -z --no-renames --no-abbrev --no-ext-diff --ignore-submodules=none ID",
    "init --quiet --bare --template= --object-format=sha1 PATH",
    "ls-files --stage -z",
    "ls-tree -r -z --long --full-tree ID",
    "pack-objects --quiet PATH",
    "read-tree ID",
    "read-tree ID^{tree}",
    "rev-parse --quiet --verify --end-of-options ID^{commit}",
    "status --porcelain -z --untracked-files=normal --ignore-submodules=all --no-renames",
    "unpack-objects -q --strict",
    "update-index -q --ignore-submodules --refresh",
    "write-tree",
    "-c core.sparseCheckout=true -c core.sparseCheckoutCone=true -c index.sparse=true status --porcelain -z"
    " --untracked-files=normal --ignore-submodules=all --no-renames",
    f"{WHO} init --quiet --template=",
    f"{WHO} add --all",
    f"{WHO} commit --quiet --message An example",
}
"""What is run in repositories of our own, where git reads no configuration but theirs."""
RECORDER = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


async def test_these_are_all_command_lines_and_each_is_quiet(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    log = tmp_path / "log"
    real = shutil.which("git")
    (bin_ / "git").write_text(RECORDER.format(python=sys.executable, log=str(log), git=real))
    (bin_ / "git").chmod(0o755)
    environment = {"PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(tmp_path), "GIT_DIR": "/nowhere"}
    await _do_everything(tmp_path, environment)
    seen: dict[str, list[str]] = {"asked": [], "run": []}
    for line in log.read_text().splitlines():
        arguments, known = json.loads(line)
        known = {name: value for name, value in known.items() if name not in ("PATH", "HOME", "LC_CTYPE")}
        settings = " ".join(SETTINGS)
        words = " ".join(arguments)
        assert words.startswith(settings)
        words = words.removeprefix(f"{settings} ")
        where = {name: known.pop(name) for name in OURS if name in known}
        if words.startswith("-C "):
            assert (known, where) == (ANYWHERE, {})
            seen["asked"].append(_plain(words.split(" ", 2)[2]))
        else:
            assert known == ANYWHERE | IN_OUR_OWN
            assert where or words.startswith(("init --quiet --bare", "check-ref-format"))
            seen["run"].append(_plain(words))
    assert set(seen["asked"]) == ASKED | MOVED
    assert set(seen["run"]) == RUN


async def _do_everything(place: Path, environment: dict[str, str]) -> None:
    files = {"AGENTS.md": b"# Rules\n", "docs/a.md": b"one\n"}
    repository = Repository(place / "repository", files)
    (repository.root / "docs" / "a.md").write_bytes(b"two\n")
    patch = repository.diff()
    root = await find_root(repository.root, environment)
    await read_repository(root, environment)
    await find_instructions(Tool.CODEX, root, root, environment=environment, base_branch="main")
    async with throwaway(root, repository.head, environment=environment) as tree:
        assert (await tree.apply(patch, ["docs/a.md"])).is_applied
        await tree.changes()
        await tree.write_files()
    await read_context(root, repository.head, ["docs/a.md"], environment)
    author = Author("a", "a@example.com")
    await apply_patch(PatchOrder(root, repository.head, patch, "new/one", "Why", author), environment)
    await author_of(root, {"PATH": environment["PATH"], "HOME": str(place)} | {"GIT_DIR": "/nowhere"})
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "nothing")
    await read_repository(root, environment)
    (place / "example").mkdir()
    (place / "example" / "a.md").write_text("one\n")
    await commit_all(place / "example", environment)


def _plain(words: str) -> str:
    words = re.sub(r"\b[0-9a-f]{40}\b", "ID", words)
    words = re.sub(r"(-z --(?:stage|full-tree ID)) -- .*", r"\1 -- PATHS", words)
    return re.sub(r" /\S+", " PATH", words)


STARTERS = ("run_own_git", "ask_git", "move_reference")


def test_no_other_module_starts_git() -> None:
    """The room has three functions that start it; whoever calls them names the command in the same place."""
    folder = Path(console.__file__).parent
    named = set()
    for path in folder.rglob("*.py"):
        module = path.relative_to(folder).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in STARTERS:
                named.add(module)
            if isinstance(node, (ast.Tuple, ast.List)) and node.elts:
                first = node.elts[0]
                is_git = isinstance(first, ast.Constant) and first.value == "git"
                assert not is_git, f"{module} line {node.lineno} builds a command line of git"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "shutil.which":
                is_git = ast.unparse(node.args[0]) == "'git'"
                assert not is_git or module == "services/git/command.py", module
    assert named == {
        "services/agent_capture/headless.py",
        "services/candidate/branch.py",
        "services/candidate/ready.py",
        "services/git/checkout.py",
        "services/git/content.py",
        "services/git/example.py",
        "services/git/notes.py",
        "services/git/patching.py",
        "services/git/scratch.py",
        "services/instructions/git_facts.py",
        "services/run/repository.py",
    }


async def test_what_compares_contents_is_not_asked_in_a_repository_of_others(tmp_path: Path) -> None:
    for command in ("status", "diff", "diff-index", "diff-files", "update-index", "checkout", "add", "fetch"):
        with pytest.raises(ValueError, match="must not run in a foreign repository"):
            await ask_git(tmp_path, {"PATH": os.environ["PATH"]}, command)


async def test_without_git_there_is_one_error(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}
    assert not has_git(environment)
    with pytest.raises(NoGitError, match="not installed"):
        await ask_git(tmp_path, environment, "rev-parse", "HEAD")
