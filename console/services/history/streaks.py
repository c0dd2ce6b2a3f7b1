"""Since when routes are red, for faces that have just found them red."""

from collections.abc import Mapping

from console.domain.history.fact import FactRoute
from console.domain.history.streak import RedAt, Streak
from console.domain.routes.route_key import RouteKey
from console.services.history.file import HistoryFile
from console.services.history.reader import ANY
from console.services.history.schema import DamagedError, HistoryError
from console.services.history.store import Store


def read_streaks(
    environment: Mapping[str, str], red: Mapping[FactRoute, RedAt], before_ms: int
) -> dict[RouteKey, Streak]:
    """Return what the history says of routes that are red now; nothing of one that it does not know.

    A history that cannot be read says nothing: what writes the facts tells why.

    Args:
        environment: The environment variables, which say where state is kept.
        red: The routes of one profile, each with what must hold before it is green.
        before_ms: The Unix time at which the check or the call began: what it found itself does not count.

    """
    file = HistoryFile(environment, is_looking=True)

    def read(store: Store) -> dict[RouteKey, Streak]:
        found = {}
        for number, route in store.reader.routes(ANY):
            if route in red and route.key is not None:
                streak = store.reader.streak(number, red[route], before_ms)
                if streak != Streak(None, None):
                    found[route.key] = streak
        return found

    try:
        return file.use(read) if red and file.is_there() else {}
    except (DamagedError, HistoryError):
        return {}
    finally:
        file.close()
