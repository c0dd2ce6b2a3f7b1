"""Every rule over workflows: what it finds, with its lines, and what it must leave alone."""

import re

import pytest
from support.workflows.workflows import SAFE, SHA, with_run, with_step

from console.domain.finding import Severity
from console.domain.workflows.check import check_workflow
from console.domain.workflows.rule import NOT_READ, RULES, PlacedFinding
from console.domain.workflows.workflow import Workflow
from console.services.workflows.workflow_file import parse_workflow

SECRET = "_".join(["ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"])
CHECKOUT = f"uses: actions/checkout@{SHA}\nwith:\n  persist-credentials: false"
READ = "permissions: {contents: read}"


def found(text: str) -> dict[str, PlacedFinding]:
    placed = check_workflow(Workflow("ci.yml", text, parse_workflow(text.encode())))
    assert len({each.finding.id for each in placed}) == len(placed), "one finding a rule"
    return {each.finding.id: each for each in placed}


def jobs(*bodies: str, on: str = "push", top: str = READ) -> str:
    lines = [f"on: {on}", top, "jobs:"]
    for number, body in enumerate(bodies):
        lines += [f"  job{number}:", *("    " + line for line in body.splitlines())]
    return "\n".join(lines) + "\n"


FOUND = {
    "no permissions": ("BND-01", (4,), jobs("runs-on: x", top="name: x")),
    "permissions at one job only": ("BND-01", (6,), jobs("permissions: {}", "runs-on: x", top="name: x")),
    "write-all": ("BND-02", (2,), jobs("runs-on: x", top="permissions: write-all")),
    "write-all at a job": ("BND-02", (5,), jobs("permissions: write-all")),
    "three writes for all": (
        "BND-02", (2,), jobs("x: y", top="permissions: {contents: write, packages: write, id-token: write}"),
    ),
    "a write shared by two jobs": ("BND-03", (2,), jobs("x: y", "x: y", top="permissions: {contents: write}")),
    "the head of a pull request, with secrets": (
        "BND-04", (10,),
        with_step(f"{CHECKOUT}\n  ref: ${{{{ github.event.pull_request.head.sha }}}}", on="pull_request_target"),
    ),
    "its branch's name": (
        "BND-04", (10,), with_step(f"{CHECKOUT}\n  ref: ${{{{ github.head_ref }}}}", on="[push, pull_request_target]")
    ),
    "its merge ref": (
        "BND-04", (10,),
        with_step(f"{CHECKOUT}\n  ref: refs/pull/${{{{ github.event.number }}}}/merge", on="{pull_request_target: {}}"),
    ),
    "its repository": (
        "BND-04", (10,),
        with_step(
            f"{CHECKOUT}\n  repository: ${{{{ github.event.pull_request.head.repo.full_name }}}}",
            on="pull_request_target",
        ),
    ),
    "the commit of a workflow run": (
        "BND-04", (10,),
        with_step(f"{CHECKOUT}\n  ref: ${{{{ github.event.workflow_run.head_sha }}}}", on="{workflow_run: {}}"),
    ),
    "a checkout by hand": (
        "BND-04", (9,), with_run("set -e\ngh pr checkout 17\nmake", on="issue_comment"),
    ),
    "a fetch by hand": ("BND-04", (8,), with_run("git fetch origin pull/17/head", on="pull_request_target")),
    "writes beside a pull request's code": (
        "BND-05", (7,), with_step(CHECKOUT, on="pull_request", top="permissions: {id-token: write}")
    ),
    "a secret in a script": ("BND-06", (9,), with_run("set -e\ndeploy --token ${{ secrets.TOKEN }}")),
    "a secret in brackets": ("BND-06", (8,), with_run("deploy ${{ secrets['TOKEN'] }}")),
    "a computed secret": ("BND-06", (8,), with_run("deploy ${{ secrets[matrix.name] }}")),
    "all secrets": ("BND-06", (8,), with_run("echo '${{ toJSON(secrets) }}'")),
    "the job's own token": ("BND-06", (8,), with_run("deploy ${{ github.token }}")),
    "a secret in a JavaScript step": (
        "BND-06", (9,),
        with_step(f"uses: actions/github-script@{SHA}\nwith:\n  script: call('${{{{ secrets.TOKEN }}}}')"),
    ),
    "a secret after a comparison": (
        "BND-06", (8,), with_run("deploy ${{ secrets.A != '' && secrets.A || 'none' }}"),
    ),
    "an issue's title": ("BND-07", (8,), with_run("echo ${{ github.event.issue.title }}")),
    "a comment in a folded script": (
        "BND-07", (8,), with_step("run: >\n  echo\n  ${{ github.event.comment.body }}"),
    ),
    "a branch's name": ("BND-07", (8,), with_run("git switch ${{ github.head_ref }}")),
    "a branch's name, by the event": ("BND-07", (8,), with_run("echo ${{ github.event.pull_request.head.ref }}")),
    "a message by index": ("BND-07", (8,), with_run("echo ${{ github.event.commits[0].message }}")),
    "an author": ("BND-07", (8,), with_run("echo ${{ github.event.head_commit.author.name }}")),
    "in brackets and capitals": ("BND-07", (8,), with_run("echo ${{ GitHub.Event['issue']['title'] }}")),
    "wrapped in a function": ("BND-07", (8,), with_run("echo ${{ format('{0}', github.event.issue.body) }}")),
    "a whole issue": ("BND-07", (8,), with_run("echo '${{ toJSON(github.event.issue) }}'")),
    "the whole event": ("BND-07", (8,), with_run("echo '${{ toJSON(github.event) }}'")),
    "a secret in env": ("BND-08", (2,), jobs("runs-on: x", top=f"env: {{TOKEN: {SECRET}}}")),
    "a secret in a comment": ("BND-08", (2,), jobs("permissions: {}", top=f"# the token: {SECRET}")),
    "inherited secrets": ("BND-09", (6,), jobs(f"uses: a/b/.github/workflows/c.yml@{SHA}\nsecrets: inherit")),
    "unsecure commands for all": (
        "BND-10", (2,), jobs("permissions: {}", top="env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}"),
    ),
    "unsecure commands in a step": (
        "BND-10", (9,), with_step("run: make\nenv:\n  ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true'"),
    ),
    "a tag": ("BND-11", (7,), with_step("uses: acme/deploy@v1")),
    "a short commit": ("BND-11", (7,), with_step(f"uses: acme/deploy@{SHA[:7]}")),
    "no version": ("BND-11", (7,), with_step("uses: acme/deploy")),
    "an image by tag": ("BND-11", (7,), with_step("uses: docker://alpine:3")),
    "a called workflow by branch": ("BND-11", (5,), jobs("uses: a/b/.github/workflows/c.yml@main")),
    "a tag of GitHub's own": ("BND-12", (7,), with_step("uses: actions/setup-python@v6")),
    "kept credentials": ("BND-13", (7,), with_step(f"uses: actions/checkout@{SHA}")),
    "kept credentials, said so": (
        "BND-13", (7,), with_step(f"uses: actions/checkout@{SHA}\nwith: {{persist-credentials: true}}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule_id", "lines", "text"), FOUND.values(), ids=FOUND)
def test_a_rule_finds_what_it_is_for_and_says_on_which_lines(rule_id: str, lines: tuple[int, ...], text: str) -> None:
    placed = found(text)[rule_id]
    assert placed.lines == lines
    assert re.fullmatch(rf"line {lines[0]}(?: in (?:step 1 of )?job job\d?)?", placed.finding.evidence)
    assert SECRET not in str(placed)


def test_every_rule_is_tried() -> None:
    assert {rule_id for rule_id, _, _ in FOUND.values()} == {rule.id for rule in RULES} - {NOT_READ.id}


def test_a_careful_repository_has_no_finding() -> None:
    assert found(SAFE) == {}


LEFT_ALONE = {
    "permissions at every job": ("BND-01", jobs("permissions: {}", "permissions: read-all", top="name: x")),
    "a called workflow has its caller's token": ("BND-01", jobs("runs-on: x", on="{workflow_call: {}}", top="name: x")),
    "read-all": ("BND-02", jobs("x: y", top="permissions: read-all")),
    "two writes": ("BND-02", jobs("x: y", top="permissions: {contents: write, issues: write}")),
    "a job's writes are its own": (
        "BND-02", jobs("permissions: {contents: write, packages: write, id-token: write, pages: write}"),
    ),
    "a write of the only job": ("BND-03", jobs("x: y", top="permissions: {contents: write}")),
    "pull_request has no secrets": (
        "BND-04", with_step(f"{CHECKOUT}\n  ref: ${{{{ github.head_ref }}}}", on="pull_request"),
    ),
    "the base of a pull request": ("BND-04", with_step(CHECKOUT, on="pull_request_target")),
    "its base, named": (
        "BND-04",
        with_step(f"{CHECKOUT}\n  ref: ${{{{ github.event.pull_request.base.sha }}}}", on="pull_request_target"),
    ),
    "a job that pull requests do not start": (
        "BND-05",
        jobs(
            f"if: github.ref == 'refs/heads/main'\nsteps:\n  - uses: actions/checkout@{SHA}",
            on="[push, pull_request]",
            top="permissions: {contents: write}",
        ),
    ),
    "a job of its own permissions": (
        "BND-05",
        jobs(
            f"permissions: {{contents: read}}\nsteps:\n  - uses: actions/checkout@{SHA}",
            on="pull_request",
            top="permissions: {contents: write}",
        ),
    ),
    "a secret in env of the step": ("BND-06", with_step("run: deploy\nenv: {T: '${{ secrets.TOKEN }}'}")),
    "a secret for an action": ("BND-06", with_step(f"uses: a/b@{SHA}\nwith: {{token: '${{{{ secrets.TOKEN }}}}'}}")),
    "whether a secret is there": ("BND-06", with_run("echo ${{ secrets.TOKEN != '' }} ${{ '' == secrets.TOKEN }}")),
    "a variable of that name": ("BND-06", with_run("echo secrets.TOKEN $secrets ${{ env.secrets }}")),
    "a name after an expression": ("BND-06", with_run("echo ${{ github.sha }} secrets.TOKEN ${{ github.ref }}")),
    "an expression that is not one": ("BND-06", with_run("echo '${{ secrets.TOKEN }'")),
    "a title that is only tested": ("BND-07", with_run("echo ${{ contains(github.event.issue.title, 'x') }}")),
    "a branch that is only compared": ("BND-07", with_run("echo ${{ github.head_ref == 'main' }}")),
    "a title as a word": ("BND-07", with_run("echo ${{ 'github.event.issue.title' }}")),
    "the base branch": ("BND-07", with_run("echo ${{ github.event.pull_request.base.ref }}")),
    "a number": ("BND-07", with_run("echo ${{ github.event.issue.number }}")),
    "the repository's name": ("BND-07", with_run("echo ${{ github.event.repository.name }}")),
    "a label": ("BND-07", with_run("echo ${{ github.event.issue.labels[0].name }}")),
    "a commit": ("BND-08", with_step(f"uses: acme/deploy@{SHA}")),
    "a reference": ("BND-08", jobs("x: y", top="env: {TOKEN: '${{ secrets.TOKEN }}'}")),
    "named secrets": ("BND-09", jobs("uses: ./.github/workflows/c.yml\nsecrets: {a: '${{ secrets.A }}'}")),
    "unsecure commands off": ("BND-10", jobs("x: y", top="env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: 'false'}")),
    "a full commit": ("BND-11", with_step(f"uses: acme/deploy@{SHA}")),
    "an action of the repository": ("BND-11", with_step("uses: ./actions/deploy")),
    "an image by digest": ("BND-11", with_step(f"uses: docker://alpine@sha256:{SHA}{SHA[:24]}")),
    "an action of GitHub's own, weighed apart": ("BND-11", with_step("uses: actions/cache@v5")),
    "a full commit of GitHub's own": ("BND-12", with_step(f"uses: actions/cache@{SHA}")),
    "credentials that are not kept": ("BND-13", with_step(CHECKOUT)),
}  # fmt: skip


@pytest.mark.parametrize(("rule_id", "text"), LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_a_rule_leaves_alone_what_is_well(rule_id: str, text: str) -> None:
    assert rule_id not in found(text)


def test_a_rule_says_all_its_lines_once_and_counts_what_it_does_not_show() -> None:
    script = "\n".join(["deploy ${{ secrets.A }} ${{ secrets.B }}"] * 12)
    placed = found(with_run(script))["BND-06"]
    assert placed.lines == tuple(range(8, 20))
    assert placed.finding.evidence == "lines 8, 9, 10, 11, 12, 13, 14, 15 and 4 more in step 1 of job job"


def test_the_gravest_comes_first_and_a_source_has_its_day() -> None:
    text = with_step("run: x ${{ secrets.A }}", top="name: x") + "      - uses: actions/cache@v5\n"
    findings = [each.finding for each in check_workflow(Workflow("ci.yml", text, parse_workflow(text.encode())))]
    assert [finding.severity for finding in findings] == [Severity.FAIL, Severity.WARN, Severity.INFO]
    assert all(finding.source_url.startswith("https://") and finding.checked_on for finding in findings)


def test_a_workflow_that_could_not_be_read_says_why_and_is_still_searched_for_secrets() -> None:
    not_read, secret = check_workflow(Workflow("ci.yml", f"on: [\n# {SECRET}\n", None, "it is not YAML"))[::-1]
    assert (not_read.finding.id, not_read.lines) == ("BND-14", ())
    assert not_read.finding.message.endswith("nothing is known about it: it is not YAML.")
    assert (secret.finding.id, secret.lines) == ("BND-08", (2,))


def test_rule_ids_are_unique_and_their_messages_are_sentences() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.message[0].isupper() and len(rule.message) > 30 for rule in RULES)
