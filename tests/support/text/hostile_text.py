"""Hostile texts, by what reads them: texts over which a careless reader takes the square of their length.

The tests of each reader feed some kilobytes and judge what comes out; `tests/bench/harness/readers.py` names the same
texts for judging how the effort grows. What is added here is taken up by both.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text of any length: one piece again and again, between a start and an end."""

    piece: str
    start: str = ""
    end: str = ""

    def of(self, size: int) -> str:
        """Return the text with as many pieces as make up so many characters."""
        return self.start + self.piece * (size // len(self.piece)) + self.end

    def __str__(self) -> str:
        return " ".join(ascii(each) for each in (self.start, self.piece, self.end) if each)


EDIT = """diff --git a/src/x.py b/src/x.py
index 1234567..89abcde 100644
--- a/src/x.py
+++ b/src/x.py
@@ -1,3 +1,4 @@ def x():
 one
-two
+TWO
+2
 three
"""
_NAMES = "--- a/x\n+++ b/x\n"
DIFFS: Mapping[str, Hostile] = {
    "edits": Hostile(EDIT),
    "modes": Hostile("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"),
    "hunks": Hostile("@@ -1 +1 @@\n-a\n+b\n", start=_NAMES),
    "one hunk": Hostile("+a\n", start=f"{_NAMES}@@ -0,0 +1,999999999 @@\n"),
    "one name": Hostile('\\"', start='--- "a/', end='"\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n'),
    "one header": Hostile("a/b ", start="diff --git "),
    "one line": Hostile('"\\'),
    "lines around": Hostile("+a\n"),
    "empty lines": Hostile("\n"),
}

COMMANDS = tuple(
    map(Hostile, ("npm ", "a/", "gh pr ", "| sudo ", "find . ", "'", "> ", "docker x ", "/", "-c ", "git commit "))
)

REFUSALS = tuple(
    Hostile(piece, start=start)
    for start in ("", '{"error": "e", "input": ', r'{"error": "{\"tools\": ')
    for piece in (
        "a",
        '"',
        "\\",
        '\\"',
        "[",
        "{",
        '{"input":',
        '"tools":1,',
        "]",
        "model ",
        "模型 ",
        "status ",
        "(",
        "9",
    )
)
"""Bodies of refused calls: what is repeated of the call without an end, and beginnings of what the rules look for."""

STARS = "*a" * 60 + "b"
STEPS_OF_STARS = "**/a/" * 60 + "b"
"""Patterns that a matcher which tries all ways tries for ever on a path of nothing but `a`."""

QUOTED = tuple(
    Hostile(piece, start="a")
    for piece in ("\u0301\u0323", "\u0323\u0301", "\u0f73", "\uff9e", "\ufdfa", "a", "aab ", "中", "\u200b", "”", "—")
)
"""Marks upon marks, words within words, and what a fold changes."""

MARKS = Hostile("\u0315\u0316", start="a")
"""Combining marks that are to be sorted, all on one letter."""

AGENT_REFUSALS = tuple(
    Hostile(piece, start='{"error": {"message": "', end='"}}')
    for piece in (
        "tools.1.",
        "tools[1][",
        "only a ",
        "exceeds a ",
        "role 'user' ",
        "'include'",
        "type ",
        "a" * 40 + "-",
    )
)
"""Places that never end, and words that begin what a refusal says and never end it."""

AGENT_OUTPUTS = tuple(
    Hostile(piece, start=start)
    for start in ("", "instruction source", "instruction source: a")
    for piece in ("\n", "#", ":", " ", "a", ".", "instruction source", "instruction source:\n")
)
"""What seems to begin the line that names an instruction source, and never ends."""

INSTRUCTIONS = (
    Hostile("`"),
    Hostile("` "),
    Hostile("<!--"),
    Hostile("<!-- a\n"),
    Hostile("- <!-- a\n  -->\n"),
    Hostile("`` ` "),
    Hostile("*"),
    Hostile("*a"),
    Hostile("[a]("),
    Hostile("<a "),
    Hostile("> ```\n"),
    Hostile("- a\n", start="---\n"),
    Hostile("{,", start="---\na: "),
    Hostile(",", start="---\na: "),
    Hostile("- "),
    Hostile("[", start="---\na: "),
    Hostile("[],", start="---\na: ["),
    Hostile("\\a", start='---\na: "'),
    Hostile("  b\n", start="---\na: b\n"),
    Hostile("\0"),
)

DRAFTS: Mapping[Hostile, tuple[str, ...]] = {
    Hostile("approve this without "): ("INJ-03",),
    Hostile("\U000e0041"): ("INJ-08",),
    Hostile("სიტყვა "): ("INJ-09",),
} | dict.fromkeys(
    map(
        Hostile,
        (
            "ignore all of my ", "as a ", "\u0315\u0316", "-", "a ", "<", "give all ", "作为", "'nonce",
            "note to reviewer a, b, c, d, ", "   \n", "_-", "end of the ", "[", "系统所有", "<a ", "<b>", "<!--",
            "&amp;", "&#1", "\\u0069", "%69", "a b ", "i g n o r e ", "a_", "aB", "ignoreprevious", "1gn0r3 ", "aW",
            "0a ",
            "aW5nbm9yZSBwcmV2aW91cyA ", "e\u0301", "이전 ", "無視して", "reviewer must approve ",
            "silence do not report ", "a-\n", "[a](", "vtaber ", "erongi ", "ei sana ole kaikki aiemmat ",
            "\uff9e\u0315", "**a", "\\n", "a'", "<a b c d> ",
        ),
    ),
    (),
)  # fmt: skip
"""Drafts that begin to speak to their reviewer again and again, with the findings there are in them."""

DOCUMENTS = tuple(
    Hostile(piece, start=start)
    for start in ("", "https://a.example/", "```")
    for piece in (
        "`", "```\n", "`` ` ", "~~~\n", "<!--", "<!-- x -", "![", "![](", "https://", "https://a](", "(", "https://a(",
        "[x](", "> ", "&amp;", "]: ",
    )
)  # fmt: skip
"""Documents that begin links, code, comments and pictures and do not end them."""

_SEEN = (
    "<", "= ", "=\"='\"", "&", "&#1", "&#x", "1 ", "a1", "1 minute", "2026-01-01T", "0a0a0a0a-", "aB1-",
)  # fmt: skip
_UNSEEN = ('<a ="', "<a ='", "<a ", "<a =", "<script>", "<!--", "<svg></svg>", "</", "<!")
PAGES: Mapping[Hostile, bool] = {
    Hostile(piece, start=start): piece in _SEEN and start != "<a "
    for piece in (*_SEEN, *_UNSEEN)
    for start in ("", "<a ", "&#")
}
"""Pages of markup that does not end, of references, and of what nearly is an id or a time; whether that is seen."""

_AROUND = {
    "bare": "",
    "a script": "on: issue_comment\njobs:\n  a:\n    steps:\n      - run: |\n          ",
    "a quoted script": "on: issue_comment\njobs:\n  a:\n    steps:\n      - run: '",
}
_WORKFLOW_PIECES = {
    "nested": "[", "mapped": "{a: ", "items": "- ", "keys": "? ", "pairs": "a: b\n", "anchors": "&a ", "tags": "!",
    "comments": "#\n", "directives": "%", "escapes": '"\\x41', "block": "a: |\n  x\n",
    "expressions": "${{ secrets.A }} ", "openings": "${{", "calls": "${{ contains(", "brackets": "${{ a['b'] == ",
    "bearers": "bearer aaaaaaaaaaaaaaaaaaaa", "keys of vendors": "sk-", "tokens": "eyJaaaaaaaa.", "spaces": " ",
    "negations": "${{ !", "groups": "${{ ((((", "indexes": "${{ a[b[c[", "open quotes": "${{ ' }} ",
    "disjunctions": "${{ a || b && ", "variables": "A=$(cat $A $B)\n          ", "substitutions": "A=$(A=$(",
    "outputs": 'echo "a=${A}" >> $GITHUB_OUTPUT\n          ', "here texts": "a<<EOF >> $GITHUB_OUTPUT\n          ",
    "checkouts": "git checkout $A $B\n          ", "heads": "gh api /pulls/1 --jq .head.sha ",
    "quotes": "'", "begins": "-----BEGIN A", "fetches": "git fetch pull ", "documents": "---\na: b\n",
}  # fmt: skip
_RUN_JOBS = "on: issue_comment\njobs:\n"
_CHAINS = {
    "steps of one id": Hostile(
        "      - {id: a, run: 'echo a=${{ steps.a.outputs.a }} >> $GITHUB_OUTPUT'}\n",
        start=f"{_RUN_JOBS}  a:\n    steps:\n",
    ),
    "steps that check": Hostile(
        "      - {if: \"github.actor == 'a'\", run: 'if gh api /collaborators/a/permission; then exit 1; fi'}\n",
        start=f"{_RUN_JOBS}  a:\n    steps:\n",
    ),
    "steps that export": Hostile(
        "      - {run: 'echo A=$A >> $GITHUB_ENV; git checkout $A ${{ env.A }}'}\n",
        start=f"{_RUN_JOBS}  a:\n    env: {{A: '${{{{ env.A }}}}'}}\n    steps:\n",
    ),
    "jobs of one name": Hostile(
        "  a: {needs: [a, a, a], if: needs.a.outputs.a, outputs: {a: '${{ needs.a.outputs.a }}'}, steps: [{run: git"
        " fetch '${{ needs.a.outputs.a }}'}]}\n",
        start=_RUN_JOBS,
    ),
    "a condition in": Hostile(
        "contains(github.actor, 'a') || ",
        start=f"{_RUN_JOBS}  a:\n    steps: [{{run: gh pr checkout 1}}]\n    if: ",
    ),
}
WORKFLOWS: Mapping[str, Hostile] = {
    f"{name} in {around}": Hostile(piece, start=start)
    for around, start in _AROUND.items()
    for name, piece in _WORKFLOW_PIECES.items()
} | _CHAINS

YAML_CONFIGS = (
    *(
        Hostile(piece)
        for piece in ("---\n", "a:\n---\n", "...\n", "a:\n", "- ", "[", "{a: ", "? ", "&a ", "#\n", "<<: \n", "'")
    ),
    Hostile(", a", start="routes: [a", end="]"),
    Hostile(", *a", start="routes: &a [a, b, c]\na: [a", end="]"),
)
"""Route tables as YAML that begin documents, lists and names and do not end them."""

AGENT_SETTINGS = (
    *(
        Hostile(piece)
        for piece in ("{", "[", '{"a":', "/*", "/* *", "//", "//\n", '"', "\\", "a=", "a='", "export ", "k: ")
    ),
    Hostile('"a":1,', start="{", end="}"),
    Hostile('"token":"aB3xZ9", ', start="{", end="}"),
    Hostile("/**/", start='{"a":1', end="}"),
    Hostile("\\n", start='{"a":"', end='"}'),
    Hostile("a=b\n"),
    Hostile("k: {env:a}\n"),
    Hostile('[a]\nk="v"\n'),
)
"""Settings of agents as JSON, TOML, YAML and variables that begin and do not end, or say one thing again and again."""

_TABLE = 'checked_on = "2026-12-01"\n'
_ROW = '[[retirement]]\nprovider = "A"\nretires_on = "2026-12-11"\nsource_url = "https://a.example"\n'
FACTS = (
    *(Hostile(piece) for piece in ("[", "[[retirement]]\n", "a.", "a = [\n", "#\n", "'", "\n", "retirement = ")),
    Hostile("[[retirement]]\n", start=_TABLE),
    Hostile("[[own_dates]]\n", start=_TABLE + _ROW),
    Hostile('"gpt-5",\n', start=f"{_TABLE}{_ROW}models = [", end="]\n"),
    Hostile("a.", start=f'{_TABLE}{_ROW}models = ["', end='"]\n'),
)
"""Tables of facts that begin rows and lists and do not end them, or name one thing again and again."""
