"""Software of others that a machine does not have: the tests that need it say so, and never quietly."""

import os
from typing import NoReturn

import pytest


def not_tested(what: str, why: str, excuse_variable: str = "") -> NoReturn:
    """Skip loudly, or fail where the referees are required.

    Args:
        what: The software.
        why: Why it is missing, and how to get it.
        excuse_variable: The environment variable in which `.ci/run` says why this machine can do without it: then it
            may be missing where the referees are required.

    """
    excuse = os.environ.get(excuse_variable)
    words = f"NOT TESTED against {what}: {excuse or why}"
    if os.environ.get("GATEWAY_CONSOLE_REFEREES") == "required" and not excuse:
        pytest.fail(words, pytrace=False)
    pytest.skip(words)
