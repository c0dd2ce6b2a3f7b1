"""A vault that is in a home already: a new one costs half a second for each key that is derived, this one less."""

import errno

from support.cli.console_process import Console

from console.domain.tokens.secret import Secret
from console.services.system.directories import Directories
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.kernel_call import KernelKeys
from console.services.tokens.stores.store import put
from console.services.tokens.stores.vault_store import VaultStore

LEAST_COST = 2**15
"""The least cost of a vault that the console opens."""
ANOTHER = "-".join(["tk", "An0therT0ken", "PaSdFg8hJk"])
"""The token that the vault holds, under a name that no test asks for."""


def _no_kernel() -> KernelKeys:
    raise OSError(errno.ENOSYS, "no")


async def lay_vault(console: Console, passphrase: str) -> None:
    """Lay a vault under a passphrase into a home."""
    path = Directories.of(console.environment).vault
    store = VaultStore(path, lambda _: passphrase.encode(), cost=LEAST_COST, open_keys=_no_kernel)
    await put(store, Reference(Scheme.VAULT, "another"), "https://another.example:443", Secret(ANOTHER))
