"""`boundary`: the table, the document, the exit codes, and no value of the environment anywhere."""

from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.workflows.workflows import SAFE, with_run, with_step

CANARY = "-".join(["canary", "value", "that", "nobody", "may", "see"])
SECRET = "_".join(["ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"])


@pytest.fixture
def repository(console: Console) -> Path:
    folder = console.home / "repository"
    (folder / ".github" / "workflows").mkdir(parents=True)
    return folder


def write(repository: Path, text: str, name: str = "ci.yml") -> None:
    (repository / ".github" / "workflows" / name).write_text(text)


async def test_a_careful_repository_is_well(console: Console, repository: Path) -> None:
    write(repository, SAFE)
    result = await console.run("boundary", repository)
    head, line, *rest = result.stdout.splitlines()
    assert head.split() == ["workflow", "token", "state"]
    assert line.split()[:3] == [".github/workflows/ci.yml", "least", "privilege"]
    assert [each.rsplit("  ", maxsplit=1)[-1].strip() for each in rest[-3:]] == [
        "no",
        "no",
        "least privilege: every job's token is declared",
    ]
    assert "0 fail" in result.stderr
    assert result.code == 0


async def test_the_folder_is_this_one_where_none_is_named(console: Console) -> None:
    folder = console.home / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "here.yml").write_text(SAFE)
    assert ".github/workflows/here.yml" in (await console.run("boundary")).stdout


async def test_a_folder_in_a_repository_is_the_whole_repository(console: Console, repository: Path) -> None:
    write(repository, SAFE)
    (repository / ".git").mkdir()
    (repository / "src" / "deep").mkdir(parents=True)
    result = await console.run("boundary", repository / "src" / "deep")
    assert result.stdout == (await console.run("boundary", repository)).stdout
    assert ".github/workflows/ci.yml" in result.stdout


async def test_a_folder_without_workflows_is_well(console: Console, repository: Path) -> None:
    result = await console.run("boundary", repository)
    assert result.stdout.splitlines()[-1] == "CI token permissions       none declared: no workflow was found"
    assert "profile" not in result.stdout + result.stderr, "no gateway of a profile is used"
    assert result.code == 0


async def test_warnings_alone_do_not_fail(console: Console, repository: Path) -> None:
    write(repository, with_step("uses: acme/deploy@v1", top="name: x"))
    result = await console.run("boundary", repository)
    assert "~ warn  BND-01" in result.stdout
    assert "~ warn  BND-11" in result.stdout
    assert result.code == 0


async def test_a_called_workflow_has_its_callers_token(console: Console, repository: Path) -> None:
    write(repository, SAFE)
    write(repository, with_run("make", on="workflow_call", top="name: x"), "called.yml")
    result = await console.run("boundary", repository)
    assert [".github/workflows/called.yml", "unknown"] in [line.split()[:2] for line in result.stdout.splitlines()]
    assert "unknown: a called workflow has its caller's" in result.stdout
    assert result.code == 0


async def test_what_a_local_action_does_is_told_of_the_step_that_uses_it(console: Console, repository: Path) -> None:
    action = repository / ".github" / "actions" / "take"
    action.mkdir(parents=True)
    (action / "action.yaml").write_text("runs:\n  using: composite\n  steps: [{run: gh pr checkout 1, shell: bash}]\n")
    write(repository, with_step("uses: ./.github/actions/take", on="issue_comment", top="permissions: write-all"))
    result = await console.run("boundary", repository)
    assert "BND-04: A pull request's code is checked out" in result.stdout
    assert "(line 7 in step 1 of job job)" in result.stdout
    assert result.code == 1


async def test_a_failure_names_its_rule_and_its_line(console: Console, repository: Path) -> None:
    write(repository, with_run("deploy ${{ secrets.TOKEN }}"))
    result = await console.run("boundary", repository)
    assert ".github/workflows/ci.yml  × fail  BND-06: A secret is inserted into a script" in result.stdout
    assert "(line 8 in step 1 of job job)" in result.stdout
    assert result.code == 1


async def test_a_literal_secret_is_refused_and_never_shown(console: Console, repository: Path) -> None:
    write(repository, with_run(f"deploy --token {SECRET} ${{{{ secrets.OTHER }}}}"))
    for arguments in ((), ("--json",)):
        result = await console.run("boundary", repository, *arguments)
        assert result.code == 11
        assert "BND-08" in result.stdout
        assert SECRET not in result.stdout + result.stderr


async def test_tokens_of_the_environment_are_told_by_name_and_kind_only(console: Console, repository: Path) -> None:
    write(repository, SAFE)
    tokens = dict.fromkeys(("NPM_TOKEN", "CLOUDFLARE_API_TOKEN", "GH_TOKEN", "ACME_PAGES_TOKEN"), CANARY)
    plain = await console.run("boundary", repository, **tokens, TWINE_PASSWORD="", UNHEARD_OF=CANARY)
    result = await console.run("boundary", repository, "--json", **tokens, TWINE_PASSWORD="", UNHEARD_OF=CANARY)
    assert (plain.code, result.code) == (1, 1)
    assert CANARY not in plain.stdout + plain.stderr + result.stdout + result.stderr
    document = result.document
    assert [(token["name"], token["kind"]) for token in document["tokens"]] == [
        ("ACME_PAGES_TOKEN", "publisher"),  # the built-in profile's policy
        ("CLOUDFLARE_API_TOKEN", "cloud"),
        ("GH_TOKEN", "repository"),
        ("NPM_TOKEN", "publisher"),
    ]
    assert (document["publisher_token_available"], document["cloud_token_available"]) == (True, True)
    assert "environment  × fail  BND-20: NPM_TOKEN is set" in plain.stdout
    assert "TWINE_PASSWORD" not in plain.stdout
    assert "tokens that stop a run     publisher, cloud" in plain.stdout.splitlines()
    assert "UNHEARD_OF" not in plain.stdout


async def test_the_document_has_its_promised_names(console: Console, repository: Path) -> None:
    write(repository, with_run("deploy ${{ secrets.TOKEN }}"))
    write(repository, "on: [\n", "broken.yml")
    result = await console.run("boundary", repository, "--json")
    document = result.document
    assert set(document) == {
        "schema", "profile", "publisher_token_available", "cloud_token_available", "ci_token_permissions", "workflows",
        "tokens", "findings",
    }  # fmt: skip
    assert (document["schema"], document["profile"]) == ("gateway-console/boundary/v1", "demo")
    assert (document["publisher_token_available"], document["ci_token_permissions"]) == (False, "unknown")
    broken, ci = document["workflows"]
    assert (broken["path"], broken["ci_token_permissions"]) == (".github/workflows/broken.yml", "unknown")
    assert [finding["id"] for finding in broken["findings"]] == ["BND-14"]
    (finding,) = [each for each in ci["findings"] if each["id"] == "BND-06"]
    names = {"id", "severity", "subject", "message", "evidence", "source_url", "checked_on", "lines"}
    assert set(finding) == names
    assert finding["subject"] == ci["path"]
    assert (finding["severity"], finding["lines"]) == ("fail", [8])


async def test_names_of_the_policy_are_withheld(console: Console, repository: Path) -> None:
    path = console.config_for("https://gw.example", policy={"withheld_tokens": ["SITE_*_KEY"]})
    result = await console.run("boundary", repository, "--json", "--config", path, SITE_PUSH_KEY=CANARY)
    assert [token["name"] for token in result.document["tokens"]] == ["SITE_PUSH_KEY"]
    assert result.code == 1


async def test_what_does_not_fit_is_told_in_one_line(console: Console, repository: Path) -> None:
    no_folder = await console.run("boundary", "nowhere")
    assert (no_folder.code, no_folder.complaint) == (
        2,
        "gateway-console: nowhere is not a folder; name a repository's folder",
    )
    config = console.write_config("schema = ")
    bad_config = await console.run("boundary", repository, "--config", config)
    assert bad_config.code == 3
    assert str(config) in bad_config.complaint or "config.toml" in bad_config.complaint
    bad_policy = console.config_for("https://gw.example", policy={"withheld_tokens": ["a b"]})
    assert (await console.run("boundary", repository, "--config", bad_policy)).code == 3


async def test_a_hostile_name_of_a_file_moves_no_cursor(console: Console, repository: Path) -> None:
    write(repository, "on: [\n", "\x1b[2J.yml")
    result = await console.run("boundary", repository)
    assert "\x1b" not in result.stdout + result.stderr
    assert "BND-14" in result.stdout
