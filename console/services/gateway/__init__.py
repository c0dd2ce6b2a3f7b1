"""The only HTTP client for gateways: base URLs, TLS, the transport that holds the token, the budget."""

import sys

# httpx loads a command line of its own, with click, rich and Pygments, if they are there, and does without it if not.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: an import of it fails
