"""Token references: where a token is, never the token."""

import re


def check_reference(reference: str) -> str | None:
    """Say what is wrong with a token reference, or return None. The words never hold the reference itself."""
    if reference == "sim:":
        return None
    scheme = reference.partition(":")[0]
    if scheme == "env":
        if re.fullmatch(r"env:[A-Z_][A-Z0-9_]{0,127}", reference):
            return None
        return "env: wants a variable's name in capital letters, digits and _, such as env:MODEL_GATEWAY_TOKEN"
    if scheme == "keyring":
        if re.fullmatch(r"keyring://[A-Za-z0-9._@-]{1,100}/[A-Za-z0-9._@-]{1,100}", reference):
            return None
        return "keyring: wants keyring://SERVICE/NAME, such as keyring://gateway-console/acme"
    return "is no reference; write env:NAME, keyring://SERVICE/NAME or sim:, never the token itself"
