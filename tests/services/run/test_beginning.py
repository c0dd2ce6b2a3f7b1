"""What a run pins when it begins."""

from hashlib import sha256
from pathlib import Path

from support.run.desks import FILES, Office

from console.domain.record.projection import record_of
from console.domain.run.pinned import ContextFile


async def test_the_context_files_are_in_the_record_by_path_and_hash(tmp_path: Path, no_trust_store: None) -> None:
    office = Office(tmp_path, "http://127.0.0.1:9", "unused")
    office.furnish()
    async with office.desk() as desk:
        log = await office.begin(desk, context=("docs/*.md",))
        assert record_of(log.state).context == (
            ContextFile("docs/start.md", sha256(FILES["docs/start.md"]).hexdigest()),
        )
        assert record_of((await office.begin(desk)).state).context == ()
