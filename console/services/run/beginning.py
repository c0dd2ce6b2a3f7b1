"""Beginning a run: pins the task, the repository and the policy before any call to a model."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath

import msgspec

from console import __version__
from console.domain.artifacts.artifact import SIZE_LIMIT_BYTES, ArtifactKind
from console.domain.ledger.signature import begin_statement, signer_of
from console.domain.money import Limits, microusd
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.run.agent_event import AgentWriter, OutsideDraft
from console.domain.run.event import ArtifactRole, ArtifactStored, OperatorSigned, RunCreated
from console.domain.run.independence import UnprovenPolicy
from console.domain.run.pinned import ContextFile, RunPolicy
from console.domain.run.reason import check_reason, kept_reason
from console.domain.run.rubric import RubricError, default_rubric, read_rubric
from console.domain.run.state import RunState
from console.domain.text.secret_scan import find_secrets
from console.services.coding_agent.choice import find_agent
from console.services.config.settings import Profile
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.codec import encode_event
from console.services.ledger.ledger import LedgerError
from console.services.record.signing import SigningError, sign_verified
from console.services.run.context import read_context
from console.services.run.own_rubric import own_rubric
from console.services.run.repository import find_root, read_repository
from console.services.run.routing import pin_routes
from console.services.run.run_context import RunContext, RunInputs
from console.services.run.run_log import RunLog, begin

TASK_LIMIT = 64 * 1024
"""The most bytes of a task."""


class BeginError(Problem):
    """A run cannot begin; the message says why and what to do."""

    kind = ProblemKind.USAGE


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator wants from a run."""

    task: bytes
    kind: ArtifactKind
    directory: Path
    """A directory in the repository, or its root."""
    context: tuple[str, ...] = ()
    are_checks_confirmed: bool = False
    routes: tuple[RouteKey, ...] = ()
    """The routes to use instead of their roles' own ones."""
    writer: str = ""
    """The coding agent that writes the drafts; empty if the writer's route is asked for them."""
    writer_command: str = ""
    """The command of a writer of the operator's own."""
    draft: bytes | None = None
    """A draft from outside; None if the run makes its drafts."""
    made_by: str = ""


async def begin_run(context: RunContext, order: Order, run_id: str, origin: str) -> tuple[RunLog, RunInputs]:
    """Pin a run's inputs, and begin it in the ledger.

    Args:
        context: What stepping the run needs.
        order: The operator's order.
        run_id: The run's new id.
        origin: The origin of the profile's gateway; nothing is sent to it.

    Raises:
        BeginError: The task, a chosen route, the draft or the rubric cannot be used.
        AgentError: The coding agent cannot write here.
        RepositoryError: The directory is not in a repository with a commit.
        BriefError: A context pattern matches nothing, or a file that is not text.
        LedgerError: The run cannot be recorded.

    """
    task = require_task(order.task)
    chosen = _require_routes(context.profile, order.routes)
    root = await find_root(order.directory, context.environment)
    repository = await read_repository(root, context.environment)
    writer = _require_writer(context, order, chosen)
    outside = await _keep_draft(context, order)
    parts = await read_context(root, repository.commit, order.context, context.environment)
    try:
        rubric = own_rubric(context.profile, order.kind)
    except RubricError as error:
        raise BeginError(str(error)) from None
    task_sha256 = await context.artifacts.put(task.encode())
    rubric_sha256 = await context.artifacts.put(rubric.encode()) if rubric else ""
    inputs = RunInputs(
        str(root),
        _relative(order.directory, root),
        order.context,
        context.profile.name,
        None if context.profile.is_built_in else context.profile.source,
        task_sha256,
        rubric_sha256,
        order.are_checks_confirmed,
        order.writer_command or context.profile.agent.command,
    )
    inputs_sha256 = await context.artifacts.put(msgspec.json.encode(inputs))
    created = RunCreated(
        order.kind.value,
        task_sha256,
        len(task.encode()),
        repository,
        context.profile.name,
        "sim:" if context.profile.is_embedded else origin,
        config_sha256(context.profile),
        __version__,
        is_simulated=context.profile.is_embedded,
        inputs_sha256=inputs_sha256,
        policy=_policy(context.profile, order.kind, rubric),
        routes=pin_routes(context.profile, origin, chosen),
        chosen_routes=tuple(str(route.key) for route in chosen if route.name),
        context=tuple(ContextFile(part.path, hashlib.sha256(part.text.encode()).hexdigest()) for part in parts),
        writer=writer,
        outside=outside,
    )
    stored = ArtifactStored(ArtifactRole.TASK, 1, task_sha256, len(task.encode()))
    signed = await _signed(context, run_id, created)
    log = await begin(
        context.ledger,
        run_id,
        context.operator,
        [created, *signed, stored],
        context.now_ms(),
        ended=context.ended,
        appended=context.appended,
    )
    return log, inputs


def _require_routes(profile: Profile, keys: Sequence[RouteKey]) -> tuple[Route, ...]:
    """Return the routes of keys. Raises `BeginError` if the profile lacks one, or if two are of one role."""
    found = {key: profile.table.find(key) for key in keys}
    if absent := [key for key, route in found.items() if route is None]:
        known = ", ".join(route.key for route in profile.table)
        raise BeginError(f"profile {profile.name} has no route {absent[0]}; it has {known}")
    if len({key.role for key in found}) < len(found):
        raise BeginError("two of the chosen routes are of one role, and a run uses one route a role; name one")
    return tuple(route for route in found.values() if route is not None)


def _require_writer(context: RunContext, order: Order, chosen: Sequence[Route]) -> AgentWriter | None:
    """Return an order's coding agent, once it is known that it can write. Raises `BeginError` and `AgentError`."""
    if not order.writer:
        return None
    if order.draft is not None:
        raise BeginError("a draft from outside has its author already; leave out --writer or --draft")
    if order.kind is not ArtifactKind.PATCH:
        raise BeginError(f"a coding agent changes files, so it writes a patch, not a {order.kind}; leave out --kind")
    route = next((each for each in chosen if each.role is Role.WRITER), context.profile.table.get(Role.WRITER))
    if route is None:
        raise BeginError(f"profile {context.profile.name} has no route for writer, on which the agent would work")
    settings = context.profile.agent
    agent = find_agent(order.writer, order.writer_command or settings.command, route, context.environment)
    return AgentWriter(agent.id, settings.calls, settings.time_limit_s)


async def _keep_draft(context: RunContext, order: Order) -> OutsideDraft | None:
    """Store a draft from outside. Raises `BeginError` if it cannot be one."""
    if order.draft is None:
        return None
    if order.kind is not ArtifactKind.PATCH:
        raise BeginError(f"a draft from outside is a patch, not a {order.kind}; leave out --kind")
    return await keep_outside(context, order.draft, order.made_by)


async def keep_outside(context: RunContext, draft: bytes, made_by: str) -> OutsideDraft:
    """Store a draft from outside.

    Raises:
        BeginError: It is empty, too large or not text, or the words for its author cannot be stored.

    """
    if len(draft) > SIZE_LIMIT_BYTES:
        raise BeginError(f"the draft has over {SIZE_LIMIT_BYTES:,} bytes; no reviewer reads that. Split it")
    try:
        text = draft.decode()
    except UnicodeDecodeError:
        raise BeginError("the draft is not UTF-8 text; give a patch as `git diff` writes it") from None
    if not text.strip() or "\0" in text:
        raise BeginError("the draft is empty or binary; give a patch as `git diff` writes it")
    who = kept_reason(made_by)
    if (refused := check_reason(who)) is not None:
        raise BeginError(f"--made-by: {refused.message}")
    return OutsideDraft(await context.artifacts.put(draft), len(draft), who)


async def _signed(context: RunContext, run_id: str, created: RunCreated) -> tuple[OperatorSigned, ...]:
    """Sign a run's beginning if the policy requires four eyes: otherwise anyone could be named as its author."""
    if not created.policy.four_eyes:
        return ()
    try:
        sign = await sign_verified(
            context.profile.policy, begin_statement(run_id, encode_event(created)), context.environment
        )
    except SigningError as error:
        raise BeginError(str(error)) from None
    return (OperatorSigned(signer_of(sign.signature), sign.signature, sign.signers_sha256),)


def _relative(directory: Path, root: Path) -> str:
    return os.path.relpath(os.path.realpath(directory), os.path.realpath(root))


def require_task(data: bytes) -> str:
    """Return a task's text.

    Raises:
        BeginError: It is empty, too large or not text, or seems to contain a secret.

    """
    if len(data) > TASK_LIMIT:
        raise BeginError(
            f"the task has {len(data)} bytes, more than the limit of {TASK_LIMIT}. Name files as context instead"
        )
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BeginError("the task is not UTF-8 text; name a text file") from None
    if "\0" in text:
        raise BeginError("the task is a binary file; name a text file")
    if not text.strip():
        raise BeginError("the task is empty; write what to do")
    hits = find_secrets(text)
    if hits:
        raise BeginError(
            f"the task seems to contain {hits[0].words}, in line {hits[0].line}; remove it: no model needs it",
            is_unsafe=True,
        )
    return text


async def read_inputs(artifacts: ArtifactStore, state: RunState) -> RunInputs:
    """Return a run's inputs: where it works on this machine. In a shared store, anyone may have written them.

    Raises:
        LedgerError: They are not on this machine: the run was begun on another one, or its artifacts were deleted. Or
            they cannot be read, or lead out of the repository.

    """
    sha256 = None if state.created is None else state.created.inputs_sha256
    data = None if sha256 is None else await artifacts.read(sha256)
    if data is None:
        raise LedgerError("the inputs of this run are not on this machine: it was begun on another one, or cleaned up")
    try:
        inputs = msgspec.json.decode(data, type=RunInputs)
    except msgspec.MsgspecError:
        raise LedgerError("the inputs of this run are not what a console writes; begin another run") from None
    directory = PurePosixPath(inputs.directory)
    if directory.is_absolute() or ".." in directory.parts or "\0" in inputs.directory + inputs.repository:
        raise LedgerError("the inputs of this run name a directory outside its repository; begin another run")
    return inputs


def _policy(profile: Profile, kind: ArtifactKind, rubric: str) -> RunPolicy:
    policy = profile.policy
    own = policy.threshold
    used = read_rubric(rubric, kind.value, threshold=own) if rubric else default_rubric(kind.value, own)
    limits = Limits(policy.run_tokens, microusd(policy.run_usd)).within(profile.budget().limits)
    criteria = msgspec.json.encode([(each.id, each.words, each.weight, each.must) for each in used.criteria])
    return RunPolicy(
        used.threshold,
        hashlib.sha256(criteria).hexdigest(),
        policy.max_attempts,
        policy.independence,
        policy.four_eyes,
        limits.tokens,
        limits.microusd,
        policy.attempt_tokens,
        microusd(policy.attempt_usd),
        UnprovenPolicy(policy.unproven_independence),
    )


def _said_of(route: Route) -> dict[str, object]:
    """Return a route's settings by name; the key is not one, and the role's own route has no name."""
    said = {each.name: getattr(route, each.name) for each in fields(route) if each.init}
    return {name: value for name, value in said.items() if name != "name" or value}


def config_sha256(profile: Profile) -> str:
    """Return the hash of a profile's settings; it covers references to tokens, never a token.

    Where the keys are that sign and count is each machine's own, and so not in it: a worker has none of an operator's.
    """
    policy = replace(profile.policy, operator_key=None, allowed_signers=None, revoked_signers=None)
    said = msgspec.json.encode(
        [
            profile.name,
            msgspec.to_builtins(profile.gateway, enc_hook=str),
            [_said_of(route) for route in profile.table],
            msgspec.to_builtins(policy, enc_hook=str),
            msgspec.to_builtins(profile.instructions),
        ],
        order="deterministic",
    )
    return hashlib.sha256(said).hexdigest()
