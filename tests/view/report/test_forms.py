"""Forms of a report: public schemas allow them, no text is markup, nothing that was not proven is a pass."""

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from support.reports import junit_cases, report, sarif_run
from support.text.markup import MARKUP, Elements

from console.view.report.forms import ReportForm, form_of, rendered
from console.view.report.report import Outcome, Report

UNSEEN = set("\u202e\u2066\u200b\x1b\x00\x7f\x85\u2028")


def shape_of(given: Report) -> tuple[Any, ...]:
    """Return what is markup in the forms of a report, without its texts."""
    html = Elements(rendered(ReportForm.HTML, given)).found
    tokens = MarkdownIt("gfm-like").parse(rendered(ReportForm.MARKDOWN, given))
    parts = [each for token in tokens for each in (token, *(token.children or ()))]
    kinds = Counter(each.type for each in parts if each.type not in ("code_inline", "text"))
    words = "".join(each.content for each in parts if each.type == "text").replace("|", "")
    return html, kinds, words, list(junit_cases(rendered(ReportForm.JUNIT, given)).values())


@pytest.mark.parametrize("text", MARKUP)
def test_no_text_is_markup_in_any_form(text: str) -> None:
    given = report(text)
    assert shape_of(given) == shape_of(report("x1"))
    run = sarif_run(rendered(ReportForm.SARIF, given))
    for result in run["results"]:
        for place in result["locations"]:
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert urlsplit(uri).scheme in ("", "file"), "no path becomes another scheme"
            assert re.fullmatch(r"[A-Za-z0-9/._~:%-]+", uri)
    assert json.loads(rendered(ReportForm.JSON, given)) == {"text": text}
    for form in ReportForm:
        assert set(rendered(form, given)) & UNSEEN == set()


def test_only_what_passed_is_a_pass() -> None:
    given = report()
    cases = junit_cases(rendered(ReportForm.JUNIT, given))
    tags = {outcome: cases[f"gateway-console.check.x/x {outcome}"] for outcome in Outcome}
    assert tags == {
        Outcome.PASSED: "passed",
        Outcome.SKIPPED: "skipped",
        Outcome.ACCEPTED: "skipped",
        Outcome.FAILED: "failure",
        Outcome.ERROR: "error",
    }
    run = sarif_run(rendered(ReportForm.SARIF, given))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    assert [each["level"] for each in invocation["toolExecutionNotifications"]] == ["warning", "error"]


def test_sarif_has_level_lines_and_what_the_baseline_says() -> None:
    fail, warn, info = sarif_run(rendered(ReportForm.SARIF, report()))["results"][:3]
    assert [each["level"] for each in (fail, warn, info)] == ["error", "warning", "note"]
    assert (fail["baselineState"], fail["suppressions"]) == ("new", [])
    assert (warn["baselineState"], warn["suppressions"][0]["status"]) == ("unchanged", "accepted")
    assert "baselineState" not in info
    assert [each["physicalLocation"]["region"]["startLine"] for each in fail["locations"]] == [3, 7]
    again = sarif_run(rendered(ReportForm.SARIF, report()))["results"]
    assert [each["partialFingerprints"] for each in again[:3]] == [
        each["partialFingerprints"] for each in (fail, warn, info)
    ]


def test_a_simulation_is_marked_in_every_form_that_is_made_here() -> None:
    words = "Simulated: the embedded gateway answered. This is not evidence of a real gateway."
    for form in set(ReportForm) - {ReportForm.JSON}:  # the document has its own field
        assert words in rendered(form, report(is_simulated=True))
        assert words not in rendered(form, report())


@pytest.mark.long
def test_ten_thousand_findings_fit_a_job_summary_and_are_whole_elsewhere() -> None:
    given = report("a name of usual length | with a bar", 700)
    assert len(given.findings) == 10_500
    summary = rendered(ReportForm.MARKDOWN, given)
    assert len(summary.encode()) < 1 << 20
    assert re.search(r"^\d+ more do not fit here", summary, re.MULTILINE)
    assert len(json.loads(rendered(ReportForm.SARIF, given))["runs"][0]["results"]) == 10_500
    assert rendered(ReportForm.HTML, given).count("<tr>") > 10_500


def test_a_page_loads_and_runs_nothing() -> None:
    page = rendered(ReportForm.HTML, report())
    tags = {tag for tag, _ in Elements(page).found}
    assert tags & {"script", "img", "link", "a", "iframe", "object", "form", "svg"} == set()
    assert "default-src &#x27;none&#x27;" in page


def test_a_suffix_names_its_form() -> None:
    found = {name: form_of(name) for name in ("a.json", "a.sarif.json", "A.XML", "a.junit.xml", "a.md", "a.htm", "a")}
    assert found == {
        "a.json": ReportForm.JSON,
        "a.sarif.json": ReportForm.SARIF,
        "A.XML": ReportForm.JUNIT,
        "a.junit.xml": ReportForm.JUNIT,
        "a.md": ReportForm.MARKDOWN,
        "a.htm": ReportForm.HTML,
        "a": None,
    }
