"""`explain`: what an error means and what to do, by category or from a real body; offline."""

import argparse
import os
import stat

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.errors.body import read_error_body
from console.domain.errors.category import Category, guidance
from console.domain.errors.classify import RefusedCall, classify
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.services.system.os_reason import os_reason
from console.view.explanation import category_rows, reading_lines

_BODY_LIMIT = 1_048_576
_EXCERPT_LIMIT = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "what", nargs="?", metavar="CATEGORY|BODYFILE|-", help="a category, a file with an error body, or - for stdin"
    )
    parser.add_argument("--status", type=_status, metavar="N", help="the HTTP status")
    parser.add_argument(
        "--family", choices=[family.value for family in EndpointFamily], metavar="F", help="the endpoint family called"
    )
    parser.add_argument("--path", metavar="P", help="the path called")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        type=_header,
        metavar="H",
        help="a response header, 'name: value'; may be repeated",
    )
    parser.add_argument("--elapsed", type=_seconds, metavar="S", help="seconds until the refusal arrived")


def _status(text: str) -> int:
    if text.isascii() and text.isdigit() and 100 <= int(text[:4]) <= 599:
        return int(text)
    raise argparse.ArgumentTypeError("wants an HTTP status from 100 to 599")


def _seconds(text: str) -> float:
    try:
        seconds = float(text[:20])
    except ValueError:
        seconds = -1.0
    if 0 <= seconds <= 86_400:
        return seconds
    raise argparse.ArgumentTypeError("wants seconds from 0 to 86400")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if colon and name.strip():
        return name.strip().lower(), value.strip()
    raise argparse.ArgumentTypeError("wants 'name: value'")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Explain a category or a body, or list the categories."""
    asks_about_body = arguments.status is not None or arguments.header or arguments.family or arguments.path
    if arguments.what is None and not asks_about_body:
        return _list_categories(as_json=arguments.json)
    if arguments.what in set(Category) and not asks_about_body:
        return _explain_category(Category(arguments.what), as_json=arguments.json)
    return _explain_body(arguments)


def _list_categories(*, as_json: bool) -> ExitCode:
    if as_json:
        from console.cli.reports.documents.explain import CategoryDocument, ExplainedCategoriesDocument

        output.write_document(ExplainedCategoriesDocument(categories=tuple(map(CategoryDocument.of, Category))))
        return ExitCode.OK
    widths = output.column_widths([(category.value, guidance()[category].blame.value) for category in Category])
    for category in Category:
        about = guidance()[category]
        output.write_line(output.table_line((category.value, about.blame.value, about.means), (*widths, 0)))
    output.note("Next: gateway-console explain CATEGORY, or explain --status N BODYFILE")
    return ExitCode.OK


def _explain_category(category: Category, *, as_json: bool) -> ExitCode:
    if as_json:
        from console.cli.reports.documents.explain import ExplainedCategoryDocument

        output.write_document(ExplainedCategoryDocument.of(category))
        return ExitCode.OK
    output.write_line(category.value)
    for label, words in category_rows(category):
        output.write_line(f"  {label:<8}{words}")
    return ExitCode.OK


def _explain_body(arguments: argparse.Namespace) -> ExitCode:
    try:
        body = _read_body(arguments.what)
    except OSError as error:
        name = safe(scrub(str(arguments.what)), limit=80)
        why = os_reason(error) if error.strerror else "not a plain file"
        raise Problem(
            f"{name} is not a category and cannot be read as a file: {why}. Categories: {', '.join(Category)}",
            ProblemKind.USAGE,
        ) from None
    if not body and arguments.status is None and not arguments.header:
        raise Problem("the body is empty; give the HTTP status with --status N", ProblemKind.USAGE)
    headers = dict(arguments.header)
    read = read_error_body(body, headers.get("content-type", ""))
    family = None if arguments.family is None else EndpointFamily(arguments.family)
    found = classify(RefusedCall(arguments.status, headers, read, family, arguments.path, arguments.elapsed))
    if arguments.json:
        from console.cli.reports.documents.explain import ExplainedBodyDocument

        output.write_document(ExplainedBodyDocument.of(found))
        return ExitCode.OK
    output.write_line(f"{found.category}  {guidance()[found.category].means}")
    for words in reading_lines(found):
        output.write_line(f"  {words}")
    output.write_line(f"  Blame: {found.blame}. Ask {found.ask}.")
    if found.source:
        output.write_line(f"  Rule {found.rule}, from {found.source}")
    if said := safe(scrub(read.message), limit=_EXCERPT_LIMIT):
        output.note(f'the error said: "{said}"')
    return ExitCode.OK


def _read_body(name: str | None) -> bytes:
    """Read the beginning of a body; the rest would not be used.

    Raises:
        OSError: The file cannot be read, or is not a regular file.

    """
    if name is None or name == "-":
        if name is None and current().stdin.isatty():
            return b""
        return current().stdin.buffer.read(_BODY_LIMIT)
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError
        return file.read(_BODY_LIMIT)
