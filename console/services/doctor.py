"""The doctor: checks the terminal, the environment and the files, and says what to do about each problem."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from console.domain.text.safe import safe
from console.services.config.precedence import Request, config_files
from console.services.config.toml_text import ConfigError
from console.services.system.directories import Directories
from console.services.system.os_reason import os_reason
from console.services.tokens.entry import check_entry

FEWEST_COLUMNS, FEWEST_LINES = 80, 24
"""The smallest terminal the screen fits in, in cells."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Health(StrEnum):
    """How a check turned out."""

    OK = "ok"
    NOTE = "note"
    """Nothing to do; good to know."""
    WARN = "warn"
    """It works, but not as well as it could."""
    FAIL = "fail"
    """Something will not work until this is fixed."""
    UNSAFE = "unsafe"
    """The console refuses to work with it."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """The result of one check."""

    id: str
    """Such as `terminal.size`; never reused."""
    health: Health
    found: str
    """What was detected: outside text made safe, and never the value of a variable that may hold a secret."""
    todo: str = ""
    """What to do; empty if nothing."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """The size of the process's terminal."""

    columns: int | None
    """None if there is no terminal."""
    lines: int | None


def look_at_terminal(streams: Iterable[TextIO]) -> TerminalFacts:
    """Return the size of the first of a process's streams that is a terminal."""
    for stream in streams:
        try:
            size = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
        return TerminalFacts(size.columns, size.lines)
    return TerminalFacts(None, None)


def check_machine(facts: TerminalFacts, environment: Mapping[str, str]) -> tuple[Symptom, ...]:
    """Check everything that needs no profile: terminal, network, files, and whether a token can be entered."""
    return (
        *check_terminal(facts, environment),
        *check_network(environment),
        *check_files(environment),
        check_token_entry(environment),
    )


def check_terminal(facts: TerminalFacts, environment: Mapping[str, str]) -> tuple[Symptom, ...]:
    """Check the terminal: its size, name and colours, and whether tmux or SSH is in between."""
    return (
        _check_size(facts),
        _check_name(environment),
        _check_colours(environment),
        *_check_between(environment),
    )


def _check_size(facts: TerminalFacts) -> Symptom:
    if facts.columns is None or facts.lines is None:
        return Symptom(
            "terminal.size", Health.NOTE, "no terminal", "The screen needs one; every verb works without it."
        )
    found = f"{facts.columns} columns, {facts.lines} lines"
    if facts.columns < FEWEST_COLUMNS or facts.lines < FEWEST_LINES:
        return Symptom(
            "terminal.size", Health.WARN, found, f"Make it {FEWEST_COLUMNS} by {FEWEST_LINES} or larger for the screen."
        )
    return Symptom("terminal.size", Health.OK, found)


def _check_name(environment: Mapping[str, str]) -> Symptom:
    name = environment.get("TERM", "")
    if name in ("", "dumb"):
        shown = "TERM is dumb" if name else "TERM is not set"
        return Symptom("terminal.name", Health.NOTE, shown, "The screen needs a value such as TERM=xterm-256color.")
    return Symptom("terminal.name", Health.OK, f"TERM is {safe(name, limit=40)}")


def _check_colours(environment: Mapping[str, str]) -> Symptom:
    if environment.get("NO_COLOR"):
        return Symptom(
            "terminal.colours", Health.NOTE, "NO_COLOR is set: no colours", "Every state also has a sign and a word."
        )
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Symptom("terminal.colours", Health.OK, "16 million")
    if "256color" in environment.get("TERM", ""):
        return Symptom("terminal.colours", Health.OK, "256")
    return Symptom("terminal.colours", Health.NOTE, "16", "If the terminal can show more, set COLORTERM=truecolor.")


def _check_between(environment: Mapping[str, str]) -> tuple[Symptom, ...]:
    between = []
    if environment.get("TMUX"):
        between.append(
            Symptom(
                "terminal.tmux",
                Health.NOTE,
                "inside tmux",
                "For all colours, run in tmux: set -as terminal-features ',*:RGB'",
            )
        )
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        between.append(
            Symptom("terminal.ssh", Health.NOTE, "over SSH", "The console uses this machine's keyring; unlock it here.")
        )
    return tuple(between)


def check_network(environment: Mapping[str, str]) -> tuple[Symptom, ...]:
    """List the network settings that the console ignores on purpose, never with their values."""
    proxies = [name for name in _PROXIES if environment.get(name) or environment.get(name.lower())]
    found = []
    if proxies:
        found.append(
            Symptom(
                "network.proxy",
                Health.NOTE,
                f"{', '.join(proxies)} set, but ignored: a token goes to its gateway, never to a proxy",
                "If only a proxy leads out, run the console on a machine that reaches the gateway directly.",
            )
        )
    if environment.get("SSLKEYLOGFILE"):
        found.append(
            Symptom(
                "network.key_log",
                Health.NOTE,
                "SSLKEYLOGFILE is set, but calls ignore it: that file would let others decrypt them",
                "Unset it unless another program needs it.",
            )
        )
    return tuple(found) or (Symptom("network.ignored", Health.OK, "no setting the console would ignore"),)


def check_token_entry(environment: Mapping[str, str]) -> Symptom:
    """Check whether a token can be entered safely."""
    if (reason := check_entry(environment)) is None:
        return Symptom("token.entry", Health.OK, "nothing records what you type")
    words, _, todo = reason.partition(". ")
    return Symptom("token.entry", Health.UNSAFE, f"{words}; token set and rotate refuse", todo)


def check_files(environment: Mapping[str, str]) -> tuple[Symptom, ...]:
    """Check the config file and the console's own directories, without changing anything."""
    own = Directories.of(environment)
    try:
        config = next(each.path for each in config_files(Request.here(environment)) if each.is_read)
    except ConfigError as error:
        return (Symptom("files.config", Health.FAIL, str(error)),)
    return (
        Symptom("files.config", Health.NOTE, "no config file", "The built-in profile demo is used.")
        if config is None
        else _check_config(config),
        _check_directory("files.state", own.state),
        _check_directory("files.data", own.data),
    )


def _check_config(path: Path) -> Symptom:
    where = safe(str(path))
    try:
        found = path.stat()
    except OSError as error:
        return Symptom(
            "files.config",
            Health.FAIL,
            f"{where} cannot be inspected: {os_reason(error)}",
            "Check that the path exists and that you may read it.",
        )
    if found.st_uid not in (os.geteuid(), 0):
        return Symptom("files.config", Health.WARN, f"{where} belongs to another user", "Replace it with your own.")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return Symptom(
            "files.config", Health.WARN, f"{where} can be changed by other users", f"Run: chmod go-w {where}"
        )
    if not os.access(path, os.R_OK):
        return Symptom("files.config", Health.FAIL, f"{where} cannot be read", f"Run: chmod u+r {where}")
    return Symptom("files.config", Health.OK, where)


def _check_directory(symptom_id: str, path: Path) -> Symptom:
    where = safe(str(path))
    try:
        found = path.lstat()
    except FileNotFoundError:
        return _check_missing(symptom_id, path)
    except OSError as error:
        return Symptom(
            symptom_id,
            Health.FAIL,
            f"{where} cannot be inspected: {os_reason(error)}",
            "Check that the path exists and that you may read it.",
        )
    if not stat.S_ISDIR(found.st_mode):
        return Symptom(symptom_id, Health.UNSAFE, f"{where} is not a directory", "Move it away.")
    if found.st_uid != os.geteuid():
        return Symptom(symptom_id, Health.UNSAFE, f"{where} belongs to another user", "Move it away.")
    if found.st_mode & 0o077:
        return Symptom(symptom_id, Health.UNSAFE, f"{where} is open to other users", f"Run: chmod 700 {where}")
    if not os.access(path, os.W_OK | os.X_OK):
        return Symptom(symptom_id, Health.FAIL, f"{where} is not writable", f"Run: chmod 700 {where}")
    return Symptom(symptom_id, Health.OK, where)


def _check_missing(symptom_id: str, path: Path) -> Symptom:
    """Check whether a missing directory could be created in its nearest existing parent."""
    where = safe(str(path))
    above = next((each for each in path.parents if each.exists()), Path("/"))
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return Symptom(symptom_id, Health.OK, f"{where}, created when needed")
    return Symptom(
        symptom_id,
        Health.FAIL,
        f"{where} cannot be created: {safe(str(above))} is not writable",
        "Set XDG_STATE_HOME and XDG_DATA_HOME to directories of your own.",
    )
