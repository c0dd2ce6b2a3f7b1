"""The house: which floor stands on which, what a cheap verb may import, and the one door to a token's value."""

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from console.cli.verbs import VERBS

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "console"
HEAVY = {"textual", "rich", "httpx", "aiohttp", "keyring", "secretstorage", "cryptography"}


RIM = {"pydantic", "pydantic_core", "tomli_w"}
"""What only reads and writes documents at the rim: a verb that reads no config does without."""
_RUN = """
import sys
from console.__main__ import main
code = main()
print("\\nimported:", *sys.modules, file=sys.stderr)
sys.exit(code)
"""


@cache
def imported_by(*arguments: str) -> Set[str]:
    """Run the command line in an empty home, and return the names of all modules that it imported."""
    with tempfile.TemporaryDirectory() as home:
        result = subprocess.run(
            [sys.executable, "-c", _RUN, *arguments],
            env={"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode in (0, 6)
    assert result.stdout
    return frozenset(result.stderr.rpartition("imported: ")[2].split())


@dataclass(frozen=True)
class Read:
    """What the tests here ask of a module; its tree would fill the memory."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]
    """From where, which names; `import x` is from nowhere."""
    attributes: tuple[str, ...]
    constants: frozenset[str]


def read(path: Path) -> Read:
    return read_text(path.read_text(encoding="utf-8"))


@cache  # by the text: a test writes a file again
def read_text(text: str) -> Read:
    nodes = list(ast.walk(ast.parse(text)))
    imports = [
        (getattr(each, "module", None) or "", tuple(alias.name for alias in each.names))
        for each in nodes
        if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    return Read(
        tuple(imports),
        tuple(each.attr for each in nodes if isinstance(each, ast.Attribute)),
        frozenset(str(each.value) for each in nodes if isinstance(each, ast.Constant)),
    )


def tops(modules: Set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_the_version_imports_nothing_of_the_house_but_its_door() -> None:
    modules = imported_by("--version")
    assert {module for module in modules if module.startswith("console")} <= {"console", "console.__main__"}
    assert not {"argparse", "asyncio", "json", "msgspec", *HEAVY, *RIM} & tops(modules)


def test_the_help_imports_the_table_of_verbs_and_no_verb() -> None:
    modules = imported_by("--help")
    own = {module for module in modules if module.startswith("console")}
    face = ("context", "examples", "exit_code", "main", "options", "parser", "streams", "verbs")
    assert own <= {"console", "console.__main__", "console.cli", "console.domain", "console.domain.problem"} | {
        f"console.cli.{name}" for name in face
    }
    assert not {"asyncio", "dataclasses", "json", "msgspec", "pathlib", "typing", *HEAVY} & tops(modules)


@pytest.mark.parametrize("verb", ["routes", "explain", "token"])
def test_the_help_of_a_verb_imports_that_verb_alone(verb: str) -> None:
    modules = imported_by(verb, "--help")
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
def test_an_offline_verb_imports_neither_the_screen_nor_an_http_library(arguments: list[str]) -> None:
    modules = imported_by(*arguments)
    assert "console.cli.main" in modules
    assert not HEAVY & tops(modules)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["explain", "rate_limit"],
        ["explain", "rate_limit", "--json"],
        ["check", "--list"],
        ["check", "--list", "--json"],
    ],
)
def test_a_verb_that_reads_no_config_imports_nothing_of_its_reader(arguments: list[str]) -> None:
    assert not RIM & tops(imported_by(*arguments))


DOCUMENTS = "console.cli.reports.documents"


@pytest.mark.parametrize("arguments", [["routes"], ["explain", "rate_limit"], ["check", "--list"], ["verify"]])
def test_the_types_of_documents_are_imported_for_json_alone(arguments: list[str]) -> None:
    assert DOCUMENTS not in imported_by(*arguments)
    assert DOCUMENTS in imported_by(*arguments, "--json")


def test_the_recording_of_imports_would_see_the_reader_of_a_config() -> None:
    modules = tops(imported_by("routes"))
    assert "pydantic" in modules
    assert not {"jsonschema", "tomli_w", "yaml"} & modules


def test_the_screen_is_there_before_any_network_library(tmp_path: Path) -> None:
    """What is imported until the screen's first paint: the app, its screen and a profile."""
    code = (
        "import sys; from console.app.app import ConsoleApp;"
        " from console.services.config.load import load_profile; ConsoleApp(load_profile());"
        " print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    modules = set(run.stdout.split())
    assert "console.view.console_state" in modules
    assert not modules & {
        "console.view.run_view",
        "console.view.run.event",
        "console.domain.run.state",
        "console.domain.instructions.source",
    }
    loaded = tops(modules)
    assert "textual" in loaded
    assert not loaded & {"httpx", "aiohttp", "keyring", "secretstorage", "jeepney", "cryptography"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "list", "--json"],
        ["record", "list", "--json"],
        ["record", "verify", "--all", "--json"],
    ],
)
def test_a_verb_that_only_reads_the_ledger_imports_no_network_library(arguments: list[str]) -> None:
    modules = imported_by(*arguments)
    assert "console.services.ledger.sqlite" in modules
    assert not HEAVY & tops(modules)


def test_what_reads_and_takes_out_a_candidate_imports_no_network_library() -> None:
    code = (
        "import sys, console.cli.run.looking, console.cli.run.subject, console.cli.run.candidate; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "console.services.run.subject" in modules
    assert not HEAVY & tops(modules)


def test_a_verb_that_calls_a_gateway_imports_its_client_and_no_terminal_library() -> None:
    modules = tops(imported_by("--profile", "faults", "smoke", "--role", "reviewer"))
    assert {"httpx", "aiohttp"} <= modules
    assert not {"textual", "rich", "click", "pygments"} & modules


def test_a_secret_is_revealed_where_it_is_sent_and_where_it_is_stored_and_nowhere_else() -> None:
    places = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        for attribute in read(path).attributes
        if attribute in ("reveal", "_Secret__value")
    ]
    assert places == [
        "services/gateway/client.py",
        "services/ledger/postgres/database.py",  # a team's database is opened with its URL, password and all
        "services/tokens/stores/store.py",
    ]


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


# --- Modules, folders and rooms --------------------------------------------------------------------------------------

CROWD = 20
"""The most modules of one folder: what a reader takes in at a glance."""

NO_ROOMS = {"bench", "data", "docs", "referees", "support", "terminal"}
"""The folders of tests that stand for no room: what measures, what others wrote, what helps, what is seen whole."""


def imports_of(package: Path) -> dict[str, set[str]]:
    """Return which modules of a package each of its modules imports, wherever in it and be it for types alone."""
    files = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in package.rglob("*.py")
    }
    graph = {}
    for name, path in files.items():
        named = set()
        for module, names in read(path).imports:
            inner = {f"{module}.{name}" if module else name for name in names}
            named |= inner if not module or inner <= files.keys() else {module, *inner}
        graph[name] = (named & files.keys()) - {name}
    return graph


def circle_in(graph: Mapping[str, Set[str]]) -> list[str]:
    """Return the modules of a circle of imports, from one back to itself; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle_in(imports_of(PACKAGE)) == []


def test_a_circle_of_imports_would_be_seen(tmp_path: Path) -> None:
    house = tmp_path / "house"
    (house / "hall").mkdir(parents=True)
    (house / "hall" / "__init__.py").write_text("")
    (house / "hall" / "door.py").write_text("def open():\n    from house.hall import key\n")
    (house / "hall" / "key.py").write_text("from house.lamp import LIGHT\n")
    (house / "lamp.py").write_text("import typing\nif typing.TYPE_CHECKING:\n    import house.hall.door\n")
    assert set(circle_in(imports_of(house))) == {"house.hall.door", "house.hall.key", "house.lamp"}
    (house / "lamp.py").write_text("import typing\nfrom house.hall import __doc__\n")
    assert circle_in(imports_of(house)) == []


def crowded(root: Path) -> list[str]:
    """Return the folders that hold too many modules."""
    folders = {path.parent for path in root.rglob("*.py")}
    return [
        folder.relative_to(root.parent).as_posix()
        for folder in sorted(folders)
        if sum(path.name != "__init__.py" for path in folder.glob("*.py")) > CROWD
    ]


@pytest.mark.parametrize("root", ["console", "tests"])
def test_no_folder_is_crowded(root: str) -> None:
    assert crowded(REPOSITORY / root) == []


def test_a_crowded_folder_would_be_seen(tmp_path: Path) -> None:
    for number in range(CROWD + 1):
        (tmp_path / f"m{number}.py").touch()
    (tmp_path / "__init__.py").touch()
    assert crowded(tmp_path) == [tmp_path.name]
    (tmp_path / "m0.py").unlink()
    assert crowded(tmp_path) == []


def without_a_room(tests: Path, package: Path) -> list[str]:
    """Return the folders of tests that have no room of the package."""
    folders = {path.parent.relative_to(tests) for path in tests.rglob("*.py")}
    return sorted(
        folder.as_posix()
        for folder in folders
        if folder.parts and folder.parts[0] not in NO_ROOMS and not (package / folder / "__init__.py").exists()
    )


def test_every_folder_of_tests_has_its_room() -> None:
    assert without_a_room(REPOSITORY / "tests", PACKAGE) == []
    assert without_a_room(REPOSITORY / "tests", PACKAGE / "domain")


def borrowing(tests: Path) -> list[str]:
    """Return the modules of tests that import from a module of tests: what two of them need stands in `support`."""
    return sorted(
        path.relative_to(tests).as_posix()
        for path in tests.rglob("*.py")
        for module, _ in read(path).imports
        if module.rpartition(".")[2].startswith("test_")
    )


def test_no_test_borrows_from_another(tmp_path: Path) -> None:
    assert borrowing(REPOSITORY / "tests") == []
    (tmp_path / "test_one.py").write_text("from support.git import repositories\n")
    (tmp_path / "test_two.py").write_text("from cli.test_one import helper\n")
    assert borrowing(tmp_path) == ["test_two.py"]


NAMED = re.compile(r"`([\w./*-]+(?:\.(?:py|toml|jsonl|svg|txt)|/))`")
"""A path as a document names one: from the root, or its end where that is clear, such as `panes/gate_pane.py`."""


def gone(words: str) -> list[str]:
    """Return the paths in a document that nothing has."""
    rooms = (PACKAGE, REPOSITORY / "tests")
    return [
        name
        for name in NAMED.findall(words)
        if not any(REPOSITORY.glob(name)) and not any(any(room.rglob(name)) for room in rooms)
    ]


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    words = (REPOSITORY / document).read_text(encoding="utf-8")
    assert len(NAMED.findall(words)) > 20
    assert gone(words) == []
    assert gone("`domain/`, `domain/routes/contract.py`, `contract.py`, `domain/contract.py`") == ["domain/contract.py"]


# --- Doors: what is done in one room alone ---------------------------------------------------------------------------


def where(wanted: re.Pattern[str]) -> Iterator[str]:
    """Yield the modules of services that name something: an attribute, or a text that is that name alone."""
    services = PACKAGE / "services"
    for path in sorted(services.rglob("*.py")):
        if any(wanted.fullmatch(word) for word in {*read(path).attributes, *read(path).constants}):
            yield path.relative_to(services).as_posix()


def test_a_service_starts_programs_in_one_place() -> None:
    """The drill has its own: it talks with the console while this runs. So has a confined program's first step."""
    starting = re.compile(r"create_subprocess_(exec|shell)|Popen|posix_spawn|fork|execv|check_output")
    assert list(where(starting)) == ["leak_drill/child.py", "system/confined_child.py", "system/process.py"]


def test_git_is_set_in_one_room() -> None:
    """A policy's commands run in a tree of ours, and may ask git themselves."""
    variables, options = re.compile(r"GIT_[A-Z_]+"), re.compile(r"(core|diff|protocol|credential|safe)\.[A-Za-z]+=.*")
    room = ["git/command.py", "git/example.py", "git/patching.py", "git/scratch.py"]
    assert list(where(variables)) == ["checks/policy_command.py", *room]
    assert list(where(options)) == ["git/command.py", "git/patching.py", "git/working_tree.py"]
