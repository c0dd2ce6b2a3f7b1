"""The house: which floor stands on which, what a cheap verb may import, and the one door to a token's value."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from console.cli.verbs import VERBS

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "console"
HEAVY = {"textual", "rich", "httpx", "aiohttp", "httpx_aiohttp", "keyring", "secretstorage", "cryptography"}


_RUN = """
import sys
from console.__main__ import main
code = main()
print("\\nimported:", *sys.modules, file=sys.stderr)
sys.exit(code)
"""


def imported_by(tmp_path: Path, *arguments: str) -> set[str]:
    """Run the command line and return the names of all modules that it imported."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    result = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 6)
    assert result.stdout
    return set(result.stderr.rpartition("imported: ")[2].split())


def tops(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_the_version_imports_nothing_of_the_house_but_its_door(tmp_path: Path) -> None:
    modules = imported_by(tmp_path, "--version")
    assert {module for module in modules if module.startswith("console")} <= {"console", "console.__main__"}
    assert not {"argparse", "asyncio", "json", "msgspec", *HEAVY} & tops(modules)


def test_the_help_imports_the_table_of_verbs_and_no_verb(tmp_path: Path) -> None:
    modules = imported_by(tmp_path, "--help")
    own = {module for module in modules if module.startswith("console")}
    face = ("context", "exit_code", "main", "options", "streams", "verbs")
    assert own <= {"console", "console.__main__", "console.cli", "console.domain", "console.domain.problem"} | {
        f"console.cli.{name}" for name in face
    }
    assert not {"asyncio", "dataclasses", "json", "msgspec", "pathlib", "typing", *HEAVY} & tops(modules)


@pytest.mark.parametrize("verb", ["routes", "explain", "token"])
def test_the_help_of_a_verb_imports_that_verb_alone(tmp_path: Path, verb: str) -> None:
    modules = imported_by(tmp_path, verb, "--help")
    assert {row.module for row in VERBS.values()} & modules == {VERBS[verb].module}


def test_no_verb_waits_to_be_imported_in_vain() -> None:
    for verb in VERBS.values():
        module = import_module(verb.module)
        assert callable(module.add_arguments)
        assert callable(module.run)


@pytest.mark.parametrize(
    "arguments",
    [
        ["routes", "--json"],
        ["smoke", "--help"],
        ["verify", "--json"],
        ["verify", "mark", "ci-secrets"],
        ["boundary", "--json"],
        ["check", "--list"],
        ["explain", "rate_limit", "--json"],
        ["explain", "--status", "500", "--json", __file__],
    ],
)
def test_an_offline_verb_imports_neither_the_screen_nor_an_http_library(tmp_path: Path, arguments: list[str]) -> None:
    modules = imported_by(tmp_path, *arguments)
    assert "console.cli.main" in modules
    assert not HEAVY & tops(modules)


def test_the_screen_is_there_before_any_network_library(tmp_path: Path) -> None:
    """What is imported until the screen's first paint: the app, its screen and a profile."""
    code = (
        "import sys; from console.app.app import ConsoleApp;"
        " from console.services.config.load import load_profile; ConsoleApp(load_profile());"
        " print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "textual" in loaded
    assert not loaded & {"httpx", "httpx_aiohttp", "aiohttp", "keyring", "secretstorage", "jeepney", "cryptography"}


def test_the_recording_of_imports_would_see_a_heavy_one(tmp_path: Path) -> None:
    assert {"httpx", "aiohttp"} <= tops(imported_by(tmp_path, "--profile", "faults", "smoke", "--role", "reviewer"))


def test_a_secret_is_revealed_where_it_is_sent_and_where_it_is_stored_and_nowhere_else() -> None:
    places = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("reveal", "_Secret__value")
    ]
    assert places == ["services/gateway/client.py", "services/tokens/stores/store.py"]


def test_the_floors_stand_on_each_other_in_one_direction() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", result.stdout)


@pytest.mark.parametrize(
    "folder", sorted({path.parent.relative_to(REPOSITORY).as_posix() for path in PACKAGE.rglob("*.py")})
)
def test_every_folder_of_code_is_a_package_that_says_what_it_is_for(folder: str) -> None:
    tree = ast.parse((REPOSITORY / folder / "__init__.py").read_text(encoding="utf-8"))
    words = ast.get_docstring(tree)
    assert words is not None
    assert len(words) > 20
