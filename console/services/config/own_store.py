"""Which store the operator's own config names. No other file and no profile decides where runs are kept."""

from collections.abc import Mapping

from console.domain.text.safe import safe
from console.services.config.load import default_config_path, read_file
from console.services.config.own_config import trust_of
from console.services.config.settings import StoreSettings
from console.services.config.toml_text import TomlText, read_text

STORE_VARIABLE = "GATEWAY_CONSOLE_STORE"
"""The variable that says `local` where this machine's own files are wanted, whatever the config says."""
_ROUTE = {"model": "m", "endpoint_family": "responses", "endpoint_path": "/v1/responses"}
_ALONE: dict[str, object] = {
    "schema": 1,
    "default_profile": "p",
    "profiles": {"p": {"gateway": {"base_url": "sim:", "token_ref": ["sim:"]}, "routes": {"writer": _ROUTE}}},
}
"""What a store's table is read with: thousands of profiles take a second, and a broken one must not hide the store."""
LOCAL = "local"


def own_store(environment: Mapping[str, str]) -> StoreSettings | None:
    """Return the store that the operator's own config names; None if runs are kept in this machine's own files.

    Args:
        environment: The environment variables. The demo's say that its runs stay on this machine.

    Raises:
        ConfigError: The config cannot be read: it may name a store.

    """
    path = default_config_path(environment)
    if path is None or environment.get(STORE_VARIABLE) == LOCAL:
        return None
    source = safe(str(path))
    text = TomlText(read_text(path, source), source)
    document = text.parse()
    if "store" not in document:  # most configs name none, and the models take a while to load
        return None
    store = read_file(text, trust_of(path, path), {**_ALONE, "store": document["store"]}).store
    return None if store is None else store.as_settings(StoreSettings)
