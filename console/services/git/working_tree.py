"""The state of a working tree: whether it differs from a commit, found without running programs it names.

`git status` in the repository itself runs the clean and process filters of its configuration, and enters submodules
with theirs. So we ask in a scratch repository that has a copy of the index: a file whose size and time match the
index is not even read, and a file that is read is compared unfiltered.
"""

import asyncio
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from console.services.git.checkout import Checkout
from console.services.git.scratch import Scratch, ScratchError, scratch
from console.services.system.os_reason import os_reason

_INDEX_BYTES = 512_000_000
_INFO_BYTES = 4_000_000
_SPARSE = ("-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=true", "-c", "index.sparse=true")
"""Lets git use a sparse index as it is; otherwise it would create the trees of a full one."""


async def is_dirty(checkout: Checkout, commit: str, environment: Mapping[str, str]) -> bool:
    """Return whether tracked files differ from a commit, or files exist that are neither tracked nor ignored.

    A file that a filter such as Git LFS changed, and that was touched since, counts as different: the filter is not
    run. Submodules are not examined.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: Git cannot say.

    """
    async with scratch(checkout, environment) as own:
        try:
            await asyncio.to_thread(copy_index, checkout, own)
        except OSError as error:
            reason = os_reason(error)
            raise ScratchError(f"the repository's index cannot be read: {reason}") from None
        (own.repository / "HEAD").write_text(f"{commit}\n", encoding="ascii")
        sparse = _SPARSE if (own.repository / "info" / "sparse-checkout").exists() else ()
        shape = ("--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=all", "--no-renames")
        report = await own.git(*sparse, "status", *shape, tree=checkout.root)
        if not report.is_success:
            raise ScratchError("git cannot compare the working tree with its commit; see: git fsck --connectivity-only")
        return bool(report.output_bytes)


def copy_index(checkout: Checkout, own: Scratch) -> None:
    """Copy the patterns, and the index with its time, which shows which entries are too recent to trust.

    Raises:
        OSError: One of them cannot be read, or is too large.

    """
    if checkout.index.exists():
        _copy_file(checkout.index, own.index, _INDEX_BYTES)
    for shared in checkout.index.parent.glob("sharedindex.*"):
        _copy_file(shared, own.repository / shared.name, _INDEX_BYTES)
    (own.repository / "info").mkdir(exist_ok=True)
    for source in (checkout.excludes, checkout.sparse, checkout.attributes):
        if source.exists():
            _copy_file(source, own.repository / "info" / source.name, _INFO_BYTES)


def _copy_file(source: Path, target: Path, limit: int) -> None:
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as reading:
        found = os.fstat(reading.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            raise OSError(0, f"{source.name} is not a file, or larger than {limit} bytes")
        with target.open("wb") as writing:
            shutil.copyfileobj(reading, writing)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
