"""The document of `init`."""

from dataclasses import dataclass
from typing import Literal

from console.cli.reports.documents.finding import FindingDocument


@dataclass(frozen=True, kw_only=True)
class InitDocument:
    """A config that was written."""

    schema: Literal["gateway-console/init/v1"] = "gateway-console/init/v1"
    profile: str
    config: str | None
    """The file that was written; null if the config was to be written to stdout, as it is in `toml`."""
    toml: str
    notes: tuple[str, ...]
    """What the config does not say as the YAML does."""
    findings: tuple[FindingDocument, ...]
    """Of its route table as a whole, such as a role that a run will need and the table lacks."""
