"""Editing a TOML text: exactly the values that were to change are others, in whatever form the text has them."""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.config.shipped import shipped
from console.services.config.toml_edit import UneditableError, value_places, with_values

_ROLES = ("writer", "reviewer", "critic")
_NOISE = ("", '# a note with = and [brackets] and "quotes"', "   ", "\t# tab")
_KEYS = {"model": "m", "endpoint_family": "responses", "endpoint_path": "/v1/responses"}


@st.composite
def _strings(draw: st.DrawFn, value: str) -> str:
    """Write a text as one of TOML's four kinds of strings."""
    escaped = "".join(rf"\u{ord(each):04x}" for each in value)
    forms = [f'"{value}"', f"'{value}'", f'"{escaped}"', f'"""{value}"""', f"'''\n{value}'''", f'"""\\\n  {value}"""']
    return draw(st.sampled_from(forms))


@st.composite
def _keys(draw: st.DrawFn, *steps: str) -> str:
    quoted = [draw(st.sampled_from([step, f'"{step}"', f"'{step}'"])) for step in steps]
    return draw(st.sampled_from([".", " . "])).join(quoted)


@st.composite
def _route(draw: st.DrawFn, role: str) -> str:
    """Write a route as a table, with dotted keys, or as an inline table."""
    values = {name: draw(_strings(value)) for name, value in _KEYS.items()}
    end = draw(st.sampled_from(["", "  # why = 'this'", " #"]))
    form = draw(st.sampled_from(["table", "dotted", "inline"]))
    if form == "inline":
        inner = ", ".join(f"{draw(_keys(name))} = {value}" for name, value in values.items() if "\n" not in value)
        flat = {name: value for name, value in values.items() if "\n" in value}
        inner += "".join(f', {name} = "{_KEYS[name]}"' for name in flat)
        return f"[profiles.p.routes]\n{draw(_keys(role))} = {{ {inner.removeprefix(', ')} }}{end}\n"
    if form == "dotted":
        lines = [f"{draw(_keys(role, name))} = {value}{end}" for name, value in values.items()]
        return "[profiles.p.routes]\n" + "\n".join(lines) + "\n"
    lines = [f"{draw(_keys(name))}={value}{end}" for name, value in values.items()]
    return f"[ {draw(_keys('profiles', 'p', 'routes', role))} ]{end}\n" + "\n".join(lines) + "\n"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str]:
    """Write a config whose routes have all forms, and name the route to edit."""
    roles = draw(st.permutations(_ROLES))
    forms = [draw(_route(role)) for role in roles]
    tables = [each for each in forms if not each.startswith("[profiles.p.routes]\n")]
    rest = [each.partition("\n")[2] for each in forms if each.startswith("[profiles.p.routes]\n")]
    joined = [*(["[profiles.p.routes]\n" + "".join(rest)] if rest else []), *tables]
    decoys = (
        'schema = 1\ndefault_profile = "p"\n'
        '[profiles.p.gateway]\nbase_url = "sim:"\ntoken_ref = [ # ]\n  "sim:", \'x = "y"\',\n]\n'
        'note = """\n[profiles.p.routes.writer]\nmodel = "decoy"\n"""\n'
    )
    facts = "[[profiles.p.family_facts]]\npattern = \"a\"\n[[profiles.p.family_facts]]\npattern = 'b'\n"
    noise = draw(st.sampled_from(_NOISE))
    text = f"{noise}\n".join(["", decoys, *joined, facts])
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text, roles[0]


@settings(max_examples=40)
@given(documents(), st.sets(st.sampled_from(sorted(_KEYS)), min_size=1))
def test_exactly_the_named_values_change_and_every_other_character_stays(
    made: tuple[str, str], names: set[str]
) -> None:
    text, role = made
    bare = text.removeprefix("\ufeff")
    before: dict[str, Any] = tomllib.loads(bare)
    changes = {("profiles", "p", "routes", role, name): f"new-{name}" for name in names}
    after = with_values(bare, changes)
    for path, value in changes.items():
        before["profiles"]["p"]["routes"][role][path[-1]] = value
    assert tomllib.loads(after) == before
    assert _without(after, changes) == _without(bare, changes)


def _without(text: str, paths: Iterable[tuple[str, ...]]) -> str:
    """Return a text with each of these values replaced by nothing."""
    places = value_places(text)
    for begin, end in sorted((places[path] for path in paths), reverse=True):
        text = text[:begin] + text[end:]
    return text


@pytest.mark.parametrize(
    ("text", "path", "value", "words"),
    [
        ("a = 1", ("b",), "x", "b is not written"),
        ("a = ", ("a",), "x", "not TOML"),
        ('a = "x"', ("a",), 'x"y', "not plain text"),
        ('a = "x"', ("a",), "x\ny", "not plain text"),
        ('a = [{ b = "x" }]', ("a", 0, "b"), "y", "not written"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, path: tuple[str | int, ...], value: str, words: str) -> None:
    with pytest.raises(UneditableError, match=words):
        with_values(text, {path: value})


def test_every_value_of_the_sample_is_where_the_reader_says() -> None:
    text = shipped("sample_config.toml").read_text()
    found = {path: tomllib.loads(f"k = {text[begin:end]}")["k"] for path, (begin, end) in value_places(text).items()}
    assert found == dict(_leaves(tomllib.loads(text), ()))


def _leaves(table: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for key, value in table.items():
        entries = value if isinstance(value, list) and value and isinstance(value[0], dict) else None
        if entries is not None:
            for place, entry in enumerate(entries):
                yield from _leaves(entry, (*path, key, place))
        elif isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value
