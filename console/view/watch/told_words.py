"""What a watch tells, in one line: what changed, why, and what to do. The same everywhere that it is told."""

from console.domain.errors.category import guidance
from console.domain.watch.cause import Cause
from console.domain.watch.told import Told, ToldKind
from console.view.explanation import duration
from console.view.route_sign import standing_sign

_ROUTES_NAMED = 6
"""How many routes a line names; of more, it says how many."""


def told_subject(told: Told) -> str:
    """Return what a change is about: the profile with its routes, or the config."""
    if not told.profile:
        return "config"
    if not told.routes:
        return told.profile
    if len(told.routes) > _ROUTES_NAMED:
        return f"{told.profile} {len(told.routes)} routes"
    return f"{told.profile} {', '.join(told.routes)}"


def told_words(told: Told, *, is_local: bool = True) -> str:
    """Return what changed, why, and what to do, without its subject.

    Args:
        told: The change.
        is_local: Whether it stays on this machine; what leaves it has no message that could name a file.

    """
    return ". ".join(part for part in (_what(told), _next(told, is_local=is_local)) if part)


def _what(told: Told) -> str:
    sign = "" if told.standing is None else str(standing_sign(told.standing))
    reason = "" if told.cause is None else f": {_reason(told.cause)}"
    match told.kind:
        case ToldKind.FIRST:
            return f"{sign}, watched from now on, tried to rung {int(told.tried_to or 0)}"
        case ToldKind.ALARM:
            return f"{sign}{reason}{_streak(told)}"
        case ToldKind.CHANGED:
            return f"{sign}{reason}, was {told.was}"
        case ToldKind.RECOVERED:
            why = "" if told.cause is None else f" with {_reason(told.cause)}"
            return f"✓ recovered, {sign}: was red{why} for {duration(told.red_s or 0)}{_rounds(told)}"
        case ToldKind.VERDICT:
            return f"{sign}, was {told.was}, tried to rung {int(told.tried_to or 0)}"
        case ToldKind.DOUBT:
            if not told.now:
                return f"✓ {sign}: every rung that is tried proves something again; rung {told.was} did not"
            return f"~ {sign}: rung {told.now} is inconclusive now: its answers prove nothing"
        case ToldKind.FLAPPING:
            now = f"now {sign}{reason}"
            return f"~ flapping: went red or recovered {told.rounds} times lately, {now}; told again when it is steady"
        case ToldKind.SETTLED:
            return f"{sign}, steady again{reason}"
        case ToldKind.REMOVED:
            return "· gone from the config, so not watched"
        case ToldKind.UNUSABLE:
            return f"! cannot be watched: {told.problem.value if told.problem else 'failed'}"
        case ToldKind.USABLE:
            return f"✓ can be watched again, after {duration(told.red_s or 0)}"
        case ToldKind.BUDGET_USED_UP:
            return "! the budget of this watch is used up: paid rungs stop, free ones go on"
        case ToldKind.CONFIG_BROKEN:
            return "! the changed config cannot be used; the watch goes on with the one before it"
        case ToldKind.CONFIG_TAKEN:
            return "· the changed config is used from now on"
        case _:
            return f"{_MODEL_WORDS[told.kind]}{_from_to(told)}: {', '.join(told.models)}"


_MODEL_WORDS = {
    ToldKind.MODEL_GONE: "~ gone from the gateway's lists",
    ToldKind.MODEL_LISTED: "✓ the gateway's lists name the model again",
    ToldKind.REPRICED: "~ the model has another price",
    ToldKind.FAMILY_CHANGED: "~ the gateway declares other endpoint families for the model",
    ToldKind.SWITCHED_OFF: "~ the gateway's lists say that the model is switched off",
    ToldKind.SWITCHED_ON: "✓ the gateway's lists say that the model is switched on again",
    ToldKind.LISTING_FLAPPING: "~ what the gateway's lists say of the model changes again and again; told when steady",
    ToldKind.RETIRES: "~ the model retires soon",
    ToldKind.RETIRED: "× the model's retirement date has passed",
}


def _from_to(told: Told) -> str:
    if told.kind in (ToldKind.RETIRES, ToldKind.RETIRED):
        return f", on {told.now}" if told.now[:1].isdigit() else ""
    return f", was {told.was}, is {told.now}" if told.was or told.now else ""


def _reason(cause: Cause) -> str:
    said = cause.category.value if cause.category is not None else ", ".join(cause.findings)
    return f"{said} at rung {int(cause.rung)}"


def _streak(told: Told) -> str:
    return f", in {told.rounds} rounds" if told.rounds > 1 else ""


def _rounds(told: Told) -> str:
    return f" ({told.rounds} round{'' if told.rounds == 1 else 's'})"


def _next(told: Told, *, is_local: bool) -> str:
    """Return what to do; empty if there is nothing to do."""
    if told.words and is_local:
        return told.words.rstrip(".")
    if told.kind is ToldKind.UNUSABLE:
        return f"See why: gateway-console check --profile {told.profile}"
    if told.kind is ToldKind.DOUBT and told.now:
        return f"See why: gateway-console check --profile {told.profile}"
    if told.kind is ToldKind.MODEL_GONE:
        return "Check whether the gateway renamed or retired it"
    if told.kind in (ToldKind.RETIRES, ToldKind.RETIRED):
        return "Choose the model that replaces it: gateway-console routes shows one, if it is known"
    if told.cause is None or told.kind in (ToldKind.RECOVERED, ToldKind.FLAPPING):
        return ""
    return action_of(told.cause).rstrip(".")


def action_of(cause: Cause) -> str:
    """Return what to do about a cause, in our own words; that of its category, if the cause has none of its own."""
    if cause.action or cause.category is None:
        return cause.action
    return guidance()[cause.category].action
