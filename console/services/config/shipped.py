"""Files that are shipped with the program: the sample config and the themes."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


def shipped(name: str) -> Path:
    """Return the path of a shipped file or folder.

    An installed program has it inside the package; a checkout has it beside the package.

    Raises:
        FileNotFoundError: The installation is incomplete.

    """
    for base in (_PACKAGE, _PACKAGE.parent):
        if (path := base / name).exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of gateway-console")
