"""What the set-up found and did, as lines of text with a tone; faces may wrap them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.finding import Severity
from console.domain.probes.proven_route import ProvenRoute
from console.domain.setup.candidate import Candidate
from console.domain.setup.event import (
    FamiliesFound,
    FreeChecked,
    ModelsListed,
    ProfileWritten,
    RolesProposed,
    Said,
    SetupEvent,
    Working,
)
from console.domain.setup.question import Question
from console.domain.text.safe import safe
from console.view.route_sign import standing_sign
from console.view.sign import Tone

SHOWN, SHOWN_PART = 12, 40
"""How many models of a list are shown at once, and how many of those that were asked for."""
_CELL_WIDTH = 200
_UNKNOWN = "-"
_PRICE = "$/M in, out"


@dataclass(frozen=True, slots=True)
class SetupLine:
    """One line; its text is not yet made safe to show."""

    text: str
    tone: Tone = Tone.TEXT


def event_lines(event: SetupEvent, options: str = "") -> Iterator[SetupLine]:
    """Yield the lines of an event.

    Args:
        event: What was found or done.
        options: The options that other commands need to read the same config, each after a space.

    """
    match event:
        case Working(words):
            yield SetupLine(f"· {words}", Tone.DIM)
        case Said(words, is_warning):
            yield SetupLine(f"! {words}" if is_warning else f"  {words}", Tone.WARN if is_warning else Tone.TEXT)
        case FamiliesFound():
            yield from _families(event)
        case ModelsListed():
            yield from _models(event)
        case RolesProposed():
            yield from _roles(event)
        case FreeChecked():
            yield from _checked(event)
        case ProfileWritten():
            yield from _written(event, options)


def question_lines(question: Question) -> Iterator[SetupLine]:
    """Yield a question's lines: why the answer before was not taken, what is asked, and what is offered."""
    if question.fault:
        yield SetupLine(f"× {question.fault}", Tone.FAIL)
    if not question.is_open and len(question.choices) == 2:
        yield SetupLine(f"{question.words} ({'/'.join(each.answer for each in question.choices)})", Tone.STRONG)
        return
    yield SetupLine(question.words, Tone.STRONG)
    width = max((len(choice.answer) for choice in question.choices), default=0)
    for number, choice in enumerate(question.choices, 1):
        mark = "▸" if choice.answer == question.offered else " "
        yield SetupLine(f"{mark} {number:2} {choice.answer.ljust(width)}  {choice.words}")


def _families(event: FamiliesFound) -> Iterator[SetupLine]:
    signs = {True: ("✓", Tone.OK), False: ("×", Tone.DIM), None: ("?", Tone.WARN)}
    for each in event.found:
        sign, tone = signs[each.is_spoken]
        yield SetupLine(f"{sign} {each.family.value.ljust(18)}  {each.path.ljust(22)}  {each.words}", tone)
    if not any(each.is_spoken for each in event.found):
        yield SetupLine("! No family answered as one does: the paths may be others on this gateway.", Tone.WARN)


def _models(event: ModelsListed) -> Iterator[SetupLine]:
    found = event.candidates
    if not event.is_part:
        left = "".join(f"; {count} {why}" for why, count in found.left_out)
        if found.total:
            yield SetupLine(f"{found.total:,} model(s) listed, {len(found.chosen):,} can have a role{left}")
        else:
            yield SetupLine("! The gateway lists no models: name them yourself.", Tone.WARN)
    elif not event.shown:
        yield SetupLine("no listed model has that in its name", Tone.WARN)
    shown = event.shown[: SHOWN_PART if event.is_part else SHOWN]
    if shown:
        rows = [("family", _PRICE, "known", "model")]
        rows += [(each.family.value, _price(each), _note(each), each.model) for each in shown]
        yield from _table(rows)
    if len(event.shown) > len(shown):
        yield SetupLine(
            f"  {len(event.shown) - len(shown):,} more: ?PART lists those with PART in their name", Tone.DIM
        )


def _roles(event: RolesProposed) -> Iterator[SetupLine]:
    yield SetupLine("")
    rows = [("role", "family", _PRICE, "model")]
    rows += [(role.value, each.family.value, _price(each), each.model) for role, each in event.proposal.roles.items()]
    if len(rows) > 1:
        yield from _table(rows)
    for words in event.proposal.words if event.proposal.roles else ():
        yield SetupLine(f"  {words}", Tone.DIM if event.proposal.is_separated else Tone.WARN)


def _checked(event: FreeChecked) -> Iterator[SetupLine]:
    told: set[tuple[str, str]] = set()
    for route in event.routes:
        sign = standing_sign(route.standing)
        mark, said, tone = sign.sign, sign.word, sign.tone
        if not route.standing.is_trouble and route.is_key_proven:
            mark, said, tone = "✓", "the key and the path hold", Tone.OK
        elif not route.standing.is_trouble:
            mark, said, tone = "~", "free calls do not tell; a smoke test does", Tone.WARN
        yield SetupLine(f"{mark} {route.key.ljust(10)}  rung {int(route.reached)}: {said}", tone)
        yield from _troubles(route, told)
    count = f"{len(event.routes)} route{'s' if len(event.routes) > 1 else ''}"
    proven = sum(route.is_key_proven for route in event.routes)
    if event.holds and proven == len(event.routes):
        yield SetupLine(f"✓ the free check holds for {count}: connection, lists, key and path", Tone.OK)
    elif event.holds:
        yield SetupLine(f"~ the free check finds nothing against {count}, and proves {proven}", Tone.WARN)
    else:
        yield SetupLine(f"× the free check does not hold for all of {count}", Tone.FAIL)


def _troubles(route: ProvenRoute, told: set[tuple[str, str]]) -> Iterator[SetupLine]:
    """Yield why a route does not hold, and its warnings; what was told of an earlier route is not told again."""
    if (said := route.classification) is not None and ("", said.evidence) not in told:
        told.add(("", said.evidence))
        yield SetupLine(f"    {said.category}: {said.evidence}", Tone.FAIL)
        yield SetupLine(f"    {said.action}", Tone.ACCENT)
    for result in route.rungs:
        for finding in result.findings:
            if finding.severity is Severity.INFO or (finding.id, finding.message) in told:
                continue
            told.add((finding.id, finding.message))
            tone = Tone.FAIL if finding.severity is Severity.FAIL else Tone.WARN
            yield SetupLine(f"    {finding.severity} {finding.id}: {finding.message}", tone)


def _written(event: ProfileWritten, options: str) -> Iterator[SetupLine]:
    yield SetupLine(f"✓ wrote profile {event.profile} to {event.path}", Tone.OK)
    if event.backup:
        yield SetupLine(f"  the config as it was: {event.backup}")
    command = f"gateway-console{options}"
    if not event.is_default:
        command += f" --profile {event.profile}"
        yield SetupLine(
            f"  {event.default or 'another profile'} stays the default; for this one: --profile {event.profile},"
            f' or default_profile = "{event.profile}" at the top of the config'
        )
    if not event.is_checked:
        yield SetupLine(f"! it is not proven. Next: {command} check", Tone.WARN)
    else:
        yield SetupLine(f"  next: {command}        the screen")
        yield SetupLine(f"        {command} smoke  one short paid call for each route")


def _note(candidate: Candidate) -> str:
    """Return who says that the family serves the model, the gateway or our facts, and when the model retires."""
    retires = candidate.retires_on
    known = ["declared" if candidate.is_declared else "derived"]
    known += [retires if retires == "deprecated" else f"retires {retires}"] if retires else []
    return ", ".join(known)


def _price(candidate: Candidate) -> str:
    price = candidate.price
    return _UNKNOWN if price is None else f"{price.input_usd:g} / {price.output_usd:g}"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[SetupLine]:
    """Yield a table's lines; the model is last, because its name must be whole to be typed."""
    shown = [tuple(safe(cell, limit=_CELL_WIDTH) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    for number, row in enumerate(shown):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield SetupLine(f"  {'  '.join(cells).rstrip()}", Tone.DIM if number == 0 else Tone.TEXT)
