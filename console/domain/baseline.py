"""A baseline: findings that people accept for now, each by its id and what it is about, never by a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from console.domain.finding import Severity

_GRAVITY = {Severity.INFO: 0, Severity.WARN: 1, Severity.FAIL: 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as a baseline names it."""

    verb: str
    profile: str
    subject: str
    id: str
    severity: Severity
    count: int = 1
    """In how many places of the subject it was seen."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the same finding has in every run."""
        return self.verb, self.profile, self.subject, self.id


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding that is accepted."""

    seen: Seen
    until: date | None = None
    """The last day on which it is accepted; None if there is none."""
    reason: str = ""


class Acceptance(StrEnum):
    """What a baseline says of a finding."""

    KNOWN = "known"
    """It is accepted."""
    NEW = "new"
    """The baseline does not have it."""
    WORSE = "worse"
    """The baseline has it with a lower severity, or in fewer places."""
    EXPIRED = "expired"
    """The baseline accepted it until a day that has passed."""

    @property
    def is_accepted(self) -> bool:
        """Whether the finding does not count as a failure."""
        return self is Acceptance.KNOWN


def merged(found: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return findings with equal keys as one: the gravest severity, and the places of all."""
    by_key: dict[tuple[str, str, str, str], Seen] = {}
    for each in found:
        known = by_key.get(each.key)
        if known is not None:
            gravest = max(known.severity, each.severity, key=_GRAVITY.__getitem__)
            by_key[each.key] = replace(each, severity=gravest, count=known.count + each.count)
        else:
            by_key[each.key] = each
    return tuple(sorted(by_key.values(), key=lambda seen: seen.key))


def acceptances(
    entries: Sequence[Entry], found: Iterable[Seen], today: date
) -> dict[tuple[str, str, str, str], Acceptance]:
    """Return what a baseline says of each finding, by its key."""
    known = {each.seen.key: each for each in entries}
    return {seen.key: _acceptance(known.get(seen.key), seen, today) for seen in merged(found)}


def _acceptance(entry: Entry | None, seen: Seen, today: date) -> Acceptance:
    if entry is None:
        return Acceptance.NEW
    if entry.until is not None and entry.until < today:
        return Acceptance.EXPIRED
    is_worse = seen.count > entry.seen.count or _GRAVITY[seen.severity] > _GRAVITY[entry.seen.severity]
    return Acceptance.WORSE if is_worse else Acceptance.KNOWN


def updated(
    entries: Sequence[Entry], found: Iterable[Seen], judged: Iterable[tuple[str, str, str]]
) -> tuple[Entry, ...]:
    """Return a baseline that accepts what was found, with the reasons and days that it had.

    Args:
        entries: The baseline as it was.
        found: The findings to accept.
        judged: What was judged, as verb, profile and subject; entries on anything else stay as they are.

    """
    known = {each.seen.key: each for each in entries}
    covered = set(judged)
    kept = {key: each for key, each in known.items() if key[:3] not in covered}
    for seen in merged(found):
        before = known.get(seen.key)
        kept[seen.key] = Entry(seen) if before is None else replace(before, seen=seen)
    return tuple(kept[key] for key in sorted(kept))


def absent(
    entries: Sequence[Entry], found: Iterable[Seen], judged: Iterable[tuple[str, str, str]]
) -> tuple[Entry, ...]:
    """Return the entries on what was judged that no finding has."""
    keys, covered = {each.key for each in found}, set(judged)
    return tuple(each for each in entries if each.seen.key[:3] in covered and each.seen.key not in keys)
