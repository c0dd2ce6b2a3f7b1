"""Facts made by hand, and a history's file to put them into."""

from pathlib import Path

from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.history.file import HistoryFile
from console.services.history.reader import ANY, Wanted

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
WRITER = FactRoute("p", "https://gw.example:443", RouteKey("writer"), "m", EndpointFamily.RESPONSES)
CRITIC = FactRoute("p", "https://gw.example:443", RouteKey("critic"), "m", EndpointFamily.RESPONSES)


def passed(at_ms: int = NOW_MS, ttft_ms: float = 200.0, route: FactRoute = WRITER, rung: Rung = Rung.SMOKE) -> Fact:
    shape = Shape.TEXT if rung is Rung.SMOKE else Shape.ROLE
    return Fact(at_ms, route, FactKind.SMOKE, FactStatus.PASSED, rung, shape, None, 200, ttft_ms, 500.0, 28, 60.0, 420)


def red(at_ms: int = NOW_MS, category: Category = Category.TIMEOUT, route: FactRoute = WRITER) -> Fact:
    return Fact(at_ms, route, FactKind.SMOKE, FactStatus.FAILED, Rung.SMOKE, Shape.TEXT, category)


def free_check(at_ms: int = NOW_MS, route: FactRoute = WRITER) -> Fact:
    return Fact(at_ms, route, FactKind.CHECK, FactStatus.UNPROVEN, Rung.KEY)


def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home)}


def place(home: Path) -> Path:
    return home / ".local" / "state" / "gateway-console" / "history.db"


def keep(home: Path, *facts: Fact) -> None:
    """Put facts into a home's history."""
    file = HistoryFile(environment(home), clock=lambda: NOW_MS)
    file.append(facts, {fact.route.profile: 90 for fact in facts})
    file.close()


def kept(home: Path, wanted: Wanted = ANY) -> list[Fact]:
    """Return what a home's history has, oldest first."""
    file = HistoryFile(environment(home), is_looking=True)
    try:
        return file.use(lambda store: store.reader.facts(wanted, 100_000))[::-1] if file.is_there() else []
    finally:
        file.close()
