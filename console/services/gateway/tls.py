"""Trust: the TLS context of everything that leaves this machine."""

import ssl
from pathlib import Path

import certifi


def verifying_context() -> ssl.SSLContext:
    """Build a verifying TLS context; unlike Python's default one it ignores SSLKEYLOGFILE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # names come from subjectAltName only: RFC 9525, section 2
    paths = ssl.get_default_verify_paths()
    context.load_default_certs()
    if not any(path and Path(path).exists() for path in (paths.cafile, paths.capath)):
        context.load_verify_locations(cafile=certifi.where())
    return context
