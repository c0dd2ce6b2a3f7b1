"""The leak guard: the one registry of this process's tokens, asked before anything leaves.

Five callers ask it: the transport for what is sent, the state files for what is stored, the log, the screen's one
text widget, and the command line's output.
"""

import logging
import traceback
from pathlib import Path

from console.domain.text.safe import safe
from console.domain.tokens.registry import SecretRegistry

LEAK_GUARD = SecretRegistry()
"""Every token that this process has found; filled when references are resolved."""

_NOISY = frozenset({"httpx", "httpcore", "aiohttp", "asyncio", "textual", "keyring", "secretstorage", "jeepney"})
"""Libraries whose lower log levels hold URLs with queries, headers of answers, keys and pasted text."""
_SAID_BY_US = frozenset({"psycopg", "procrastinate"})
"""Libraries that warn of each lost connection, which the console says itself in one line. Their errors are shown."""


class SafeRecord(logging.LogRecord):
    """A log record that is safe to show from the start, whatever handler and formatter gets it.

    Its message is formatted at once, masked and made safe, and its arguments are dropped. Of an exception only the
    type and the place are kept: a traceback shows values.
    """

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]  # what logging passes to any record factory
        place, self.exc_info, self.stack_info = _place_of(self), None, None
        try:
            message = self.getMessage()
        except Exception as error:  # noqa: BLE001  # an argument's own __str__ may raise anything, and logging must not
            message = f"a log line that cannot be formatted, {type(error).__name__}"
        self.msg, self.args = safe(LEAK_GUARD.redact(message + place)), None


def _place_of(record: logging.LogRecord) -> str:
    """Return the type and the place of a record's exception; empty if it has none."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    frames = traceback.extract_tb(record.exc_info[2])
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f" [{record.exc_info[0].__name__}{where}]"


def quiet_logs() -> None:
    """Keep libraries' logs at a level that says nothing about a call, and pass the rest through the guard."""
    logging.setLogRecordFactory(SafeRecord)
    logging.raiseExceptions = False  # a failing handler would print its arguments
    below = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _NOISY]
    for logger in map(logging.getLogger, {*_NOISY, *below}):
        logger.setLevel(max(logging.WARNING, logger.level))
    for name in _SAID_BY_US:
        logging.getLogger(name).setLevel(logging.ERROR)
    if not logging.root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("gateway-console: %(name)s: %(message)s"))
        logging.root.addHandler(handler)
