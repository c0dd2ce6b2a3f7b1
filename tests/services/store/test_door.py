"""Which store is opened: the operator's own config decides alone, and nothing else loads a database."""

from pathlib import Path

import pytest
from support.config import config_table, write_config
from support.tokens.token_store import MemoryStore

from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.config.own_config import REPOSITORY_CONFIG
from console.services.config.own_store import own_store
from console.services.config.precedence import Request, load_chosen
from console.services.config.toml_text import ConfigError
from console.services.demo.place import demo_environment
from console.services.store.door import may_have_runs, open_store
from console.services.store.url import StoreUrlError, keep_url, store_url
from console.services.tokens.stores.store import OtherOriginError

URL = "postgresql://mia:a-password-of-hers@127.0.0.1:1/team"


def named(home: Path, reference: str = "env:STORE_URL", **environment: str) -> dict[str, str]:
    """Write an own config that names a store; return its environment."""
    table = config_table({"base_url": "sim:"}, profile="mine") | {"store": {"url_ref": reference}}
    write_config(home / ".config" / "gateway-console" / "config.toml", table)
    return {"HOME": str(home), **environment}


def test_the_own_config_names_the_store_whatever_profile_or_file_is_in_use(tmp_path: Path) -> None:
    environment = named(tmp_path, "keyring://gateway-console/store")
    other = write_config(tmp_path / "other.toml", config_table({"base_url": "sim:"}, profile="other"))
    found = own_store({**environment, "GATEWAY_CONSOLE_CONFIG": str(other)})
    assert found is not None
    assert str(found.url_ref) == "keyring://gateway-console/store"
    assert may_have_runs(environment)
    assert not may_have_runs({"HOME": str(tmp_path / "empty")})


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (f"work/{REPOSITORY_CONFIG}", "is not for a repository's config to say: it decides where your runs are kept"),
        ("other.toml", "counts in your own config file only: it belongs in ~/.config/gateway-console/config.toml"),
    ],
)
def test_another_file_that_names_a_store_is_refused_and_never_opened(tmp_path: Path, file: str, words: str) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    table = config_table({"base_url": "sim:"}, profile="theirs") | {"store": {"url_ref": "env:STORE_URL"}}
    path = write_config(tmp_path / file, table)
    environment = {"HOME": str(tmp_path)}
    with pytest.raises(ConfigError, match="store") as refused:
        load_chosen(Request(environment, path, None, tmp_path / "work"))
    assert words in str(refused.value)
    assert own_store(environment) is None


@pytest.mark.parametrize("reference", ["cmd:['pass', 'store']", "prompt:", "vault:store", "sim:"])
def test_a_reference_that_each_command_would_have_to_ask_for_is_refused(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ConfigError, match="must be env:NAME, keyring://SERVICE/NAME or file:/PATH"):
        own_store(named(tmp_path, reference))


def test_the_url_itself_in_the_config_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        own_store(named(tmp_path, URL))
    assert "a-password-of-hers" not in str(refused.value)


async def test_the_demo_stays_on_this_machine_and_loads_no_database(tmp_path: Path) -> None:
    environment = demo_environment(named(tmp_path, XDG_STATE_HOME=str(tmp_path / "state")))
    async with open_store(environment) as store:
        assert store.database is None
        assert store.where.endswith("/demo/gateway-console/runs.db")


async def test_an_absent_url_says_where_to_put_it_and_is_exit_code_4(tmp_path: Path) -> None:
    with pytest.raises(StoreUrlError, match="Set STORE_URL to postgresql://USER:PASSWORD@HOST/DATABASE") as absent:
        async with open_store(named(tmp_path)):
            pass
    assert absent.value.kind is ProblemKind.TOKEN


async def test_a_url_in_the_keyring_is_for_the_store_alone_no_gateway_gets_it(tmp_path: Path) -> None:
    settings = own_store(named(tmp_path, "keyring://gateway-console/store"))
    assert settings is not None
    keyring = MemoryStore()
    await keep_url(settings, Secret(URL), {}, keyring=keyring)
    assert await store_url(settings, {}, keyring=keyring) == Secret(URL)
    with pytest.raises(OtherOriginError):
        await keyring.read(settings.url_ref, "https://gw.example")
