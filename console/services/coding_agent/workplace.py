"""A workplace: the pinned commit as a repository of the agent's own, and what it changed there as a patch.

The agent may do to its files and to its own `.git` what it likes: the console runs no git with that directory's
configuration. The patch is read through the throwaway repository beside it.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from console.domain.artifacts.unified_diff import parse_patch
from console.services.checks.throwaway import Throwaway, throwaway


@contextlib.asynccontextmanager
async def workplace(
    repository: Path, commit: str, draft: str, *, environment: Mapping[str, str]
) -> AsyncIterator[Throwaway]:
    """Create a workplace, and remove it with all its contents at the end.

    Args:
        repository: The operator's working tree; nothing is written there.
        commit: The pinned commit's full id.
        draft: The draft to revise, which is in the files; empty for the first. One that does not apply is left out.
        environment: The source of PATH.

    Raises:
        ThrowawayError: It cannot be created.

    """
    async with throwaway(repository, commit, environment=environment) as tree:
        if draft:
            said = parse_patch(draft)
            await tree.apply(draft.encode(), {*said.paths, *(each.old_path or each.path for each in said.changes)})
        await tree.make_copy()
        await tree.write_files()
        yield tree
