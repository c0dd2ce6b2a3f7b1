"""An empty trust store, for tests in which nothing speaks TLS: reading certificates costs each client 25 ms."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def empty_trust_store(directory: Path) -> Iterator[None]:
    """Let this process find a trust store without certificates, in an empty directory, while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        patch.setenv("SSL_CERT_DIR", str(directory))
        yield
