"""The forms in which a record leaves this machine, each a pure function; both faces export through this table."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.record.record import Record
    from console.domain.record.timeline import Timeline


class Form(StrEnum):
    """A form of a record."""

    JSON = "json"
    YAML = "yaml"
    IN_TOTO = "in-toto"
    OTEL = "otel"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"

    @property
    def words(self) -> str:
        """What the form is for, in a few words."""
        return FORMS[self].words


@dataclass(frozen=True, slots=True)
class _Way:
    words: str
    make: Callable[["Record", "Timeline"], str]


def _json(record: "Record", _: "Timeline") -> str:
    from console.view.record.document import json_text, record_document

    return json_text(record_document(record))


def _yaml(record: "Record", _: "Timeline") -> str:
    from console.view.record.document import record_yaml

    return record_yaml(record)


def _in_toto(record: "Record", _: "Timeline") -> str:
    from console.view.record.in_toto import statement_lines

    return statement_lines(record)


def _otel(record: "Record", timeline: "Timeline") -> str:
    from console.view.record.otel import otlp_json

    return otlp_json(record, timeline)


def _junit(record: "Record", _: "Timeline") -> str:
    from console.view.record.junit import record_junit

    return record_junit(record)


def _markdown(record: "Record", _: "Timeline") -> str:
    from console.view.record.page import page_of
    from console.view.report.markdown import markdown

    return markdown(page_of(record))


def _html(record: "Record", _: "Timeline") -> str:
    from console.view.record.page import page_of
    from console.view.report.html import html_page

    return html_page(page_of(record))


FORMS = {
    Form.JSON: _Way("the record as JSON, by docs/schema/record-v1.json", _json),
    Form.YAML: _Way("the record as YAML", _yaml),
    Form.IN_TOTO: _Way("in-toto Statements, each signed in a DSSE envelope", _in_toto),
    Form.OTEL: _Way("OpenTelemetry spans of the run's calls, as OTLP/JSON", _otel),
    Form.JUNIT: _Way("the gates and checks as JUnit XML", _junit),
    Form.MARKDOWN: _Way("a comment for a pull request", _markdown),
    Form.HTML: _Way("one page that prints well", _html),
}
"""Every form with its words. Loaded late: an export needs one of them."""


def exported(form: Form, record: "Record", timeline: "Timeline") -> str:
    """Return a record in a form, with a line feed at its end; in-toto's Statements without a signature."""
    return FORMS[form].make(record, timeline)
