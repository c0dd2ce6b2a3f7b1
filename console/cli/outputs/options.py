"""The options of outputs and baselines."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.view.report.forms import ReportForm


@dataclass(frozen=True, slots=True)
class Destination:
    """A file to write, and in which form."""

    form: "ReportForm"
    path: Path


def add_output_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--output`."""
    parser.add_argument(
        "--output",
        dest="outputs",
        action="append",
        type=destination,
        metavar="[FORM:]FILE",
        help="also write the result to this file, replacing it; its suffix is the form: .json, .xml (JUnit), .sarif,"
        " .md, .html; or name the form: json, junit, sarif, markdown, html; may be repeated",
    )


def add_baseline_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--output`, `--baseline` and `--update-baseline`."""
    add_output_argument(parser)
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="accept the findings that this file names, and fail on new ones"
    )
    parser.add_argument(
        "--update-baseline",
        action="store_true",
        help="write what is found to the baseline; account errors, drift, outages and refusals are never accepted",
    )


def destination(text: str) -> Destination:
    """Return the file that a word names. Raises `ArgumentTypeError`, whose message does not contain the word."""
    from console.view.report.forms import ReportForm, form_of

    head, colon, rest = text.partition(":")
    if colon and head in [form.value for form in ReportForm]:
        form, name = ReportForm(head), rest
    else:
        name = text
        found = form_of(text)
        if found is None:
            raise argparse.ArgumentTypeError(
                "the file's suffix names no form: use .json, .xml, .sarif, .md or .html, or write FORM:FILE"
            )
        form = found
    if not name or name == "-":
        raise argparse.ArgumentTypeError("wants a file; stdout has the table, or with --json the document")
    return Destination(form, Path(name))
