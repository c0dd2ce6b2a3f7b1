"""The leak guard: the one registry of this process's tokens, and what is asked of it before anything leaves.

Five doors ask it: the transport for what is sent, the state files for what is kept, the log, the screen's one widget
for text, and the command line's output.
"""

import logging

from console.domain.guard import safe
from console.domain.secret_registry import SecretRegistry

LEAK_GUARD = SecretRegistry()
"""Every token that this process has found; filled by what resolves references."""

_NOISY = ("httpx", "httpcore", "aiohttp", "asyncio", "textual", "keyring", "secretstorage", "jeepney")
"""Libraries whose lower log levels hold URLs with queries, headers of answers, keys and what was pasted."""


class SafeFormatter(logging.Formatter):
    """Formats a log line as a whole, and then masks tokens and makes it fit to be shown."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback in it is left out, because its values are not ours to show."""
        record.exc_info = record.exc_text = record.stack_info = None
        return safe(LEAK_GUARD.redact(super().format(record)))


def quiet_logs() -> None:
    """Keep libraries' logs at a level that holds nothing of a call, and pass what is left through the guard."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.WARNING, logger.level))
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, SafeFormatter) for handler in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(SafeFormatter("gateway-console: %(name)s: %(message)s"))
        root.addHandler(handler)
