"""The forms in which a report is written to a file, each a pure function: one table for every verb."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.view.report.page import Page
    from console.view.report.report import Report


class ReportForm(StrEnum):
    """A form of a report."""

    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class _Way:
    words: str
    suffixes: tuple[str, ...]
    make: Callable[["Report"], str]


def _json(report: "Report") -> str:
    from console.view.record.document import json_text

    return json_text(report.document)


def _junit(report: "Report") -> str:
    if report.record is not None:
        from console.view.record.junit import record_junit

        return record_junit(report.record)
    from console.view.report.report_junit import report_junit

    return report_junit(report)


def _sarif(report: "Report") -> str:
    from console.view.report.sarif import sarif

    return sarif(report)


def _markdown(report: "Report") -> str:
    from console.view.report.markdown import markdown

    return markdown(_page(report))


def _html(report: "Report") -> str:
    from console.view.report.html import html_page

    return html_page(_page(report))


def _page(report: "Report") -> "Page":
    if report.record is not None:
        from console.view.record.page import page_of

        return page_of(report.record)
    from console.view.report.report_page import page_of_report

    return page_of_report(report)


FORMS = {
    ReportForm.JSON: _Way("the document of --json", (".json",), _json),
    ReportForm.JUNIT: _Way("JUnit XML", (".xml",), _junit),
    ReportForm.SARIF: _Way("SARIF 2.1.0, with the lines of files", (".sarif", ".sarif.json"), _sarif),
    ReportForm.MARKDOWN: _Way("Markdown, for a job summary", (".md", ".markdown"), _markdown),
    ReportForm.HTML: _Way("one page that loads nothing", (".html", ".htm"), _html),
}
"""Every form with its words and the suffixes that mean it. Loaded late: a file needs one of them."""


def form_of(name: str) -> ReportForm | None:
    """Return the form that a file's name means by its longest suffix; None if it means none."""
    fitting = [
        (len(suffix), form) for form, way in FORMS.items() for suffix in way.suffixes if name.lower().endswith(suffix)
    ]
    return max(fitting, default=(0, None))[1]


def rendered(form: ReportForm, report: "Report") -> str:
    """Return a report in a form, with a line feed at its end."""
    return FORMS[form].make(report)
