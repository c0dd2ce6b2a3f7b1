"""Closed forms for names from a gateway: the ledger stores what the screen shows, and prose does not match."""

import re

from console.domain.text.secret_scan import find_secrets

MODEL_NAME = re.compile(r"[A-Za-z0-9@~][A-Za-z0-9._:/@+~# -]{0,199}")
"""The length is that of a config and a catalogue. `@cf/meta/llama` is Cloudflare's, `~anthropic/claude-opus-latest` is
OpenRouter's, and Fireworks puts the deployment after a `#`."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._:/@+=-]{1,128}")
FINISH = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")
"""Why a model stopped: `stop`, `end_turn`, `MAX_TOKENS`, `tool-calls`."""

VERSION = re.compile(r"[0-9][A-Za-z0-9._+-]{0,63}")
"""What a program says of its version: `0.171.0`, `2.1.0-beta.3`."""

FINDING_ID = re.compile(r"[A-Z][A-Z0-9]{1,9}(?:-[A-Z0-9]{1,12}){1,3}")


def closed_name(text: str | None, form: re.Pattern[str]) -> str | None:
    """Return a name from outside that has the given form and does not look like a secret; None otherwise."""
    return None if text is None or form.fullmatch(text) is None or find_secrets(text) else text
