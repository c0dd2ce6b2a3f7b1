"""The relay's command line as a process: what it writes before it serves."""

import asyncio
import json
from typing import Any

from support.cli.schemas import valid


async def relay_document(child: asyncio.subprocess.Process) -> dict[str, Any]:
    """Read the document that `relay --json` writes first."""
    assert child.stdout is not None
    text = b""
    while not text.endswith(b"\n}\n"):
        line = await child.stdout.readline()
        assert line, text
        text += line
    return valid(json.loads(text))
