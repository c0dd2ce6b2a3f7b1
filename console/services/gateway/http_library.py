"""httpx without its command line, which it would load with click, rich and Pygments: a tenth of a command's start."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: an import of it fails, as httpx expects

import httpx  # noqa: E402  # after that

__all__ = ["httpx"]
