"""Scripts of steps: what a variable and an output may hold, and which commands fetch a pull request's code."""

import pytest

from console.domain.workflows.fetch import fetches
from console.domain.workflows.script import Script, statement
from console.domain.workflows.value import NOTHING, UNFOLLOWED, Kind, Kinds

AROUND = {"HEAD_SHA": frozenset({Kind.HEAD}), "TITLE": frozenset({Kind.TEXT}), "MAIN": NOTHING}


def script(text: str, *, is_program: bool = False) -> Script:
    return Script(text, is_program, lambda inner: NOTHING, AROUND.get)


HEAD, TEXT, REPOSITORY = frozenset({Kind.HEAD}), frozenset({Kind.TEXT}), frozenset({Kind.HEAD_REPOSITORY})
SHELL: dict[str, Kinds] = {
    'echo "x=$HEAD_SHA" >> "$GITHUB_OUTPUT"': HEAD,
    'echo "x=$MAIN" >> "$GITHUB_OUTPUT"': NOTHING,
    'echo "x=true" >> "$GITHUB_OUTPUT"': NOTHING,
    'A=$HEAD_SHA\nB="$A"\necho "x=${B:0:8}" >> "$GITHUB_OUTPUT"': HEAD,
    'echo "x=$(gh pr view 1 --json headRefOid,baseRefOid --jq .baseRefOid)" >> "$GITHUB_OUTPUT"': NOTHING,
    'echo "x=$(gh pr view 1 --json title --jq .title)" >> "$GITHUB_OUTPUT"': TEXT,
    'echo "x=$(gh api repos/a/b/pulls/1 --jq .head.repo.clone_url)" >> "$GITHUB_OUTPUT"': REPOSITORY,
    'echo "x=$(gh api repos/a/b/pulls/1 --jq .number)" >> "$GITHUB_OUTPUT"': NOTHING,
    'echo "x=$(gh api repos/a/b/pulls/1)" >> "$GITHUB_OUTPUT"': frozenset({Kind.PULL, Kind.TEXT}),
    'echo "x=$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"': NOTHING,
    'echo "x=$(./find.sh)" >> "$GITHUB_OUTPUT"': UNFOLLOWED,
    'echo "x=$UNSET" >> "$GITHUB_OUTPUT"': UNFOLLOWED,
    'echo "x=$(echo "$TITLE" | tr -cd 0-9)" >> "$GITHUB_OUTPUT"': UNFOLLOWED,
    'echo "x<<EOF" >> $GITHUB_OUTPUT\necho "$TITLE" >> $GITHUB_OUTPUT\necho EOF >> $GITHUB_OUTPUT': TEXT,
    'echo "y=1" >> "$GITHUB_OUTPUT"': UNFOLLOWED,
    "x=$HEAD_SHA": UNFOLLOWED,
    'echo "x=refs/pull/$N/head" >> "$GITHUB_OUTPUT"': HEAD | UNFOLLOWED,
}


@pytest.mark.parametrize(("text", "kinds"), SHELL.items(), ids=range(len(SHELL)))
def test_an_output_of_a_shell_is_followed(text: str, kinds: Kinds) -> None:
    assert script(text).output_kinds("x") == kinds


def test_an_output_that_is_made_of_itself_ends() -> None:
    assert script('x=$y\ny=$x$HEAD_SHA\necho "x=$x" >> $GITHUB_OUTPUT').output_kinds("x") == HEAD


def test_a_long_chain_of_variables_is_not_followed_to_its_end() -> None:
    chain = "\n".join(f"a{n + 1}=$a{n}" for n in range(50))
    assert script(f'a0=$MAIN\n{chain}\necho "x=$a50" >> $GITHUB_OUTPUT').output_kinds("x") == UNFOLLOWED


FETCHES: dict[str, list[Kinds]] = {
    "git fetch origin pull/1/head": [HEAD],
    "git -c a=b -C work checkout --detach $HEAD_SHA": [HEAD],
    "git checkout -b $HEAD_SHA": [],
    "git checkout $MAIN && git push origin $HEAD_SHA": [],
    "git fetch origin \\\n  refs/pull/1/merge": [HEAD],
    "gh pr co 1": [HEAD],
    "gh pr view 1": [],
    "git checkout $UNSET": [UNFOLLOWED],
    "gh pr diff 1 | git apply": [HEAD],
    "git diff > a.patch; cat b.diff; git log": [],
    "curl -L https://github.com/a/b/archive/$HEAD_SHA.zip": [HEAD],
    "echo gitfetch; legit checkout $HEAD_SHA": [],
}


@pytest.mark.parametrize(("text", "kinds"), FETCHES.items(), ids=FETCHES)
def test_a_command_that_fetches_is_found(text: str, kinds: list[Kinds]) -> None:
    assert [each.kinds for each in fetches(script(text))] == kinds


def test_a_statement_ends_with_its_line_or_its_brackets() -> None:
    text = "a(\n b,\n c)\nd"
    assert statement(text, 0) == "a(\n b,\n c)"
    assert statement("a && b", 0) == "a "
    assert statement("a 'x; y'; b", 0) == "a 'x; y'"
