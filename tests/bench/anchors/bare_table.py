"""Anchor: the least Textual application that shows a table of routes, with nothing of the console in it."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header

LAST_ROW = "route-11"
COLUMNS = ("role", "model", "family", "path", "verdict", "note")


class BareTable(App[None]):
    """A header, a table of 12 rows and a footer."""

    BINDINGS = (("q", "quit", "leave"),)

    def compose(self) -> ComposeResult:
        """Lay the table out."""
        yield Header()
        yield DataTable()
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        for number in range(12):
            table.add_row(f"route-{number}", "gpt-route", "responses", "/v1/responses", "offline", "-")


if __name__ == "__main__":
    BareTable().run()
