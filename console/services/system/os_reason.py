"""Why the operating system refused something: its words, and what to do about it; never a code alone."""

import errno
import os

_ADVICE = {
    errno.EACCES: "check its owner and its mode, and those of the directories above it: ls -ld",
    errno.EPERM: "this user, or this container, may not do it",
    errno.ENOENT: "check the path for a typo",
    errno.ENOTDIR: "a part of its path is a file",
    errno.EISDIR: "name a file in it",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.EROFS: "choose a path on a file system that can be written",
    errno.ENOEXEC: "it is not a program for this machine",
    errno.ETXTBSY: "it is being written; try again when that is done",
    errno.EADDRINUSE: "another program listens there",
    errno.EIO: "check the disk",
    errno.ESTALE: "the network file system lost it; try again",
}
SHORTAGES = {
    errno.EMFILE: "this process has too many open files; allow more, with: ulimit -n 1024",
    errno.ENFILE: "this machine has too many open files; close other programs, then try again",
    errno.ENOMEM: "out of memory; close other programs, then try again",
    errno.ENOSPC: "the disk is full; free some space, then try again",
    errno.EDQUOT: "the disk quota is used up; free some space, then try again",
}
"""What the machine ran out of, and what to do."""


def os_reason(error: OSError) -> str:
    """Return why the system refused, as text: its own words with what to do, or that it said nothing known."""
    number = error.errno or 0
    if number in SHORTAGES:
        return SHORTAGES[number]
    words = error.strerror or (os.strerror(number) if number else "input/output error")
    return f"{words} ({_ADVICE[number]})" if number in _ADVICE else words
