"""A page as HTML: nothing is loaded, nothing is run but what sorts a table, and it prints on A4."""

import base64
import hashlib
from collections.abc import Iterator
from html import escape

from console.domain.text.safe import safe
from console.view.report.page import Cell, Own, Page, Table
from console.view.sign import Tone

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --line: #c9d1d9; --dim: #57606a;
  --ok: #116329; --warn: #7d4e00; --fail: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #3d444d; --dim: #9198a1;
  --ok: #56d364; --warn: #e3b341; --fail: #ff7b72; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 0.9rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; } h2 { font-size: 1rem; margin: 1.4rem 0 0.3rem; }
p.simulated { border: 2px solid var(--warn); color: var(--warn); padding: 0.5rem 0.8rem; font-weight: bold; }
p.end, p.none { color: var(--dim); }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem 0.25rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--dim); font-weight: normal; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--warn); }
th[aria-sort] button { color: var(--ink); }
code { font-family: ui-monospace, monospace; font-size: 0.85em; white-space: pre-wrap; }
.ok { color: var(--ok); } .warn { color: var(--warn); } .fail { color: var(--fail); } .dim { color: var(--dim); }
@page { size: A4; margin: 15mm; }
@media print {
  :root { --ink: #000000; --paper: #ffffff; --line: #999999; --dim: #444444; --ok: #116329; --warn: #7d4e00;
    --fail: #a40e26; }
  body { margin: 0; max-width: none; padding: 0; font-size: 9pt; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; }
}
"""
_SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("thead th").forEach((head, place) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const key = (row) => row.cells[place].dataset.key ?? row.cells[place].textContent;
    button.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const each of table.querySelectorAll("thead th")) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
      const rows = Array.from(table.tBodies[0].rows);
      rows.sort((a, b) => way * key(a).localeCompare(key(b), undefined, { numeric: true }));
      table.tBodies[0].append(...rows);
    });
  });
}
"""
"""Sorts a table when a head is pressed. Without it, the table stays as it was sorted when it was written."""


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_POLICY = f"default-src 'none'; style-src 'sha256-{_hash(_STYLE)}'; base-uri 'none'; form-action 'none'"
_SORTED_POLICY = f"{_POLICY}; script-src 'sha256-{_hash(_SCRIPT)}'"
_CLASSES = {Tone.OK: "ok", Tone.WARN: "warn", Tone.FAIL: "fail", Tone.DIM: "dim"}


def html_page(page: Page) -> str:
    """Return a page as an HTML document."""
    title = _text(f"{page.title}{' (simulated)' if page.simulated else ''}")
    is_sortable = any(table.is_sortable for table in page.tables)
    policy = _SORTED_POLICY if is_sortable else _POLICY
    simulated = [f'<p class="simulated">{_text(page.simulated)}</p>'] if page.simulated else []
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        f"<h1>{title}</h1>",
        f'<p class="end">{_text(page.end)}</p>',
        *simulated,
        *(line for table in page.tables for line in _table(table)),
        *([f"<script>{_SCRIPT}</script>"] if is_sortable else []),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    if not table.rows and not table.if_empty:
        return
    yield f"<h2>{_text(table.title)}</h2>"
    if not table.rows:
        yield f'<p class="none">{_text(table.if_empty)}</p>'
        return
    yield '<table class="sortable">' if table.is_sortable else "<table>"
    if any(table.head):
        head = "".join(f'<th scope="col">{_text(each)}</th>' for each in table.head)
        yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</tbody></table>"


def _cell(cell: Cell) -> str:
    shown = _text(cell.text)
    words = shown if isinstance(cell.text, Own) or not shown else f"<code>{shown}</code>"
    tone = "" if cell.tone is None or cell.tone not in _CLASSES else f' class="{_CLASSES[cell.tone]}"'
    key = f' data-key="{_text(cell.key)}"' if cell.key else ""
    return f"<td{tone}{key}>{words}</td>"


def _text(text: str) -> str:
    return escape(safe(text))
