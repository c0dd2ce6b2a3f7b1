"""States out of this machine's history, for a fleet without a store."""

from collections import defaultdict

from console.domain.fleet.row import DAY_MS
from console.domain.fleet.state import COST_DAYS, Owner, RouteEnd, Spending, States, states_of
from console.domain.history.fact import FactKind
from console.services.history.reader import Reader


def history_states(reader: Reader, now_ms: int) -> States:
    """Return the newest state of every route that the history knows.

    Args:
        reader: The open history.
        now_ms: The Unix time, up to which costs count.

    """
    ends = [
        RouteEnd(route, at_ms, end, kind, category, findings)
        for route, at_ms, end, kind, category, findings in reader.newest_of_all()
        if route.key is not None and kind is not FactKind.RUN
    ]
    spent: dict[Owner, list[int]] = defaultdict(lambda: [0, 0])
    for place, days in enumerate((1, COST_DAYS)):
        for profile, origin, microusd in reader.costs(now_ms - days * DAY_MS, now_ms + 1):
            spent[profile, origin][place] = int(microusd)
    return states_of((), ends, {owner: Spending(*both) for owner, both in spent.items()})
