"""How a route is shown: its standing, and the marks that no table may hide. The same in both faces."""

from collections import Counter
from collections.abc import Iterable

from console.domain.errors.category import Classification
from console.domain.probes.mark import Mark, marks_of
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.view.sign import Sign, Tone

_SIGNS = {
    Standing.PROVEN: Sign("✓", "proven", Tone.OK),
    Standing.OFFLINE: Sign("·", "offline", Tone.DIM),
    Standing.UNPROVEN: Sign("~", "unproven", Tone.WARN),
    Standing.CONDITIONAL: Sign("~", "cond.", Tone.WARN),
    Standing.FAILED: Sign("×", "failed", Tone.FAIL),
    Standing.DOWN: Sign("×", "down", Tone.FAIL),
    Standing.BLOCKED: Sign("!", "blocked", Tone.WARN),
    Standing.DRIFT: Sign("×", "drift", Tone.FAIL),
}
_MEANINGS = {
    Standing.PROVEN: "the rung that the role needs holds",
    Standing.OFFLINE: "the config agrees with the facts; the gateway was not asked",
    Standing.UNPROVEN: "the rung that the role needs was not proven",
    Standing.CONDITIONAL: "text works; tools, or the role's own shape, do not",
    Standing.FAILED: "a check or an answer broke the contract",
    Standing.DOWN: "the gateway, or the provider behind it, does not answer",
    Standing.BLOCKED: "an account or route error stops every call",
    Standing.DRIFT: "the route is wrong, not the model",
}


_MARKS = {
    Mark.RETIRED: "the provider retired the model",
    Mark.RETIRING: "the provider will retire the model",
    Mark.SWAPPED: "another model answered than the one that was asked for",
    Mark.UNLISTED: "the gateway's lists do not name the model",
    Mark.SWITCHED_OFF: "the gateway's lists say that the model is switched off",
    Mark.UNPRICED: "the gateway prices other models, but not this one",
    Mark.COLLAPSED: "the role judges a draft of the same model call",
    Mark.WARNING: "the family is right; see the findings",
}


def standing_sign(standing: Standing) -> Sign:
    """Return how a standing is shown."""
    return _SIGNS[standing]


def route_sign(route: ProvenRoute) -> Sign:
    """Return how a route is shown in one cell: a mark replaces the word of a standing that hides it."""
    sign, mark = standing_sign(route.standing), _shown_mark(route)
    if mark is None:
        return sign
    return Sign(sign.sign, mark.value, sign.tone) if sign.tone is Tone.FAIL else Sign("~", mark.value, Tone.WARN)


def route_words(route: ProvenRoute) -> str:
    """Return what a route's sign means, as a clause."""
    mark = _shown_mark(route)
    return _MEANINGS[route.standing] if mark is None else _MARKS[mark]


def _shown_mark(route: ProvenRoute) -> Mark | None:
    """Return the mark that is shown in place of the standing; None if the standing says more."""
    marks = marks_of(route)
    if not marks or (route.standing.is_trouble and not route.is_failed_offline):
        return None
    is_weak = marks[0] is Mark.WARNING and route.standing is not Standing.OFFLINE
    return None if is_weak else marks[0]


def verdict_sums(routes: Iterable[ProvenRoute]) -> str:
    """Return how many routes have each verdict, the gravest first, as in `1 drift, 2 unproven`."""
    found = Counter(route.standing for route in routes)
    ranked = sorted(found.items(), key=lambda each: each[0].gravity, reverse=True)
    return ", ".join(f"{count} {standing}" for standing, count in ranked)


def marks_text(route: ProvenRoute) -> str:
    """Return a route's marks for a table's column; `-` if there are none."""
    return ", ".join(marks_of(route)) or "-"


def reason_of(route: ProvenRoute) -> str:
    """Return why a route's standing is what it is, in a few words; empty if the standing says everything."""
    trouble = route.trouble
    if trouble is None:
        return ""
    said = _said(trouble.classification) or ", ".join(dict.fromkeys(finding.id for finding in trouble.findings))
    return f"rung {int(trouble.rung)}: {said}"


def _said(classification: Classification | None) -> str:
    return "" if classification is None else classification.category.value
