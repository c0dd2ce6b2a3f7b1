"""The published schema of config files: it is the models' own, takes what the console takes, and refuses the rest."""

import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from support.bad_configs import (
    BAD_HEADERS,
    BAD_PATHS,
    BAD_POLICIES,
    BAD_REFERENCES,
    BAD_URLS,
    BAD_VALUES,
    BAD_VARIABLES,
    FITTING_URLS,
    MISFITS,
    MISSING,
    ROUTE,
    SAMPLE,
    UNCALLABLE_URLS,
    UNKNOWN_KEYS,
    UNKNOWN_WORDS,
    config,
)
from support.bad_facts import BAD_ROWS, CONFIG
from support.tokens.references import TAKEN

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "schema" / "config-v1.json").read_text(encoding="utf-8"))
REFUSED = [
    *(config(base=f'base_url = "{url}"') for url, _ in BAD_URLS),
    *(config(base=f'base_url = "{url}"') for url in UNCALLABLE_URLS),
    *(config(base=f'base_url_ref = "{each}"') for each in BAD_VARIABLES),
    *(config(route=ROUTE.replace("/v1/responses", path)) for path, _ in BAD_PATHS),
    *(config(f'token_ref = ["{each}"]') for each, _ in BAD_REFERENCES),
    *(config(line) for line, _, _ in BAD_VALUES),
    *(config(f'headers = {{ x-tag = "{value}" }}') for value in BAD_HEADERS),
    *(config(f'headers = {{ "{name}" = "v" }}') for name in ("Cookie", "x-API-key", "x y", "")),
    *(config(base=base) for base in ("", 'base_url = "sim:"\nbase_url_ref = "env:GW"')),
    *(f"{config()}[profiles.p.policy]\n{line}\n" for line, _ in BAD_POLICIES),
    *(f"{CONFIG}[[profiles.p.family_facts]]\n{row}\n" for row, _ in BAD_ROWS),
    *(text for text, _ in [*UNKNOWN_KEYS, *UNKNOWN_WORDS, *MISFITS, *MISSING]),
]
"""Configs that the console refuses, as the tests of loading have them."""
NOT_SAID_BY_A_SCHEMA = [
    ('"pp"', "a profile's name is looked for among the file's tables"),
    ('required = "chat_completions"', "one list is compared with another"),
    ('tools_with_reasoning = "chat_completions"', "one list is compared with another"),
    ('"https://gw.example:99999"', "a range of numbers within a text"),
    ('"https://gw.example/v1/models"', "an endpoint that no family speaks"),
    ('"https://your-resource', "which words stand for a value to be filled in"),
    ("?a=1&a=2", "one parameter of a query is compared with another"),
    ("?key=1", "the words for secrets"),
    ("&subscription-key=1", "the words for secrets"),
    ("?accessToken=1", "the words for secrets"),
    ("?APIKEY=1", "the words for secrets"),
    ("?sig=1", "the words for secrets"),
    ('"https://999.1.1.1"', "a range of numbers within a text"),
    ('"http://127.999.0.1"', "a range of numbers within a text"),
    ('"https://[v1.x]"', "whether an address of IPv6 is one"),
    ('"https://xn--a"', "what Punycode stands for"),
    ('"https://xn--ls8h.example"', "what Punycode stands for"),
    ('pattern = "("', "whether a regular expression is one"),
    ('pattern = "(a+)+$"', "whether a regular expression is fast"),
    ('pattern = "(?=a)"', "whether a regular expression is fast"),
    ('"m\\u202e"', "the table of invisible characters"),
    ("\"cmd:['ls']\"", "whose file it is"),
    ('responses\\n"', "in Python, which checks here, $ also stands before a last line feed; in editors it does not"),
    ('"env:GW\\n"', "in Python, which checks here, $ also stands before a last line feed; in editors it does not"),
    ("deadline_s = nan", "JSON has no such number"),
]
"""Faults that the schema takes: a piece of each config, and what it would have to say."""


def test_the_published_schema_is_the_one_of_the_models() -> None:
    made = runpy.run_path(str(DOCS / "config_schema.py"))["text"]()
    assert (DOCS / "schema" / "config-v1.json").read_text(encoding="utf-8") == made, "run: python docs/config_schema.py"


def test_every_setting_and_every_table_is_described() -> None:
    tables = [SCHEMA, *SCHEMA["$defs"].values()]
    settings = [each for table in tables for each in table["properties"].values()]
    assert len(settings) > 40
    assert [each for each in [*tables, *settings] if not each.get("description")] == []


def test_the_schema_takes_the_sample_as_it_is_and_without_its_comment_signs() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    text = SAMPLE.read_text(encoding="utf-8")
    for each in (text, re.sub(r"^# (?=\[|[\w-]+ = )", "", text, flags=re.MULTILINE)):
        assert list(Draft202012Validator(SCHEMA).iter_errors(tomllib.loads(each))) == []


def test_the_first_line_of_the_sample_names_the_schema_to_an_editor() -> None:
    first = SAMPLE.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("#:schema ")
    assert (SAMPLE.parent / first.removeprefix("#:schema ")).samefile(DOCS / "schema" / "config-v1.json")


def test_the_schema_takes_what_the_console_takes() -> None:
    taken = [config(base=f'base_url = "{url}"') for url in FITTING_URLS]
    taken += [config(f"token_ref = [{json.dumps(reference)}]") for reference in TAKEN]
    taken += [config(f"{line}\n") for line in ("deadline_s = 4", "ca_file = ''", 'headers = { X-Tag = "a b" }')]
    assert [text for text in taken if not Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text))] == []


def test_the_schema_refuses_what_the_console_refuses_and_a_schema_can_say() -> None:
    validator = Draft202012Validator(SCHEMA)
    taken = [text for text in REFUSED if validator.is_valid(tomllib.loads(text))]
    unexplained = [text for text in taken if not any(piece in text for piece, _ in NOT_SAID_BY_A_SCHEMA)]
    assert unexplained == []
    assert [piece for piece, _ in NOT_SAID_BY_A_SCHEMA if not any(piece in text for text in taken)] == []
