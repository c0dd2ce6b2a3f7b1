"""Token entry: when a token must not be typed or piped in, because something on this machine would record it."""

from collections.abc import Mapping


def check_entry(environment: Mapping[str, str]) -> str | None:
    """Return why a token must not be entered now and what to do; None if it may be entered.

    Textual's log records every key and every paste, including those in a hidden input, and its developer console
    shows them (textual 8.2, read 2026-11-22).
    """
    if environment.get("TEXTUAL_LOG"):
        return "TEXTUAL_LOG is set: its file would record every key press. Run: unset TEXTUAL_LOG"
    features = {each.strip().lower() for each in environment.get("TEXTUAL", "").split(",")}
    if "devtools" in features:
        return "TEXTUAL names devtools: its console would show every key press. Run: unset TEXTUAL"
    return None
