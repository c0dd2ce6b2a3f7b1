"""The routes that are not proven, and what would prove them, for a person."""

from collections.abc import Iterable

from console.cli import output
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute


def show_untested(routes: Iterable[ProvenRoute]) -> None:
    """Say which routes are not proven, and what would prove them: what was not tried is not a success."""
    known = list(routes)
    for rung in (Rung.SMOKE, Rung.SHAPE):
        roles = [route.role.value for route in known if route.proving_rung is rung]
        if roles:
            would = "would prove it" if len(roles) == 1 else "would prove them"
            command = f"gateway-console check --level {int(rung)} {' '.join(f'--role {role}' for role in roles)}"
            output.write_line()
            output.write_line(
                f"untested: {', '.join(roles)}; rung {int(rung)}, {rung.title}, {would} and may cost. Next: {command}"
            )
