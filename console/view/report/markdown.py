"""A page as Markdown, for a comment or a job summary. Text from outside is code, and nothing in it is markup.

In code there are no mentions, no references, no links and no HTML. Escaping alone would not do: GitHub looks for
mentions in what a backslash has already become.
"""

import re
from collections.abc import Iterator, Sequence

from console.domain.text.safe import safe
from console.view.report.page import Cell, Own, Page, Table

SIZE_LIMIT = 900_000
"""The most bytes of rows: GitHub shows no job summary of more than 1 MiB."""


def markdown(page: Page) -> str:
    """Return a page as GitHub's Markdown. Rows that a job summary has no room for are counted."""
    lines = [f"### gateway-console: {page.title}, {page.end}", ""]
    if page.simulated:
        lines += [f"> **{page.simulated}**", ""]
    room = SIZE_LIMIT
    for table in page.tables:
        for line in _table(table, room):
            room -= len(line.encode()) + 1
            lines.append(line)
    return "\n".join(lines)


def _table(table: Table, room: int) -> Iterator[str]:
    if not table.rows and not table.if_empty:
        return
    yield from (f"**{table.title}**", "")
    if table.rows:
        yield _row(table.head)
        yield _row(["---"] * len(table.head))
        for number, row in enumerate(table.rows):
            line = _row([_cell(each) for each in row])
            room -= len(line.encode()) + 1
            if room < 0:
                yield ""
                yield f"{len(table.rows) - number} more do not fit here; the other forms show them all"
                break
            yield line
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
