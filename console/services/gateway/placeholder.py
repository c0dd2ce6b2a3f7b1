"""Placeholders: text that was copied from a document and not filled in."""

import re

_PLACEHOLDER = re.compile(
    r"""
    <[A-Za-z][^<>]*> | \{\{?\s*[A-Za-z][^{}]*\}         # <resource>, {account_id}, {{ host }}
    | \$[{(]?[A-Za-z_]                                  # ${VAR}, $VAR, $(VAR)
    | %[A-Za-z_]{3,}%                                   # %VAR%
    | \byour?[-_]?(?:own[-_])?(?:account|api|azure|company|deployment|domain|endpoint|gateway|host|instance|key|model
        |name|org|organi[sz]ation|project|proxy|region|resource|server|subdomain|team|tenant|token|url|workspace)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def placeholder_fault(text: str) -> str | None:
    """Say that a text has a placeholder, and at which position, or return None. The text is not shown."""
    found = _PLACEHOLDER.search(text)
    if found is None:
        return None
    return (
        f"has a placeholder at position {found.start() + 1}, which is not filled in; write the value itself."
        ' Variables are not expanded in a config; only base_url_ref = "env:NAME" reads one'
    )
