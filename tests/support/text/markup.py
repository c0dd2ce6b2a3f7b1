"""Texts that are markup somewhere, and what a browser makes of a page."""

from collections import Counter
from html.parser import HTMLParser

MARKUP = (
    "<img src=x onerror=alert(1)>",
    "</code></td></table></style></title><script>alert(1)</script><!--",
    '" onmouseover="alert(1)',
    "[x](javascript:alert(1)) ![x](https://host.example/x) https://host.example www.host.example me@host.example",
    "@everyone #1 a/b#2 &lt;b&gt; **x** _x_ ~~x~~ \\*x\\* `x` ``x`` \\` \\| a|b|`|` ||",
    "# x\n\n- x\n\n| a | b |\n|---|---|\n```\n<b>x</b>",
    "]]><x/>&x;",
    "!!python/object/apply:os.system [x]: {y: &a *a} # z\n---\n...\n- |",
    "\u202ex\u2066\u200b\x1b[31m\x00\x7f\x85\u2028\ufffe",
    "\u202ename\u2066",
    "http://[",
    " ` ",
)


class Elements(HTMLParser):
    """What a browser would see in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag, tuple(sorted(name for name, _ in attrs))] += 1
