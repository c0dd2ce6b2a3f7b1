"""Themes: `themes/*.toml`, one theme per file, loaded unchanged."""

import tomllib
from collections.abc import Container, Mapping

from textual.theme import Theme

from console.services.config.shipped import shipped
from console.view.sign import Tone

DEFAULT = "midnight"
PLAIN = "ansi-dark"
"""Textual's own theme in the terminal's sixteen colours: for NO_COLOR and for terminals without more."""

TONE_DEFAULTS: dict[str, str] = {
    f"tone-{Tone.DIM}": "ansi_bright_black",
    f"tone-{Tone.TEXT}": "ansi_default",
    f"tone-{Tone.STRONG}": "ansi_default",
    f"tone-{Tone.OK}": "ansi_green",
    f"tone-{Tone.FAIL}": "ansi_red",
    f"tone-{Tone.WARN}": "ansi_yellow",
    f"tone-{Tone.LIVE}": "ansi_bright_blue",
    f"tone-{Tone.ACCENT}": "ansi_cyan",
    "line": "ansi_bright_black",
    "line-focus": "ansi_bright_blue",
    "cursor": "ansi_black",
}
"""Our variables in the terminal's own sixteen colours."""


def variables_of(theme: Theme) -> dict[str, str]:
    """Return our variables for a theme that is not ours, from the colours that every theme has."""
    if theme.ansi:
        return TONE_DEFAULTS
    colours = theme.to_color_system().generate()
    sources = {
        f"tone-{Tone.DIM}": "text-muted",
        f"tone-{Tone.TEXT}": "foreground",
        f"tone-{Tone.STRONG}": "foreground",
        f"tone-{Tone.OK}": "text-success",
        f"tone-{Tone.FAIL}": "text-error",
        f"tone-{Tone.WARN}": "text-warning",
        f"tone-{Tone.LIVE}": "text-primary",
        f"tone-{Tone.ACCENT}": "text-accent",
        "line": "panel",
        "line-focus": "primary",
        "cursor": "panel",
    }
    return {name: colours[source] for name, source in sources.items()}


def chosen(environment: Mapping[str, str], known: Container[str]) -> str:
    """Return the theme in `TEXTUAL_THEME`, or the default if it names no known theme."""
    name = environment.get("TEXTUAL_THEME", "")
    return name if name in known else DEFAULT


def load_themes() -> list[Theme]:
    """Load all shipped themes."""
    return [
        _theme(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(shipped("themes").glob("*.toml"))
    ]


def _theme(table: dict[str, object]) -> Theme:
    colours = {name: str(value) for name, value in table.items() if name not in ("name", "dark")}
    return Theme(
        name=str(table["name"]),
        dark=bool(table["dark"]),
        primary=colours["line-focus"],
        secondary=colours["accent"],
        accent=colours["accent"],
        success=colours["ok"],
        warning=colours["warn"],
        error=colours["fail"],
        foreground=colours["text"],
        background=colours["ground"],
        surface=colours["ground"],
        panel=colours["cursor"],
        variables={
            **{f"tone-{tone}": colours[tone] for tone in Tone},
            "line": colours["line"],
            "line-focus": colours["line-focus"],
            "cursor": colours["cursor"],
        },
    )
