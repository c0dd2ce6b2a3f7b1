"""A profile that is written into a config: the rest stays byte for byte, a backup is kept, and nothing is ever lost."""

import os
import resource
import threading
import tomllib
from pathlib import Path

import pytest

from console.domain.problem import Problem
from console.services.config.load import load_profile
from console.services.config.settings import Profile
from console.services.setup import config_place
from console.services.setup.config_place import ConfigPlace, Placed, append, look_at

OLD = """# mine
schema = 1
default_profile = 'old'   # keep

[profiles.old.gateway]
base_url = "https://old.example"
token_ref = []
[profiles.old.routes.writer]
model = "m"
endpoint_family = "responses"
endpoint_path = "/v1/responses"
"""


def section(name: str) -> str:
    return OLD.partition("\n\n")[2].replace("old", name)


def environment_of(config: Path) -> dict[str, str]:
    """Return an environment whose state directory is beside a config's directory."""
    return {"HOME": str(config.parent.parent)}


def add(path: Path, name: str = "new", *, makes_default: bool = False) -> Placed:
    def is_meant(profile: Profile) -> bool:
        return profile.gateway.base_url == f"https://{name}.example"

    whole = f'schema = 1\ndefault_profile = "{name}"\n\n{section(name)}'
    place = look_at(path, path)
    return append(
        place,
        name,
        section(name),
        whole,
        makes_default=makes_default,
        environment=environment_of(path),
        is_meant=is_meant,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway-console" / "config.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text(OLD)
    path.chmod(0o640)
    return path


@pytest.mark.parametrize("shape", ["as it is", "no line end", "crlf", "mark", "comments at the end"])
def test_what_was_there_stays_byte_for_byte(config: Path, shape: str) -> None:
    before = {
        "as it is": OLD.encode(),
        "no line end": OLD.rstrip("\n").encode(),
        "crlf": OLD.replace("\n", "\r\n").encode(),
        "mark": b"\xef\xbb\xbf" + OLD.encode(),
        "comments at the end": f"{OLD}\n# --- the end\t\n".encode(),
    }[shape]
    config.write_bytes(before)
    placed = add(config)
    after = config.read_bytes()
    assert after.startswith(before)
    assert (b"\r\n[profiles.new.gateway]\r\n" in after) == (shape == "crlf")
    assert config.stat().st_mode & 0o777 == 0o640
    assert placed.backup is not None
    assert placed.backup.read_bytes() == before
    assert placed.backup.stat().st_mode & 0o777 == 0o600
    assert (load_profile(config).name, load_profile(config, "new").name) == ("old", "new")


def test_a_new_config_is_for_its_owner_alone_and_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    assert add(path).backup is None
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert load_profile(path).name == "new"


@pytest.mark.parametrize("empty", ["", "\n# nothing yet\n"])
def test_a_config_without_any_setting_gets_a_whole_one(config: Path, empty: str) -> None:
    config.write_text(empty)
    placed = add(config)
    assert placed.default == load_profile(config).name == "new"
    assert config.read_text().startswith(empty)


def test_the_default_changes_only_where_it_is_wanted_and_nothing_else_does(config: Path) -> None:
    add(config, makes_default=True)
    assert 'default_profile = "new"   # keep' in config.read_text()
    lines = config.read_text().splitlines()
    assert [line for line in OLD.splitlines() if line not in lines] == ["default_profile = 'old'   # keep"]


def test_a_broken_profile_stops_no_other_one_and_is_named(config: Path) -> None:
    config.write_text(OLD.replace('model = "m"', 'modle = "m"'))
    before = config.read_bytes()
    assert add(config).broken == ("old",)
    assert config.read_bytes().startswith(before)


@pytest.mark.parametrize(
    "text",
    [
        "schema = 2\n",
        "schema = ",
        "routes:\n  writer: m\n",
        'schema = 1\ndefault_profile = "o"\nprofiles = {o = {gateway = {base_url = "sim:"}}}\n',
    ],
)
def test_a_config_that_could_not_be_read_afterwards_is_left_alone(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(Problem):
        add(config)
    assert config.read_text() == text
    assert list(config.parent.iterdir()) == [config]


def test_a_profile_is_never_overwritten(config: Path) -> None:
    with pytest.raises(Problem, match="has a profile old, which is never overwritten"):
        add(config, "old")
    assert config.read_text() == OLD


def test_a_link_a_second_name_and_a_shared_file_are_refused(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(config)
    with pytest.raises(Problem, match=f"is a symbolic link, .*--config {config}"):
        add(link)
    config.chmod(0o666)
    with pytest.raises(Problem, match="others can write this file; run: chmod go-w"):
        add(config)
    config.chmod(0o600)
    os.link(config, tmp_path / "second")
    with pytest.raises(Problem, match="hard link"):
        add(config)
    assert config.read_text() == OLD


def test_a_full_disk_leaves_the_config_and_no_draft(config: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(OLD) + 10, limits[1]))  # the backup fits, the new config does not
    try:
        with pytest.raises(Problem, match="cannot be written: File too large"):
            add(config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert config.read_text() == OLD
    assert [each.suffix for each in config.parent.iterdir() if each != config] == [".bak"]


def test_two_at_once_lose_nothing_and_of_one_name_only_one_is_written(config: Path) -> None:
    before: ConfigPlace = look_at(config, config)
    refused: list[str] = []

    def work(name: str) -> None:
        try:
            append(
                before,
                name,
                section(name),
                "",
                makes_default=False,
                environment=environment_of(config),
                is_meant=lambda _: True,
            )
        except Problem as problem:
            refused.append(str(problem))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "c", "same", "same")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(tomllib.loads(config.read_text())["profiles"]) == {"old", "a", "b", "c", "same"}
    assert len(refused) == 1
    assert "has a profile same" in refused[0]
    backups = [each for each in config.parent.iterdir() if each.suffix == ".bak"]
    assert len(backups) == 4


def test_a_directory_that_cannot_be_written_is_said_before_any_question(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="is not a directory that you may write to"):
        look_at(Path("/dev/null/none/config.toml"), None)
    with pytest.raises(Problem, match="is not a regular file"):
        look_at(tmp_path, None)


def test_what_would_say_something_else_is_not_written(config: Path) -> None:
    place = look_at(config, config)
    with pytest.raises(Problem, match="would not say what was meant"):
        append(
            place,
            "new",
            section("new"),
            "",
            makes_default=False,
            environment=environment_of(config),
            is_meant=lambda _: False,
        )
    assert config.read_text() == OLD
    assert config_place.look_at(config, config).profiles == ("old",)
