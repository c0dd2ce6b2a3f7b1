"""The route pane: one route, nothing cut."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.panes.history.streak_line import streak_lines
from console.app.panes.smoke_pane import about_lines
from console.app.widgets.line import BLANK, Line, labelled
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.route_call_sign import route_call_sign
from console.view.route_sign import marks_text, reason_of, route_sign


class RoutePane(LinePane):
    """One route in full."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return everything that is known about the route."""
        return tuple(whole_route_lines(state, cursor, size.width))


def whole_route_lines(state: ConsoleState, cursor: int, width: int) -> Iterator[Line]:
    """Yield all fields of a route, its findings with their sources, and its newest smoke test."""
    route = state.routes[cursor]
    check = route.check
    verdict, smoke = route_sign(route.proven), route_call_sign(route)
    yield from labelled("route", check.route.key, width)
    yield from labelled("model", check.route.model, width)
    yield from labelled("family", check.route.endpoint_family, width)
    yield from labelled("path", check.route.endpoint_path, width)
    yield from labelled("verdict", str(verdict), width, tone=verdict.tone)
    if reason := reason_of(route.proven):
        yield from labelled("because", reason, width)
    yield from streak_lines(state.streak(route.proven.key), width)
    yield from labelled("note", marks_text(route.proven), width)
    yield from labelled("required", check.required_family or f"one of {', '.join(check.fact.allowed)}", width)
    yield from labelled("source", f"{check.fact.source_url}, read {check.fact.checked_on}", width)
    yield from labelled("note", check.fact.note, width)
    for finding in check.findings:
        yield from labelled(finding.id, finding.message, width)
    yield BLANK
    yield from labelled("smoke", str(smoke), width, tone=smoke.tone)
    yield from about_lines(route, width, is_embedded=state.is_embedded)
    if not route.smoke.is_live and route.smoke.result is not None:
        for finding in route.smoke.result.findings:
            yield from labelled(finding.id, finding.message, width)
