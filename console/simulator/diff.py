"""Unified diffs as `git apply` accepts them, for the embedded writer's patches."""

import difflib
from collections.abc import Sequence


def added_file(path: str, lines: Sequence[str]) -> str:
    """Return the diff that adds a file."""
    head = [f"diff --git a/{path} b/{path}", "new file mode 100644", "--- /dev/null", f"+++ b/{path}"]
    return text_of([*head, f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])


def edited_file(path: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return the diff that turns a file's lines into others; the file ends with one line break."""
    hunks = list(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""))
    return text_of([f"diff --git a/{path} b/{path}", *hunks])


def text_of(lines: Sequence[str]) -> str:
    """Return lines as a text that ends with a line break."""
    return "".join(f"{line}\n" for line in lines)
