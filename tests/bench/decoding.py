"""What decoding and judging a stream costs, against the official SDKs. `python -m tests.bench.decoding [ROUNDS]`.

Ours reads the bytes of a stream in the pieces in which a socket gives them: split into events, decode, read, judge. The
SDK reads the same events from a loopback server, because it has no other way in. Neither masks, folds or draws;
`call.py` measures the whole call. Each side runs in a process of its own.
"""

import sys
import time

from console.domain.routes.family import EndpointFamily

from .harness.loopback import loopback
from .harness.measuring import MissingAnchorError, Row, figure_of, interleaved, missing, print_rows, rounds_of, row
from .judging import DELTAS, READERS, read, stream_of

SDKS = {
    EndpointFamily.RESPONSES: "openai SDK",
    EndpointFamily.CHAT_COMPLETIONS: "openai SDK",
    EndpointFamily.ANTHROPIC_MESSAGES: "anthropic SDK",
}
WARM_UP = 500
"""The deltas of the stream that is read first and not counted."""
UNIT = "s CPU/100k events"


def own_cpu_s(family: EndpointFamily) -> float:
    """Return the CPU time of reading and judging one stream."""
    _, open_judged = READERS[family]
    read(stream_of(family, WARM_UP), open_judged())
    data = stream_of(family)
    start = time.process_time()
    read(data, open_judged())
    return time.process_time() - start


def measure(rounds: int) -> dict[str, Row]:
    """Return one row a family, in CPU seconds for 100,000 deltas."""
    rows = {}
    with loopback(WARM_UP) as short_url, loopback(DELTAS) as url:
        for family, sdk in SDKS.items():
            try:
                figures = interleaved(
                    rounds,
                    {
                        "ours": lambda family=family: figure_of("decoding", "--ours", family) * 1e5 / DELTAS,
                        "anchor": lambda family=family: (
                            figure_of("anchors.sdks", family, short_url, url) * 1e5 / DELTAS
                        ),
                    },
                )
            except MissingAnchorError as error:
                rows[family.value] = missing(str(error), sdk)
            else:
                rows[family.value] = row(figures["ours"], figures["anchor"], sdk, UNIT)
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        print(own_cpu_s(EndpointFamily(sys.argv[2])))
    else:
        print_rows(measure(rounds_of(sys.argv[1:])))
