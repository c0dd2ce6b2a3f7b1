"""`init --preset list`: the gateways that are known by name."""

from console.cli import output
from console.cli.exit_code import ExitCode
from console.domain.setup.preset import presets


def show_presets(*, as_json: bool) -> ExitCode:
    """Write the presets, each with its source."""
    if as_json:
        from console.cli.reports.documents.init import PresetDocument, PresetsDocument

        output.write_document(PresetsDocument(presets=tuple(map(PresetDocument.of, presets()))))
        return ExitCode.OK
    rows = [("preset", "gateway", "address", "token", "source")]
    rows += [
        (each.name, each.title, each.base_url, each.token.value, f"{each.source_url} (read {each.checked_on})")
        for each in presets()
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    return ExitCode.OK
