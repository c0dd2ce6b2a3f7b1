"""The files of a commit, read from its objects: no link is followed, and the working tree is not read."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from console.services.git.command import OUTPUT_BYTES
from console.services.git.scratch import Scratch, ScratchError
from console.services.system.process import ChildEnding

_ENTRY = re.compile(
    rb"(100644|100755|120000|160000) (?:blob|commit) ([0-9a-f]{40,64}) +([0-9]+|-|BAD)\t(.*)", re.DOTALL
)
_LINK = b"120000"
_MODULE = b"160000"
_HEADER = re.compile(rb"([0-9a-f]{40,64}) blob ([0-9]+)")


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a commit."""

    path: str
    """Relative to the root, with `/`; bytes that are not UTF-8 become surrogates."""
    blob: str
    size: int | None
    """In bytes; None if it was not fetched."""
    is_link: bool


async def list_files(own: Scratch, commit: str) -> tuple[TreeFile, ...]:
    """Return the files and links of a commit, in git's order; submodules are left out.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: The commit's trees are incomplete, or too many.

    """
    report = await own.git("ls-tree", "-r", "-z", "--long", "--full-tree", commit)
    if not report.is_success:
        is_large = report.ending is ChildEnding.FLOODED
        why = f"its list of files has over {OUTPUT_BYTES} bytes" if is_large else "not all of it was fetched"
        raise ScratchError(f"the files of commit {commit[:12]} cannot be listed: {why}")
    return await asyncio.to_thread(_parse, report.tail)


def _parse(data: bytes) -> tuple[TreeFile, ...]:
    found = (_ENTRY.fullmatch(line) for line in data.split(b"\0"))
    return tuple(
        TreeFile(
            match[4].decode(errors="surrogateescape"),
            match[2].decode(),
            int(match[3]) if match[3].isdigit() else None,
            match[1] == _LINK,
        )
        for match in found
        if match is not None and match[1] != _MODULE
    )


async def read_files(own: Scratch, files: Sequence[TreeFile]) -> tuple[bytes, ...]:
    """Return the contents of some files of a commit, in their order.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: Some of them are missing.

    """
    if not files:
        return ()
    wanted = own.root / "wanted"
    wanted.write_text("".join(f"{file.blob}\n" for file in files), encoding="ascii")
    report = await own.git("cat-file", "--batch", given=wanted)
    contents = []
    rest = report.tail if report.is_success else b""
    for _ in files:
        header, _, rest = rest.partition(b"\n")
        match = _HEADER.fullmatch(header)
        if match is None or len(rest) <= (size := int(match[2])):
            raise ScratchError("a file of the commit is missing: it was not fetched")
        contents.append(rest[:size])
        rest = rest[size + 1 :]
    return tuple(contents)
