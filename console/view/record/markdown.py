"""A record as Markdown, for a comment on a pull request. Text from outside is code, and nothing in it is markup.

In code there are no mentions, no references, no links and no HTML. Escaping alone would not do: GitHub looks for
mentions in what a backslash has already become.
"""

import re
from collections.abc import Iterator, Sequence

from console.domain.record.record import Record
from console.domain.text.safe import safe
from console.view.record.page import Cell, Own, Table, page_of
from console.view.record.results import SIMULATED


def markdown(record: Record) -> str:
    """Return a record as GitHub's Markdown."""
    page = page_of(record)
    lines = [f"### gateway-console: {page.title}, {page.end}", ""]
    if page.is_simulated:
        lines += [f"> **{SIMULATED}**", ""]
    for table in page.tables:
        lines += _table(table)
    return "\n".join(lines)


def _table(table: Table) -> Iterator[str]:
    if not table.rows and not table.if_empty:
        return
    yield from (f"**{table.title}**", "")
    if table.rows:
        yield _row(table.head)
        yield _row(["---"] * len(table.head))
        yield from (_row([_cell(each) for each in row]) for row in table.rows)
    else:
        yield table.if_empty
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return str(cell.text) if isinstance(cell.text, Own) else code(cell.text)


def code(text: str) -> str:
    """Return a text from outside as code that also fits a table's cell.

    A cell ends at a bar, even in code and after most backslashes: so each bar stands between two pieces of code, as an
    entity.
    """
    return "&#124;".join(_span(piece) for piece in safe(text).split("|")) if text else ""


def _span(piece: str) -> str:
    """Return a piece between more backticks than it has in a row. Spaces at its ends keep it apart from them."""
    if not piece:
        return ""
    longest = max(map(len, re.findall("`+", piece)), default=0)
    fence = "`" * (longest + 1)
    space = " " if piece.strip(" ") and (piece[0] in "` " or piece[-1] in "` ") else ""
    return f"{fence}{space}{piece}{space}{fence}"
