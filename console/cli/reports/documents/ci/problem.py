"""The document of a command that a problem ended, where `--output` asks for a file."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ProblemDocument:
    """Why a command found nothing."""

    schema: Literal["gateway-console/problem/v1"] = "gateway-console/problem/v1"
    verb: str
    problem: str
    """Why, and what to do."""
    exit_code: int
