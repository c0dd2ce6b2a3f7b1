"""Why the system refused: text with what to do, never a code."""

import errno
import os

import pytest

from console.services.system.os_reason import os_reason


@pytest.mark.parametrize("number", sorted(errno.errorcode), ids=lambda number: errno.errorcode[number])
def test_every_error_is_told_in_text_and_no_code(number: int) -> None:
    for error in (OSError(number, os.strerror(number)), OSError(number, None)):
        words = os_reason(error)
        assert len(words) > 4
        assert errno.errorcode[number] not in words
        assert "Errno" not in words


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "Permission denied (check its owner and its mode"),
        (errno.ENOENT, "No such file or directory (check the path"),
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EISDIR, "Is a directory (name a file in it)"),
    ],
)
def test_a_common_error_says_what_to_do(number: int, advice: str) -> None:
    assert os_reason(OSError(number, os.strerror(number))).startswith(advice)


def test_an_error_without_a_number_is_still_text() -> None:
    assert os_reason(OSError()) == "input/output error"
    assert os_reason(OSError("ENOENT")) == "input/output error"
