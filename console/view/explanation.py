"""Explanations: the text for a classification and a category, the same in both faces."""

from collections.abc import Iterator

from console.domain.errors.category import Category, Classification, Confidence, guidance


def reading_lines(found: Classification, *, is_embedded: bool = False) -> Iterator[str]:
    """Yield why a call was refused, in sentences: the evidence, other possible causes, what to do, why not again.

    Args:
        found: The refusal.
        is_embedded: Whether the screen runs the gateway itself, so that it can also start it again.

    """
    yield found.evidence
    if found.other_readings:
        lead = "this cannot be decided; it may also be" if found.confidence is Confidence.UNDECIDABLE else "may also be"
        yield f"{lead} {', '.join(found.other_readings)}"
    yield found.action
    if is_embedded and found.category is Category.UPSTREAM_UNAVAILABLE:
        yield "R starts the embedded gateway again."
    if found.retry_after_s is not None:
        yield f"The gateway asks to wait {duration(found.retry_after_s)}."
    yield found.why_not_retried


def category_rows(category: Category) -> Iterator[tuple[str, str]]:
    """Yield labels and texts for a category: who is responsible, what to do, whom to ask, where to read more."""
    about = guidance()[category]
    yield "means", about.means
    yield "blame", about.blame.value
    yield "do", about.action
    yield "ask", about.ask
    yield "again", _again(category)
    yield "source", about.source


def _again(category: Category) -> str:
    if category.stops_before_generation:
        return "never: it stops a run before generation, and no other family is tried"
    if category is Category.RATE_LIMIT:
        return "only when you ask, after the wait that the gateway names"
    if category.is_outage:
        return "only when you ask; a call that was sent may have been billed"
    return "no: the same call would end the same way"


def duration(seconds: float) -> str:
    """Return a time as a person says it: 6.8 s, 40 s, 12 min, 3 h 5 min, 2 d 4 h."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
