"""The texts of a run that are stored beside the ledger, read by what the run says of them."""

import msgspec

from console.domain.answers.role_answer import Critique, Draft, Plan, Review, RoleAnswer
from console.domain.run.event import ArtifactRole
from console.domain.run.gate import Gate
from console.domain.run.rubric import Rubric, default_rubric, read_rubric
from console.domain.run.state import RunState
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.ledger import LedgerError
from console.services.run.role_call import read_answer


class RunTexts:
    """Reads the stored texts of one run."""

    def __init__(self, artifacts: ArtifactStore, rubric_sha256: str) -> None:
        """Prepare to read.

        Args:
            artifacts: Where they are stored.
            rubric_sha256: The hash of the operator's own rubric; empty for the built-in one.

        """
        self._artifacts = artifacts
        self._rubric_sha256 = rubric_sha256

    async def read(self, sha256: str) -> str:
        """Return a text by its hash. Raises `LedgerError` if it was deleted or altered."""
        data = await self._artifacts.read(sha256)
        if data is None:
            raise LedgerError(f"the artifact {sha256[:12]} is no longer stored; begin another run")
        return data.decode()

    async def newest(self, state: RunState, role: ArtifactRole) -> str:
        """Return the newest artifact of a role. Raises `LedgerError` if there is none, or it was deleted or altered."""
        stored = state.artifact(role)
        if stored is None:
            raise LedgerError(f"the run has no {role}")
        return await self.read(stored.sha256)

    async def rubric(self, state: RunState) -> Rubric:
        """Return the rubric that scores the run's drafts. Raises `RubricError` and `LedgerError`."""
        kind = "patch" if state.created is None else state.created.kind
        threshold = None if state.created is None else state.created.policy.threshold
        if not self._rubric_sha256:
            return default_rubric(kind, threshold)
        return read_rubric(await self.read(self._rubric_sha256), kind, threshold=threshold)

    async def answer(self, state: RunState) -> RoleAnswer | None:
        """Return the newest answer as the gate's role must give it; None if there is none. Raises `LedgerError`."""
        stored = state.artifact(ArtifactRole.ANSWER)
        if stored is None:
            return None
        answer = read_answer(state.gate, await self.read(stored.sha256), (await self.rubric(state)).ids)
        return answer if isinstance(answer, Plan | Draft | Review | Critique) else None

    async def answer_at(self, state: RunState, gate: Gate, attempt: int) -> RoleAnswer | None:
        """Return the answer at a gate in an attempt, whatever other answers followed. Raises `LedgerError`."""
        criteria = (await self.rubric(state)).ids
        for stored in reversed(state.artifacts):
            if stored.role is ArtifactRole.ANSWER and stored.attempt == attempt:
                answer = read_answer(gate, await self.read(stored.sha256), criteria)
                if isinstance(answer, Plan | Draft | Review | Critique):
                    return answer
        return None

    async def draft(self, state: RunState) -> Draft:
        """Return the writer's answer in this attempt; a draft from outside says nothing of its source or its claims.

        Raises:
            LedgerError: It was deleted or altered.

        """
        if state.outside is not None:
            return Draft("", await self.newest(state, ArtifactRole.DRAFT), ())
        answer = await self.answer_at(state, Gate.WRITER, state.attempt)
        if not isinstance(answer, Draft):
            raise LedgerError("the draft is no longer stored; begin another run")
        return answer

    async def notes(self, sha256: str | None) -> tuple[tuple[str, str], ...]:
        """Return a gate's findings as ids and messages; none if they were deleted."""
        data = None if sha256 is None else await self._artifacts.read(sha256)
        return () if data is None else tuple((each["id"], each["message"]) for each in msgspec.json.decode(data))
