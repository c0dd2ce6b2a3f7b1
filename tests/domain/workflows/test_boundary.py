"""The boundary: tokens by name, and what the CI's own token may do."""

import pytest

from console.domain.finding import Severity
from console.domain.workflows.boundary import (
    Boundary,
    TokenKind,
    check_tokens,
    check_workflows,
    seen_tokens,
    token_names,
)
from console.domain.workflows.permissions import CiPermissions
from console.domain.workflows.workflow import MapNode, Workflow
from console.services.workflows.workflow_file import parse_workflow

SECRET = "_".join(["ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"])

KINDS = {
    "NPM_TOKEN": "publisher", "NODE_AUTH_TOKEN": "publisher", "PYPI_API_TOKEN": "publisher",
    "TWINE_PASSWORD": "publisher", "DOCKER_PASSWORD": "publisher", "CARGO_REGISTRIES_ACME_TOKEN": "publisher",
    "npm_config_//registry.npmjs.org/:_authToken": "publisher", "BLOG_PUBLISH_TOKEN": "publisher",
    "CLOUDFLARE_API_TOKEN": "cloud", "AWS_SECRET_ACCESS_KEY": "cloud", "VERCEL_TOKEN": "cloud",
    "SITE_DEPLOY_TOKEN": "cloud", "aws_session_token": "cloud", "CI_JOB_TOKEN": "ci",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "ci", "GITHUB_TOKEN": "repository", "GH_TOKEN": "repository",
    "GITLAB_TOKEN": "repository", "ANTHROPIC_AUTH_TOKEN": "agent", "CLAUDE_CODE_OAUTH_TOKEN": "agent",
    "CLAUDE_CODE_GATEWAY_TOKEN": "agent", "COPILOT_PROVIDER_API_KEY": "agent",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_a_token_is_known_by_its_name(name: str, kind: str) -> None:
    (token,) = seen_tokens([name])
    assert token.kind == kind


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "HOME", "MODEL_GATEWAY_TOKEN", "AWS_REGION", "AWS_PROFILE", "GITHUB_SHA", "NPM_TOKEN_FILE",
        "MY_NPM_TOKEN", "DOCKER_HOST", "OPENAI_API_KEY", "",
    ],
)  # fmt: skip
def test_a_name_that_is_no_token_of_these_is_passed_over(name: str) -> None:
    assert seen_tokens([name]) == ()


def test_the_facts_have_every_kind_and_name_each_token_once() -> None:
    names = [each.pattern for each in token_names()]
    assert len(set(names)) == len(names)
    assert {each.kind for each in token_names()} == set(TokenKind)
    assert all(each.source_url.startswith("https://") or each.source_url == "" for each in token_names())
    assert sum(each.source_url != "" for each in token_names()) > 30


def test_names_of_the_policy_come_first_and_count_as_a_publishers() -> None:
    (own,) = seen_tokens(["ACME_SITE_TOKEN", "ACME_TOKEN_X"], ["ACME_*_TOKEN"])
    assert (own.name, own.kind) == ("ACME_SITE_TOKEN", TokenKind.PUBLISHER)
    (github,) = seen_tokens(["GITHUB_TOKEN"], ["GITHUB_TOKEN"])
    assert github.kind is TokenKind.PUBLISHER
    assert seen_tokens(["AXB"], ["A.B"]) == ()


@pytest.mark.parametrize(
    ("name", "finding_id", "severity"),
    [
        ("NPM_TOKEN", "BND-20", Severity.FAIL),
        ("CLOUDFLARE_API_TOKEN", "BND-21", Severity.FAIL),
        ("CI_JOB_TOKEN", "BND-22", Severity.WARN),
        ("GH_TOKEN", "BND-23", Severity.WARN),
    ],
)
def test_a_token_in_reach_is_a_finding_that_says_what_to_do(name: str, finding_id: str, severity: Severity) -> None:
    (finding,) = check_tokens(seen_tokens([name]))
    assert (finding.id, finding.severity) == (finding_id, severity)
    assert f"env -u {name}" in finding.message


@pytest.mark.parametrize(
    "name", ["npm_config_//registry.npmjs.org/:_authToken", f"{SECRET}_PUBLISH_TOKEN", "é_PUBLISH_TOKEN"]
)
def test_a_name_that_is_not_plain_is_never_shown(name: str) -> None:
    tokens = seen_tokens([name])
    (finding,) = check_tokens(tokens)
    assert finding.message.startswith("A variable contains a publisher's token")
    assert name not in str(tokens) + str(finding)


def boundary_of(*texts: str | None, names: tuple[str, ...] = ()) -> Boundary:
    roots = [None if text is None else parse_workflow(text.encode()) for text in texts]
    workflows = [Workflow("ci.yml", text or "", root) for text, root in zip(texts, roots, strict=True)]
    tokens = seen_tokens(names)
    return Boundary(check_workflows(workflows), tokens, check_tokens(tokens))


READ = "on: push\npermissions: {contents: read}\njobs: {a: {}}\n"
UNDECLARED = "on: push\njobs: {a: {}}\n"
WRITE_ALL = "on: push\npermissions: write-all\njobs: {a: {}}\n"
SHARED = "on: push\npermissions: {contents: write}\njobs: {a: {}, b: {}}\n"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ((), "none declared"),
        ((READ,), "least privilege"),
        ((READ, UNDECLARED), "none declared"),
        ((READ, None), "unknown"),
        ((READ, UNDECLARED, WRITE_ALL), "broad"),
        ((SHARED,), "broad"),
    ],
)
def test_the_words_for_the_record_are_those_of_the_widest_workflow(texts: tuple[str | None, ...], words: str) -> None:
    assert boundary_of(*texts).ci_token_permissions == words
    assert words in set(CiPermissions)


def test_the_records_answers_are_computed_from_names() -> None:
    nothing, both = boundary_of(READ), boundary_of(READ, names=("NPM_TOKEN", "VERCEL_TOKEN", "PATH"))
    assert (nothing.publisher_token_available, nothing.cloud_token_available) == (False, False)
    assert (both.publisher_token_available, both.cloud_token_available) == (True, True)
    assert [finding.id for finding in both.all_findings] == ["BND-20", "BND-21"]


def test_a_literal_secret_is_known_of() -> None:
    assert not boundary_of(READ).has_literal_secret
    assert boundary_of(READ, f"# {SECRET}\n{READ}").has_literal_secret


def test_a_workflow_may_be_anything_at_all() -> None:
    (check,) = check_workflows([Workflow("ci.yml", "", MapNode((), 1))])
    assert (check.permissions, check.findings) == (CiPermissions.LEAST_PRIVILEGE, ())
