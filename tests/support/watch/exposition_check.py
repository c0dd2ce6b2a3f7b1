"""A strict reader of Prometheus' text format 0.0.4, written from its specification.

https://prometheus.io/docs/instrumenting/exposition_formats/ (read 2026-12-02).
"""

import re
from dataclasses import dataclass

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_VALUE = r'"((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
_LABELS = re.compile(rf"({_LABEL})={_VALUE}")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)(?: (-?\d+))?")
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf)|NaN")


@dataclass(frozen=True)
class Sample:
    """One line with a value."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


def parsed(text: str) -> list[Sample]:
    """Return the samples of a text. Raises `AssertionError` where it is not as the format wants it."""
    assert text.endswith("\n"), "the last line must end with a line feed"
    samples: list[Sample] = []
    types: dict[str, str] = {}
    helps: set[str] = set()
    finished: set[str] = set()
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        if found := re.fullmatch(rf"# (HELP|TYPE) ({_NAME}) (.*)", line):
            kind, name, rest = found.groups()
            assert name not in finished, f"{name}: the lines of one metric are one group"
            if kind == "TYPE":
                assert rest in ("counter", "gauge", "histogram", "summary", "untyped"), line
                assert name not in types, f"{name}: a second TYPE"
                types[name] = rest
            else:
                assert name not in helps, f"{name}: a second HELP"
                helps.add(name)
            if current not in ("", name):
                finished.add(current)
            current = name
            continue
        assert not line.startswith("#"), f"not a comment of ours: {line}"
        found = _SAMPLE.fullmatch(line)
        assert found is not None, f"not a sample: {line}"
        name, labels, value, _ = found.groups()
        assert name == current, f"{name}: a sample outside the group of its metric"
        assert types[name] != "counter" or name.endswith("_total"), name
        pairs = _pairs(labels or "")
        assert _FLOAT.fullmatch(value), line
        samples.append(Sample(name, pairs, float(value)))
    assert len({(each.name, frozenset(each.labels)) for each in samples}) == len(samples), "a sample appears twice"
    return samples


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found, place = [], 0
    while place < len(text):
        match = _LABELS.match(text, place)
        assert match is not None, f"not labels: {text}"
        found.append((match[1], match[2].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")))
        place = match.end()
        assert place == len(text) or text[place] == ",", f"not labels: {text}"
        place += 1
    assert len({name for name, _ in found}) == len(found), f"a label appears twice: {text}"
    return tuple(found)
