"""Since when a red route is red, for a person; nothing where the history does not say."""

from console.cli import output
from console.cli.context import current
from console.domain.probes.proven_route import ProvenRoute
from console.view.console_state import ConsoleState


def show_streak(state: ConsoleState, route: ProvenRoute, *, is_named: bool = False) -> None:
    """Write since when a route is red.

    Args:
        state: What is known.
        route: The route.
        is_named: Whether the line has to name the route.

    """
    streak = state.streak(route.key)
    if streak is None:
        return
    from console.view.history.words import streak_words

    words = streak_words(streak, round(current().now().timestamp() * 1000))
    output.write_line(f"  {route.key}: {words}" if is_named else f"  {words}")
