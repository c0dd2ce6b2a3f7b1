"""The difference between two records: field by field, what each run was asked, what answered, and how it was judged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from console.domain.record.record import Record, RecordedGate
from console.domain.routes.role import Role
from console.domain.run.event import CommandRun, NotedFinding

TIME = "time."
"""How the name of a measured time begins: no two runs take equally long, so it alone makes no difference."""
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """A field of two records."""

    field: str
    """Its name, such as `gate.critic.1.decided`."""
    a: str | None
    """Its value in the first record; None if it has none, such as a gate that the run did not reach."""
    b: str | None
    """Its value in the second record."""

    @property
    def is_equal(self) -> bool:
        """Whether both records say the same."""
        return self.a == self.b

    @property
    def counts(self) -> bool:
        """Whether it makes the records differ: it does so, and is not a measured time."""
        return not self.is_equal and not self.field.startswith(TIME)


def diff(a: Record, b: Record) -> tuple[Row, ...]:
    """Return every field of two records, in the order of a run, equal ones too.

    What only names a run is left out: its id, when it began, its calls' ids, and the hash of its last line.
    """
    first, second = dict(_values(a)), dict(_values(b))
    return tuple(Row(each, first.get(each), second.get(each)) for each in _merged(tuple(first), tuple(second)))


def _merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the names of both, each that only the second has after the one that it follows there."""
    merged = list(first)
    place = 0
    for name in second:
        if name in first:
            place = merged.index(name) + 1
        else:
            merged.insert(place, name)
            place += 1
    return merged


_BEGUN_WITH = (
    "repository", "kind", "profile", "gateway_origin", "is_simulated", "console_version", "config_sha256",
    "instruction_tool", "instruction_source", "instruction_scope", "instructions_sha256", "instruction_conflicts",
    "chosen_routes",
)  # fmt: skip
_IN_REACH = ("secrets_in_prompt", "publisher_token_available", "cloud_token_available", "ci_token_permissions")
_RESULT = ("status", "review_status", "candidate_sha256", "candidate_tree", "four_eyes")


def _values(record: Record) -> Iterator[tuple[str, str]]:
    """Yield each field that is compared, and its value as text; a field without a value is not there."""
    return ((name, value) for name, value in _all(record) if value is not None)


def _all(record: Record) -> Iterator[tuple[str, str | None]]:
    yield from _named(record, _BEGUN_WITH)
    if record.repository_state is not None:
        yield "commit", record.repository_state.commit
        yield "is_dirty", _text(record.repository_state.is_dirty)
    if record.policy is not None:
        yield from ((f"policy.{each.name}", _text(getattr(record.policy, each.name))) for each in fields(record.policy))
    yield from ((f"context.{each.path}", each.sha256) for each in record.context)
    yield "writer.kind", record.writer.kind
    yield "writer.agent", record.writer.agent
    yield from _routes(record)
    yield from _named(record, _IN_REACH)
    if record.tokens_in_reach is not None:
        yield "tokens_in_reach", _listed(each.name for each in record.tokens_in_reach)
    yield "preflight.findings", _ids(record.preflight_findings)
    yield "verified_rows", _listed(each.id for each in record.verified_rows)
    yield from ((f"source.{each.url}", each.verdict) for each in record.sources)
    yield from _judged(record)
    yield from _writes(record)
    yield from _ended(record)
    yield from _taken(record)


def _routes(record: Record) -> Iterator[tuple[str, str | None]]:
    """Yield what each role asks and got: its route, how far that was proven, and the models that answered."""
    proofs = {each.role: f"rung {each.rung}, {each.verdict}" for each in record.proofs}
    asked = {each.role: each for each in record.routes}
    moved = {each.role: each.reason for each in record.moves}
    for role in Role:
        route = asked.get(role)
        calls = [each for each in record.calls if each.role is role]
        if route is None and not calls:
            continue
        name = f"route.{role}"
        if route is not None:
            yield f"{name}.family", route.endpoint_family
            yield f"{name}.path", route.endpoint_path
            yield f"{name}.model", route.model
        yield f"{name}.fallback", moved.get(role)
        yield f"{name}.proof", proofs.get(role)
        if calls:
            yield f"{name}.reported", _listed(each.model_reported or "not reported" for each in calls)
            behind = [each.model_behind for each in calls if each.model_behind]
            yield f"{name}.behind", _listed(behind) if behind else None


def _judged(record: Record) -> Iterator[tuple[str, str | None]]:
    for pair, level in record.independence:
        yield f"independence.{pair}", f"{level}{', not proven' if pair in record.unproven_independence else ''}"
    seen: dict[str, int] = {}
    for gate in record.gates:
        name = f"gate.{gate.gate}.{gate.attempt}"
        seen[name] = seen.get(name, 0) + 1
        yield from _gate(gate, name if seen[name] == 1 else f"{name}.opening_{seen[name]}")


def _gate(gate: RecordedGate, name: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a gate computed and what was decided there; a gate whose call was repeated opens more than once."""
    yield f"{name}.computed", gate.computed
    yield from ((f"{name}.computed.{part.gate}", part.computed) for part in gate.parts)
    yield f"{name}.failure", gate.failure
    yield f"{name}.total", None if gate.total is None else f"{gate.total} of 100, needs {gate.threshold}"
    yield from ((f"{name}.score.{criterion}", str(score)) for criterion, score in gate.scores)
    yield f"{name}.findings", _ids(gate.findings)
    yield from (
        (f"{name}.command.{number}", f"{command.name}: {_end_of(command)}")
        for number, command in enumerate(gate.commands, 1)
    )
    yield f"{name}.decided", gate.decided
    yield f"{name}.decided_by", gate.decided_by
    yield f"{name}.is_signed", None if gate.decided is None else _text(gate.is_signed)
    yield f"{name}.is_override", None if gate.decided is None else _text(gate.is_override)
    yield f"{name}.reason", gate.reason or None
    yield f"{name}.artifact_sha256", gate.artifact_sha256


def _end_of(command: CommandRun) -> str:
    if command.is_passed:
        return "passed"
    return "stopped" if command.exit_code is None else f"exit code {command.exit_code}"


def _writes(record: Record) -> Iterator[tuple[str, str | None]]:
    yield from (
        (f"turn.{number}", f"{turn.agent} {turn.version}".rstrip() + f", {turn.outcome}, {turn.calls} call(s)")
        for number, turn in enumerate(record.writer.turns, 1)
    )
    yield from ((f"draft.{draft.attempt}", draft.sha256) for draft in record.writer.drafts)


def _ended(record: Record) -> Iterator[tuple[str, str | None]]:
    yield from _named(record, _RESULT)
    if (stop := record.stop) is not None:
        named = ("cause", "category", "rule", "role", "http_status", "by", "reason")
        yield from ((f"stop.{name}", _text(getattr(stop, name)) or None) for name in named)
        yield "stop.findings", _ids(stop.findings)


def _taken(record: Record) -> Iterator[tuple[str, str | None]]:
    yield "calls", str(len(record.calls))
    failed = [f"{each.role}: {each.category or each.outcome}" for each in record.calls if each.outcome != "answered"]
    yield "calls.unanswered", _listed(failed)
    estimated = "" if record.is_spent_exact else ", in part estimated"
    yield "tokens", f"{record.spent_tokens}{estimated}"
    yield "cost", f"${record.spent_microusd // 1_000_000}.{record.spent_microusd % 1_000_000:06}{estimated}"
    yield f"{TIME}of_calls_ms", str(sum(each.total_ms or 0 for each in record.calls))
    yield f"{TIME}of_run_ms", str(record.updated_at_ms - record.started_at_ms)


def _named(record: Record, names: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    return ((name, _text(getattr(record, name))) for name in names)


def _text(value: object) -> str | None:
    """Return a value as JSON would name it; None for none."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case tuple():
            return _listed(map(str, value))
        case _:
            return str(value)


def _ids(findings: Sequence[NotedFinding]) -> str:
    return _listed(sorted({each.id for each in findings}))


def _listed(words: Iterable[str | None]) -> str:
    return ", ".join(dict.fromkeys(each for each in words if each)) or _NONE
