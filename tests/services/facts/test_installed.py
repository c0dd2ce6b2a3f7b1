"""Installed tables: strict in, private on the disk, a bad one changes nothing, and there is a way back."""

import os
from pathlib import Path

import pytest

from console.domain.facts.load import UPDATABLE, facts_text
from console.domain.routes.model_facts import built_in
from console.services.facts.installed import (
    READERS,
    SIZE_LIMIT,
    FactsFileError,
    install,
    installed_table,
    model_facts,
    read_candidate,
    reset,
)
from console.services.facts.tables import facts_table
from console.services.system.private_file import PrivateFileError

NEW = """checked_on = "2027-03-01"
[[retirement]]
provider = "OpenAI"
models = ["gpt-6-sol"]
retires_on = "2027-09-01"
replacement = "gpt-7"
source_url = "https://developers.openai.com/api/docs/deprecations"
"""
RETIREMENTS = "model_retirements"


def _environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home)}


def _installed(home: Path, text: str = NEW, name: str = RETIREMENTS) -> Path:
    return install(name, text, "2027-03-01 from /x.toml", _environment(home))


def test_without_an_installed_table_the_built_in_ones_hold(tmp_path: Path) -> None:
    assert model_facts(_environment(tmp_path)) is None
    assert installed_table(RETIREMENTS, _environment(tmp_path)) is None
    assert not (tmp_path / ".local").exists()


def test_an_installed_table_holds_and_says_where_it_is_from(tmp_path: Path) -> None:
    path = _installed(tmp_path)
    facts = model_facts(_environment(tmp_path))
    assert facts is not None
    assert facts.retirements.of("gpt-6-sol") is not None
    assert facts.retirements.of("gpt-4") is None
    assert (facts.families, facts.problem) == (built_in().families, "")
    table = facts_table(RETIREMENTS, _environment(tmp_path))
    assert table.is_installed
    assert table.installed is not None
    assert (table.installed.path, table.installed.origin) == (path, "2027-03-01 from /x.toml")
    assert (table.used.rows, table.built_in.rows > 30) == (1, True)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_packaged_table_can_be_installed_as_it_is(tmp_path: Path) -> None:
    for name in (RETIREMENTS, "model_families"):
        file = tmp_path / "table.toml"
        file.write_text(facts_text(name), encoding="utf-8")
        assert read_candidate(file) == (name, facts_text(name))
        _installed(tmp_path, facts_text(name), name)
    facts = model_facts(_environment(tmp_path))
    assert facts is not None
    assert facts.retirements == built_in().retirements
    assert facts.families == built_in().families


def test_a_table_is_removed_once(tmp_path: Path) -> None:
    assert not reset(RETIREMENTS, _environment(tmp_path))
    _installed(tmp_path)
    assert reset(RETIREMENTS, _environment(tmp_path))
    assert model_facts(_environment(tmp_path)) is None
    assert not reset(RETIREMENTS, _environment(tmp_path))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "must be one table that can be installed"),
        (b"[[token]]\nkind = 'agent'", "must be one table that can be installed"),
        (NEW.encode() + b'[[family]]\npattern = ".*"', "must be one table that can be installed"),
        (NEW.encode().replace(b'"2027-09-01"', b'"soon"'), "line 2, retirement 1: retires_on: must be a date"),
        (NEW.encode() + b"\xff", "line 8: is not UTF-8 text"),
        (b"[[retirement", "line 1: is not valid TOML"),
        (b"[[retirement]]\n" + b"a." * 600 + b"b = 1", "line 2: the line is longer than 1000 characters"),
        (b"[[retirement]]\na = " + b"[" * 20 + b"]" * 20, "nested more than 8 levels deep"),
        (b"#" * (SIZE_LIMIT + 1), "is larger than 256 kB"),
    ],
)
def test_a_bad_file_is_refused_by_place(tmp_path: Path, data: bytes, told: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(data)
    with pytest.raises(FactsFileError if b"retirement" not in data[:14] else Exception) as refused:
        read_candidate(file)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, told in (
        (tmp_path / "pipe", "is not a regular file"),
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "none", "cannot be read: No such file"),
        (Path("a\0b"), "does not name a file"),
    ):
        with pytest.raises(FactsFileError, match=told):
            read_candidate(path)


@pytest.mark.parametrize("text", ["[[retirement]]", "checked_on = 3", NEW.replace("https", "http"), "\x00"])
def test_an_installed_table_that_cannot_be_used_is_told_and_the_built_in_one_holds(tmp_path: Path, text: str) -> None:
    path = _installed(tmp_path)
    path.write_text(text, encoding="utf-8")
    facts = model_facts(_environment(tmp_path))
    assert facts is not None
    assert facts.retirements == built_in().retirements
    assert facts.problem == "The installed model_retirements cannot be used"
    table = facts_table(RETIREMENTS, _environment(tmp_path))
    assert not table.is_installed
    assert table.used == table.built_in
    assert table.installed is not None
    assert str(path) in table.installed.problem


def test_a_table_that_others_could_have_written_is_not_used(tmp_path: Path) -> None:
    path = _installed(tmp_path)
    path.chmod(0o666)
    table = facts_table(RETIREMENTS, _environment(tmp_path))
    assert table.installed is not None
    assert "open to other users; run: chmod 600" in table.installed.problem
    path.unlink()
    path.symlink_to("/etc/passwd")
    table = facts_table(RETIREMENTS, _environment(tmp_path))
    assert table.installed is not None
    assert "symbolic link" in table.installed.problem


def test_without_a_home_nothing_is_installed(tmp_path: Path) -> None:
    nowhere = {"XDG_STATE_HOME": str(tmp_path / "file" / "state")}
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(PrivateFileError):
        install(RETIREMENTS, NEW, "", nowhere)


def test_each_table_that_may_be_installed_has_its_reader() -> None:
    assert set(READERS) == set(UPDATABLE)
