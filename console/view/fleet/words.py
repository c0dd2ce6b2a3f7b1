"""What is said of a fleet's rows: their verdict, why, how old it is, what it cost, when a model retires."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime

from console.domain.fleet.fleet import Fleet
from console.domain.fleet.row import FleetRow, FleetVerdict
from console.domain.money import usd_text
from console.domain.probes.standing import Standing
from console.domain.routes.retirement import NOTICE_DAYS
from console.view.explanation import duration
from console.view.history.words import age
from console.view.route_sign import standing_sign
from console.view.sign import Sign, Tone

_OWN = {
    FleetVerdict.UNUSABLE: Sign("!", "unusable", Tone.WARN),
    FleetVerdict.BROKEN: Sign("×", "broken", Tone.FAIL),
}


def verdict_sign(verdict: FleetVerdict) -> Sign:
    """Return how a profile's verdict is shown: as that of a route, or why it has none."""
    return _OWN[verdict] if verdict in _OWN else standing_sign(Standing(verdict.value))


def age_words(row: FleetRow, now_ms: int) -> str:
    """Return how long ago a profile was looked at; `never` if it was not."""
    ms = row.age_ms(now_ms)
    return "never" if ms is None else age(ms)


def retires_words(row: FleetRow, now_ms: int) -> str:
    """Return when the first of a profile's models retires; `-` if none is known to."""
    return "-" if row.retires_on is None else row.retires_on.isoformat()


def retires_tone(row: FleetRow, now_ms: int) -> Tone:
    """Return the tone of that day: whether it has passed, or is near."""
    if row.retires_on is None:
        return Tone.DIM
    left = (row.retires_on - _day(now_ms)).days
    return Tone.FAIL if left <= 0 else Tone.WARN if left <= NOTICE_DAYS else Tone.TEXT


def _day(now_ms: int) -> date:
    return datetime.fromtimestamp(now_ms / 1000, UTC).date()


def why_words(row: FleetRow) -> str:
    """Return why a profile's verdict is what it is, in one line; empty if nothing speaks against it."""
    more = sum(count for _, count in row.failures) - 1
    why = row.why.replace("\n", "; ")
    return f"{why} and {more} more" if more > 0 and row.problem is None and why else why


def cost_words(microusd: int) -> str:
    """Return a cost; `-` if nothing is known to have cost anything."""
    return usd_text(microusd) if microusd else "-"


def detail_rows(row: FleetRow, now_ms: int) -> Iterable[tuple[str, str]]:
    """Yield labels and texts that say all of a profile but its routes."""
    yield "gateway", row.origin or "not known: its address is not set here"
    who = "" if row.looker is None else f", by {row.looker}"
    yield "looked", f"{age_words(row, now_ms)} ago{who}" if row.looked_ms is not None else "never"
    if row.ahead_ms:
        yield "clock", f"who looked is {duration(row.ahead_ms / 1000)} ahead of this machine: one clock is wrong"
    yield "cost", f"{cost_words(row.spending.day)} in 24 h, {cost_words(row.spending.week)} in 7 days"
    yield "retires", retires_words(row, now_ms)
    if not row.is_in_config:
        yield "config", "your config does not have it; someone else's has"
    if row.problem is not None:
        yield "why", row.why
    for category, count in row.failures:
        yield "failures", f"{count} route{'' if count == 1 else 's'}: {category}"


def fleet_sums(rows: Iterable[FleetRow]) -> str:
    """Return how many profiles have each verdict, the gravest first."""
    counts = Counter(row.verdict for row in rows)
    ranked = sorted(counts.items(), key=lambda each: each[0].gravity, reverse=True)
    return ", ".join(f"{count} {verdict}" for verdict, count in ranked) or "no profile"


def fleet_notes(fleet: Fleet) -> Iterable[str]:
    """Yield what a reader must know of the fleet as a whole."""
    if fleet.ahead:
        worst = max(row.ahead_ms for row in fleet.ahead)
        yield (
            f"{len(fleet.ahead)} profile(s) were looked at by a clock that is up to {duration(worst / 1000)} ahead of"
            f" this machine's: their age is shown as 0 s. Set both clocks"
        )
    if fleet.unread:
        yield f"{fleet.unread} state(s) of another version of the console are left out; use one version everywhere"
