"""What makes tests of plain HTTP fast."""

import os

import pytest


@pytest.fixture
def no_trust_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each client the 25 ms of reading the system's certificates, where nothing speaks TLS."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)
