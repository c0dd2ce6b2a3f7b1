"""The ways in which a token is written elsewhere, for tests that look for each of them."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

FORMS: dict[str, Callable[[str], str]] = {
    "value": str,
    "quoted for a URL": lambda token: quote(token, safe=""),
    "in JSON": lambda token: json.dumps(token)[1:-1],
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "basic": lambda token: base64.b64encode(f"user:{token}".encode()).decode(),
    "hexadecimal": lambda token: token.encode().hex(),
}
every_form = pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
