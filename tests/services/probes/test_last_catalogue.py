"""The catalogue that is kept from check to check: what comes back, and what is refused to be read or written."""

import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.routes.family import EndpointFamily
from console.services.probes.last_catalogue import CatalogueMemory, keep_catalogue, load_catalogue
from console.services.system.private_file import PrivateFileError

NAME = "catalogue-p.json"
R, C = EndpointFamily.RESPONSES, EndpointFamily.CHAT_COMPLETIONS
SAMPLE = Catalogue(
    {
        "a": CatalogueEntry("a", (R, C), Price(1.5, 2.0), True, ""),
        "b": CatalogueEntry("b", None, None, False, "deprecated"),
        "c": CatalogueEntry("c", (), None, True, "2026-12-31"),
    },
    ("/v1/models", "/api/pricing"),
    is_priced=True,
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gateway-console"


def test_what_is_kept_comes_back(directory: Path) -> None:
    keep_catalogue(directory, "p", SAMPLE)
    assert load_catalogue(directory, "p") == SAMPLE


def test_profiles_are_kept_apart_and_the_newest_is_what_counts(directory: Path) -> None:
    keep_catalogue(directory, "p", SAMPLE)
    keep_catalogue(directory, "q", Catalogue())
    keep_catalogue(directory, "p", Catalogue({}, ("/v1/models",)))
    assert load_catalogue(directory, "p") == Catalogue({}, ("/v1/models",))
    assert load_catalogue(directory, "q") == Catalogue()
    assert sorted(each.name for each in directory.iterdir()) == [NAME, "catalogue-q.json"]


_ENTRY = st.builds(
    CatalogueEntry,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=200),
    st.none() | st.lists(st.sampled_from(EndpointFamily), unique=True, max_size=3).map(tuple),
    st.none() | st.builds(Price, st.floats(0, 1e15), st.floats(0, 1e15)),
    st.booleans(),
    st.sampled_from(["", "deprecated", "2026-12-31"]),
)


@given(entries=st.lists(_ENTRY, max_size=6), is_priced=st.booleans())
@examples(25, HealthCheck.function_scoped_fixture)
def test_any_catalogue_comes_back(directory: Path, entries: list[CatalogueEntry], is_priced: bool) -> None:
    catalogue = Catalogue({each.model: each for each in entries}, ("/v1/models",), is_priced)
    keep_catalogue(directory, "p", catalogue)
    assert load_catalogue(directory, "p") == catalogue


def test_where_nothing_was_kept_there_is_none(directory: Path) -> None:
    assert load_catalogue(directory, "p") is None
    directory.mkdir(parents=True, mode=0o700)
    assert load_catalogue(directory, "p") is None


def write(directory: Path, data: bytes, mode: int = 0o600) -> Path:
    directory.mkdir(parents=True, mode=0o700, exist_ok=True)
    path = directory / NAME
    path.write_bytes(data)
    path.chmod(mode)
    return path


def _kept(**changes: object) -> bytes:
    return msgspec.json.encode({"version": 1, "sources": [], "is_priced": False, "entries": [], **changes})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b'{"version": 1}',
        _kept()[:-3],
        _kept(version="one"),
        _kept(version=2),
        _kept(entries=[{"model": "m", "families": ["gemini"]}]),
        _kept(entries=[{"model": "m", "price": [1]}]),
        _kept(entries=[{"model": 5}]),
        _kept(entries=[{"model": "m" * 201}]),
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b" " * (8 * 1024 * 1024 + 1),
    ],
    ids=lambda data: repr(data[:30]),
)
def test_a_foreign_a_cut_and_an_oversized_file_are_no_catalogue(directory: Path, data: bytes) -> None:
    write(directory, data)
    assert load_catalogue(directory, "p") is None


def test_directory_and_file_are_their_user_s_alone(directory: Path) -> None:
    before = os.umask(0)
    try:
        keep_catalogue(directory, "p", SAMPLE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_file_that_is_open_to_others_is_refused_with_the_remedy(directory: Path, mode: int) -> None:
    write(directory, _kept(), mode)
    with pytest.raises(PrivateFileError, match="chmod 600") as refused:
        load_catalogue(directory, "p")
    assert refused.value.is_unsafe


def test_a_directory_that_is_open_to_others_is_refused_to_read_and_to_write(directory: Path) -> None:
    write(directory, _kept())
    directory.chmod(0o755)
    for deed in (lambda: load_catalogue(directory, "p"), lambda: keep_catalogue(directory, "p", SAMPLE)):
        with pytest.raises(PrivateFileError, match="chmod 700"):
            deed()


def test_a_link_in_the_file_s_place_is_not_followed(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.json"
    target.write_bytes(_kept(sources=["/elsewhere"]))
    target.chmod(0o600)
    directory.mkdir(parents=True, mode=0o700)
    (directory / NAME).symlink_to(target)
    with pytest.raises(PrivateFileError, match="symbolic link"):
        load_catalogue(directory, "p")
    keep_catalogue(directory, "p", SAMPLE)
    assert target.read_bytes() == _kept(sources=["/elsewhere"])
    assert not (directory / NAME).is_symlink()


def test_a_link_in_the_directory_s_place_is_refused(directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    directory.parent.mkdir()
    directory.symlink_to(elsewhere)
    with pytest.raises(PrivateFileError):
        keep_catalogue(directory, "p", SAMPLE)
    assert list(elsewhere.iterdir()) == []


def test_a_pipe_in_the_file_s_place_is_not_waited_for(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o700)
    os.mkfifo(directory / NAME, 0o600)
    with pytest.raises(PrivateFileError, match="not a regular file"):
        load_catalogue(directory, "p")


def test_a_catalogue_that_is_too_large_is_not_kept_and_the_last_one_stays(directory: Path) -> None:
    keep_catalogue(directory, "p", SAMPLE)
    many = Catalogue(dict.fromkeys(map(str, range(40_000)), CatalogueEntry("m" * 200)))
    with pytest.raises(PrivateFileError, match="too large"):
        keep_catalogue(directory, "p", many)
    assert load_catalogue(directory, "p") == SAMPLE
    assert [each.name for each in directory.iterdir()] == [NAME]


# --- Memory: a state directory that cannot be used costs only the memory ----------------------------------------------


def memory(home: Path, *, is_kept: bool = True, **environment: str) -> CatalogueMemory:
    return CatalogueMemory("p", environment or {"XDG_STATE_HOME": str(home)}, is_kept=is_kept)


def test_a_memory_remembers_from_check_to_check(tmp_path: Path) -> None:
    first, second = memory(tmp_path), memory(tmp_path)
    assert first.last() is None
    first.keep(SAMPLE)
    assert second.last() == SAMPLE
    assert (first.problem, second.problem) == ("", "")


def test_what_is_not_to_be_kept_leaves_nothing_behind(tmp_path: Path) -> None:
    memory(tmp_path, is_kept=False).keep(SAMPLE)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_catalogue_does_not_replace_the_last_one(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    kept.keep(SAMPLE)
    kept.keep(Catalogue())
    assert kept.last() == SAMPLE


def test_a_directory_that_cannot_be_made_is_said_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "gateway-console").write_text("in the way")
    kept = memory(tmp_path)
    kept.keep(SAMPLE)
    assert "cannot be written" in kept.problem
    assert kept.last() is None
