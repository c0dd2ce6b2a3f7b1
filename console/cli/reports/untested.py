"""The routes that are not proven, and what would prove them, for a person."""

from collections.abc import Iterable

from console.cli import output
from console.cli.route_options import select_options
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute


def show_untested(routes: Iterable[ProvenRoute], options: str | None) -> None:
    """Say which routes are not proven, and what would prove them: what was not tried is not a success.

    Args:
        routes: The routes.
        options: The options that select the same profile again, each after a space; None if no command can.

    """
    known = list(routes)
    for rung in (Rung.SMOKE, Rung.SHAPE):
        keys = [route.key for route in known if route.proving_rung is rung]
        if keys:
            would = "would prove it" if len(keys) == 1 else "would prove them"
            output.write_line()
            output.write_line(f"untested: {', '.join(keys)}; rung {int(rung)}, {rung.title}, {would} and may cost")
            if options is not None:
                named = select_options(keys, [route.key for route in known])
                output.write_line(f"    next: gateway-console check{options} --level {int(rung)}{named}")
