"""The work of each gate: pinning, preparing, fetching and judging. Nothing here appends to the ledger."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from console.domain.answers.evidence import Quotable
from console.domain.answers.role_answer import Critique, Plan, Review
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.artifacts.repository_path import Scope
from console.domain.artifacts.unified_diff import as_git_reads_it, parse_patch
from console.domain.finding import Finding, Severity
from console.domain.injection.scan import find_injection
from console.domain.instructions.source import Conflict, InstructionSet, InstructionSource, Load, Tool
from console.domain.run.answer_form import PLAN_FORM
from console.domain.run.event import (
    ArtifactRole,
    DraftBrought,
    InstructionPinned,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
)
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import PinnedSource
from console.domain.run.rubric import check_override, judge_critique, judge_review
from console.domain.run.state import RunState
from console.domain.sources.cited_page import check_sources
from console.services.checks.candidate import CheckLimits, check_candidate
from console.services.checks.kept_output import keep_outputs
from console.services.git.checkout import NoCheckoutError
from console.services.git.command import NoGitError
from console.services.git.content import tree_of_patch
from console.services.git.scratch import ScratchError
from console.services.instructions.find import check_pinned, find_instructions
from console.services.ledger.ledger import LedgerError
from console.services.pages.claim_check import check_claims, source_fetch
from console.services.run.briefing.texts import RunTexts
from console.services.run.judging import (
    NEEDS_A_PERSON,
    GateOpening,
    check_author,
    check_independence,
    check_source,
    judge_plan,
    judge_preflight,
    lowered,
    open_gate,
)
from console.services.run.preflight_notes import read_notes
from console.services.run.role_call import nonce_of
from console.services.run.routing import independence, route_of
from console.services.run.run_context import RunContext, RunInputs
from console.services.run.step import StepHeldError
from console.services.run.subject import claims_of


class GateWork:
    """Does the work of one run's gates, in this process."""

    def __init__(self, context: RunContext, inputs: RunInputs, texts: RunTexts) -> None:
        """Prepare to work.

        Args:
            context: What stepping needs of this process.
            inputs: Where the run works on this machine.
            texts: The run's stored texts.

        """
        self._context = context
        self._inputs = inputs
        self._texts = texts
        self._root = Path(inputs.repository)

    # --- The instruction source --------------------------------------------------------------------------------------
    async def find_instructions(self) -> InstructionSet:
        """Find what the profile's tool reads in the run's directory. Raises `InstructionsError`."""
        return await find_instructions(
            Tool(self._context.profile.instructions.tool),
            self._root,
            self._root / self._inputs.directory,
            environment=self._context.environment,
            home=self._context.home,
        )

    async def pin_instruction(self) -> InstructionPinned:
        """Find the instruction source and return it as the run records it."""
        found = await self.find_instructions()
        return InstructionPinned(
            found.tool.value,
            found.primary or "",
            self._inputs.directory if self._inputs.directory not in ("", ".") else "repository",
            tuple(
                PinnedSource(
                    each.path,
                    each.scope,
                    each.load.value,
                    each.sha256 or "",
                    each.bytes,
                    each.effective_bytes,
                    is_dirty=bool(each.is_dirty),
                )
                for each in found.sources
            ),
            found.effective_sha256,
            tuple(each.code.value for each in found.conflicts),
        )

    async def what_changed(self, state: RunState, origin: str) -> RunStopped | None:
        """Return what has changed since the run began, checked before a call; None if nothing has."""
        role = state.role
        changed = () if state.instruction is None else await self._check_pinned(state.instruction)
        if changed:
            path = changed[0].path or "an instruction file"
            words = f"{path} has changed since it was pinned; look, then begin another run"
            return RunStopped(StopCause.INSTRUCTION_CHANGED, reason=words, role=role)
        is_pinned = role is not None and state.route(role) is not None
        if role is not None and is_pinned and route_of(self._context.profile, state, role, origin) is None:
            words = f"the config's route for {role} has changed since the run began; begin another run"
            return RunStopped(StopCause.ROUTE_CHANGED, reason=words, role=role)
        return None

    async def _check_pinned(self, pinned: InstructionPinned) -> tuple[Conflict, ...]:
        """Hash again what the tool reads, without git, and return what has changed since it was pinned."""
        sources = tuple(
            InstructionSource(
                each.path, each.scope, Load(each.load), each.sha256 or None, each.size, each.effective_size
            )
            for each in pinned.sources
        )
        return await check_pinned(
            InstructionSet(Tool(pinned.tool), pinned.primary or None, sources),
            self._root,
            self._root / self._inputs.directory,
            environment=self._context.environment,
            home=self._context.home,
        )

    # --- A draft from outside ----------------------------------------------------------------------------------------

    def bring_draft(self, state: RunState) -> tuple[RunEvent, ...]:
        """Return the draft that the run began with, as the ledger records its entry.

        Raises:
            StepHeldError: It was sent back, and the next one has to be brought.

        """
        outside = state.outside
        if outside is None or state.attempt > 1:
            raise StepHeldError(
                f"the draft came from outside and was sent back: bring the next one with `gateway-console run bring"
                f" {state.run_id} FILE.patch`, or stop the run"
            )
        return (DraftBrought(state.attempt, outside),)

    # --- Sources -----------------------------------------------------------------------------------------------------

    async def check_sources(self, state: RunState, own_origin: str | None) -> SourcesChecked:
        """Read the page behind every claim of the draft.

        Args:
            state: The run.
            own_origin: The embedded gateway's origin: its pages may be read although it is on this machine.

        """
        kind = "" if state.created is None else state.created.kind
        claims = claims_of(await self._texts.draft(state), kind)
        read = source_fetch(loopback_origins=frozenset() if own_origin is None else frozenset({own_origin}))
        async with aclosing(check_claims(claims, read, lambda: self._context.now_ms() / 1000)) as results:
            checked = [replace(each, reason="") async for each in results]
        return SourcesChecked(tuple(sorted(checked, key=lambda each: each.url)))

    # --- Judging -----------------------------------------------------------------------------------------------------

    async def judge(self, state: RunState) -> GateOpening:
        """Compute our verdict at the gate from stored artifacts: a recorded call is never repeated."""
        match state.gate:
            case Gate.INSTRUCTION:
                return self._judge_instruction(state, await self.find_instructions())
            case Gate.PLANNER:
                plan = await self._texts.answer(state)
                stored = state.artifact(ArtifactRole.PLAN)
                if not isinstance(plan, Plan) or stored is None:
                    raise LedgerError("the plan is no longer stored; begin another run")
                return judge_plan(state, plan, stored.sha256, await self._texts.read(stored.sha256))
            case Gate.WRITER:
                return await self._judge_draft(state)
            case Gate.SOURCE_CHECK:
                return await self._judge_sources(state)
            case Gate.REVIEWER | Gate.CRITIC:
                return await self._judge_judge(state)
            case Gate.PREFLIGHT:
                return judge_preflight(state, await read_notes(self._context.artifacts, state))
            case Gate.CANDIDATE:
                return await self._judge_candidate(state)

    async def _judge_candidate(self, state: RunState) -> GateOpening:
        draft = await self._texts.newest(state, ArtifactRole.DRAFT)  # read again, which checks its hash
        opening = open_gate(state, GateVerdict.READY, artifact_sha256=state.subject_sha256)
        created = state.created
        if created is None or created.kind != ArtifactKind.PATCH:
            return opening
        patch = as_git_reads_it(draft.encode())
        try:
            tree = await tree_of_patch(self._root, created.repository.commit, patch, self._context.environment)
        except (NoCheckoutError, NoGitError, ScratchError, OSError):
            return opening  # the record then names no tree, and no commit is proven to be this candidate
        return replace(opening, opened=replace(opening.opened, tree=tree))

    def _judge_instruction(self, state: RunState, found: InstructionSet) -> GateOpening:
        settings = self._context.profile.instructions
        unsettled = found.unsettled()
        findings = [Finding(each.code.value, Severity.FAIL, each.sentence) for each in unsettled]
        findings += [
            Finding(each.code.value, Severity.WARN, each.sentence) for each in found.conflicts if each not in unsettled
        ]
        if found.primary is None:
            findings.append(
                Finding("INSTR-02", Severity.WARN, "no instruction source is read: the artifact follows only the task")
            )
        if settings.source and found.primary != settings.source:
            said = found.primary or "none"
            findings.append(
                Finding("INSTR-03", Severity.FAIL, f"the profile requires the source {settings.source}; it is {said}")
            )
        is_broken = any(each.severity is Severity.FAIL for each in findings)
        is_end = is_broken and settings.stop_on_conflict
        return open_gate(
            state,
            GateVerdict.BLOCK if is_broken else GateVerdict.READY,
            findings,
            needs_human=not is_end and (is_broken or found.primary is None),
            is_final=is_end,
        )

    async def _judge_draft(self, state: RunState) -> GateOpening:
        draft = await self._texts.draft(state)
        policy = self._context.profile.policy
        limits = CheckLimits(command_s=policy.check_timeout_s)
        checked = await check_candidate(
            ArtifactKind("patch" if state.created is None else state.created.kind),
            draft.artifact.encode(),
            await self._scope(state, draft.artifact),
            repository=self._root,
            commit="" if state.created is None else state.created.repository.commit,
            environment=self._context.environment,
            commands=policy.checks,
            is_confirmed=self._inputs.are_checks_confirmed,
            limits=limits,
        )
        is_read = len(draft.artifact.encode()) <= limits.artifact_bytes  # a larger one is refused unread
        suspected = await asyncio.to_thread(find_injection, draft.artifact) if is_read else ()
        findings = [
            *(() if state.outside is not None else check_source(draft.instruction_source, state.instruction)),
            *check_author(state),
            *suspected,
            *checked.outcome.findings,
        ]
        is_broken = any(each.severity is Severity.FAIL for each in findings)
        commands, outputs = await keep_outputs(checked, self._context.artifacts.put)
        opening = open_gate(
            state,
            GateVerdict.REVISE if is_broken else GateVerdict.READY,
            findings,
            needs_human=checked.needs_human
            or checked.outcome.is_refused
            or bool(suspected)
            or any(each.id in NEEDS_A_PERSON for each in findings),
            is_final=checked.outcome.is_refused,
            artifact_sha256=state.subject_sha256,
            commands=commands,
        )
        return replace(opening, output_tails=outputs)

    async def _scope(self, state: RunState, draft: str) -> Scope:
        """Return what bounds a draft: the plan; for one from outside, the files that it names itself."""
        if state.outside is None:
            plan = PLAN_FORM.read(await self._texts.newest(state, ArtifactRole.PLAN))
            return Scope(plan.scope)
        said = await asyncio.to_thread(parse_patch, draft)
        return Scope(tuple(dict.fromkeys(said.paths)))

    async def _judge_sources(self, state: RunState) -> GateOpening:
        is_required = state.created is not None and state.created.kind == ArtifactKind.ARTICLE
        sources = () if state.sources is None else state.sources.sources
        findings = check_sources(sources, is_required=is_required)
        is_broken = any(each.severity is Severity.FAIL for each in findings)
        return open_gate(
            state,
            GateVerdict.REVISE if is_broken else GateVerdict.READY,
            findings,
            needs_human=any(each.severity is Severity.WARN for each in findings),
            artifact_sha256=state.subject_sha256,
        )

    async def _judge_judge(self, state: RunState) -> GateOpening:
        answer = await self._texts.answer(state)
        is_patch = state.created is not None and state.created.kind == ArtifactKind.PATCH
        draft = Quotable(await self._texts.newest(state, ArtifactRole.DRAFT), is_patch)
        nonce = "" if state.intended is None else nonce_of(state.intended.call_id)
        if isinstance(answer, Review):
            judgement = judge_review(answer, await self._texts.rubric(state), draft, nonce)
        elif isinstance(answer, Critique):
            judgement = judge_critique(answer, draft, nonce)
        else:
            raise LedgerError(f"the answer of the {state.gate.words} is no longer stored; begin another run")
        found = independence(state, state.gate)
        near = tuple(check_independence(found, None if state.created is None else state.created.policy))
        suspected = await asyncio.to_thread(find_injection, draft.draft)
        reviewed = state.opening(Gate.REVIEWER) if state.gate is Gate.CRITIC else None
        overridden = () if reviewed is None else check_override(reviewed.verdict, judgement.verdict)
        return open_gate(
            state,
            lowered(judgement, near),
            (*near, *judgement.findings, *overridden),
            needs_human=judgement.needs_human or bool(near or suspected),
            is_final=any(each.severity is Severity.FAIL for each in near),
            artifact_sha256=state.subject_sha256,
            judgement=judgement,
            independence=found,
        )
