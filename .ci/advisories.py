"""Say what pip-audit found: its JSON comes on stdin, the exit code is 1 for an advisory and 3 where not all was asked.

pip-audit itself ends with 0 and "No known vulnerabilities found" where an index has no advisories at all to give.
"""

import json
import sys
from typing import Any

FOUND, NOT_ALL_ASKED = 1, 3


def judge(text: str) -> tuple[int, str]:
    """Return the exit code and what to say of an answer of pip-audit."""
    try:
        answer = json.loads(text)
    except ValueError:
        return NOT_ALL_ASKED, "pip-audit gave no answer"
    pins: list[dict[str, Any]] = answer["dependencies"]
    found = [
        f"{pin['name']} {pin['version']}: {' '.join([each['id'], *each['aliases']])}, "
        f"fixed in {', '.join(each['fix_versions']) or 'no release'}"
        for pin in pins
        for each in pin.get("vulns", [])
    ]
    if found:
        return FOUND, "\n".join(found)
    skipped = [pin["skip_reason"] for pin in pins if "skip_reason" in pin]
    if skipped or not pins:
        return NOT_ALL_ASKED, f"{len(skipped)} of {len(pins)} pins, such as: {[*skipped, 'there is none'][0]}"
    return 0, f"{len(pins)} pins, and no known advisory"


def main() -> int:
    """Judge what comes on stdin."""
    code, words = judge(sys.stdin.read())
    sys.stdout.write(words + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
