"""What a job's own token may do, and whether the job holds a secret, as the files say."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.workflows.expression import contexts, parse_expression, spans
from console.domain.workflows.flow import Flow, texts_in
from console.domain.workflows.workflow import Job, MapNode, Node, TextNode, jobs_of, triggers_of

BROAD_SCOPES = 3
"""This many write permissions for a whole workflow are broad, however few jobs it has."""


class CiPermissions(StrEnum):
    """The permissions of the workflows' own token, as in the run record; a later one is wider or less known."""

    LEAST_PRIVILEGE = "least privilege"
    UNKNOWN = "unknown"
    """A called workflow has its caller's, or a file could not be read."""
    NONE_DECLARED = "none declared"
    """A job has the repository's default, or there is no workflow at all."""
    BROAD = "broad"


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a `permissions:` grants."""

    writes: frozenset[str]
    """The writable scopes by name."""
    is_all: bool = False
    """Whether every scope is writable."""

    @property
    def is_broad(self) -> bool:
        """Whether it is too much for a whole workflow."""
        return self.is_all or len(self.writes) >= BROAD_SCOPES

    @property
    def can_write(self) -> bool:
        """Whether any scope is writable."""
        return self.is_all or bool(self.writes)


def scopes_of(node: Node | None) -> Scopes | None:
    """Return what a `permissions:` grants; None if it is absent or is not one."""
    match node:
        case TextNode(text=text) if text.strip().lower() == "write-all":
            return Scopes(frozenset(), is_all=True)
        case TextNode(text=text) if text.strip().lower() in ("read-all", ""):
            return Scopes(frozenset())
        case MapNode(pairs=pairs):
            return Scopes(
                frozenset(
                    key.text.lower()
                    for key, value in pairs
                    if isinstance(key, TextNode) and isinstance(value, TextNode) and value.text.lower() == "write"
                )
            )
        case _:
            return None


def inheriting_jobs(root: MapNode) -> tuple[Job, ...]:
    """Return the jobs that declare no permissions of their own and so have the workflow's."""
    return tuple(job for job in jobs_of(root) if job.node.get("permissions") is None)


def ci_permissions(root: MapNode | None) -> CiPermissions:
    """Return what one workflow declares; a job's own permissions replace the workflow's."""
    if root is None:
        return CiPermissions.UNKNOWN
    jobs, inheriting = jobs_of(root), inheriting_jobs(root)
    top = scopes_of(root.get("permissions"))
    own = [scopes_of(job.node.get("permissions")) for job in jobs if job.node.get("permissions") is not None]
    if any(each is not None and each.is_all for each in own):
        return CiPermissions.BROAD
    if inheriting and top is not None and (top.is_broad or (top.writes and len(inheriting) > 1)):
        return CiPermissions.BROAD
    if inheriting and root.get("permissions") is None:
        is_only_called = triggers_of(root) == {"workflow_call"}
        return CiPermissions.UNKNOWN if is_only_called else CiPermissions.NONE_DECLARED
    is_unread = None in own or (bool(inheriting) and top is None)
    return CiPermissions.UNKNOWN if is_unread else CiPermissions.LEAST_PRIVILEGE


def may_write(flow: Flow, job: Job) -> bool:
    """Return whether a job's token can write, or may, because the repository's default or a caller decides."""
    for holder in (job.node, flow.root):
        scopes = scopes_of(holder.get("permissions"))
        if scopes is not None:
            return scopes.can_write
    if flow.start.caller is not None and flow.start.job is not None:
        return may_write(flow.start.caller, flow.start.job)
    return True


def names_secret(flow: Flow, job: Job) -> bool:
    """Return whether a job is given a secret other than its own token."""
    if (secrets := job.node.text("secrets")) is not None and secrets.text.strip() == "inherit":
        return True
    texts = [*texts_in(job.node), *texts_in(flow.root.map("env"))]
    return any(_is_secret(path) for text in texts for inner, _ in spans(text.text) for path in _paths(inner))


def _paths(inner: str) -> list[tuple[str, ...]]:
    return list(contexts(parse_expression(inner)))


def _is_secret(path: tuple[str, ...]) -> bool:
    return path[0] == "secrets" and path[1:] != ("github_token",)
