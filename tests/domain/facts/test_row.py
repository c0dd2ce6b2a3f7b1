"""Strict reading of facts: what is wrong is told by row and key, and no text of the file is repeated."""

import pytest

from console.domain.facts.row import FactsError
from console.domain.routes.model_family import read_families
from console.domain.routes.retirement import read_retirements

TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])

HEAD = 'checked_on = "2026-12-01"\n'
GOOD = """[[retirement]]
provider = "OpenAI"
models = ["gpt-5"]
retires_on = "2026-12-11"
source_url = "https://developers.openai.com/api/docs/deprecations"
"""
FAMILY = """[[family]]
pattern = '.*'
allowed = ["chat_completions"]
confidence = "low"
source_url = "https://example.com/models"
"""


def test_a_table_of_one_row_is_read() -> None:
    (row,) = read_retirements(HEAD + GOOD).retirements
    assert (row.provider, row.models, str(row.retires_on), row.replacement) == ("OpenAI", ("gpt-5",), "2026-12-11", "")
    assert (row.checked_on, row.is_second_hand) == ("2026-12-01", False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "checked_on: is missing"),
        (HEAD, "retirement: is missing"),
        (f"{HEAD}retirement = []", "retirement: has no row"),
        (f"{HEAD}retirement = 3", "must be rows that begin with [[retirement]]"),
        (f"{HEAD}retirement = [3]", "must be rows that begin with [[retirement]]"),
        ("checked_on = 2026-12-01\n" + GOOD, "checked_on: must be a date in quotes"),
        (HEAD.replace("12-01", "13-41") + GOOD, "checked_on: must be a date in quotes"),
        (HEAD + GOOD.replace('"2026-12-11"', f'"{TOKEN}"'), "line 2, retirement 1: retires_on: must be a date"),
        (HEAD + GOOD.replace('"2026-12-11"', '"2027-02-30"'), "retires_on: must be a date"),
        (HEAD + GOOD.replace('["gpt-5"]', '"gpt-5"'), "models: must be a list of texts"),
        (HEAD + GOOD.replace('["gpt-5"]', "[]"), "models: must be a list of texts"),
        (HEAD + GOOD.replace('["gpt-5"]', '["GPT 5"]'), "models: each must be a model's id in lower case"),
        (HEAD + GOOD + 'replacement = "x\\"\\nmodel"', "replacement: must be one line"),
        (HEAD + GOOD + 'replacement = "a\\"b"', "replacement: must be a model's id"),
        (HEAD + GOOD + "is_second_hand = 1", "is_second_hand: must be true or false"),
        (HEAD + GOOD + f'replacment = "{TOKEN}"', "1 unknown key(s); known here: checked_on, is_second_hand"),
        (HEAD + f'"{TOKEN}" = 1\n' + GOOD, "1 unknown key(s); known here: checked_on, own_dates, retirement"),
        (HEAD + GOOD.replace("https://", "http://"), "source_url: must be an address that begins with https://"),
        (HEAD + GOOD.replace('"OpenAI"', '"\\u001b[31m"'), "provider: must be one line of at most 400 printable"),
        (HEAD + GOOD + GOOD, "retirement: 1 model(s) are named twice"),
        (HEAD + GOOD + GOOD.replace('"gpt-5"', '"gpt-5.1", "gpt-5-1"'), "1 model(s) are named twice"),
        (HEAD + GOOD + '[[own_dates]]\nwho = "X"\nproviders = ["OpenAI"]\nspelling = "(a+)+"', "repeats a group"),
        (HEAD + "[[retirement]", "line 2: is not valid TOML"),
        (HEAD + GOOD * 2001, "has more than 2000 rows"),
    ],
)
def test_a_fault_is_told_by_row_and_key_without_the_text(text: str, told: str) -> None:
    with pytest.raises(FactsError) as refused:
        read_retirements(text)
    assert told in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + FAMILY.replace("'.*'", "'^gpt-'"), "the last row must have the pattern .*"),
        (HEAD + FAMILY.replace("'.*'", "'(?=a)'"), "pattern: repeats a group or uses a lookaround"),
        (HEAD + FAMILY.replace('["chat_completions"]', '["chat"]'), "must be of responses, anthropic_messages"),
        (HEAD + FAMILY + 'required = "responses"', "required: must be one of the allowed families"),
        (HEAD + FAMILY + 'preferred = "responses"', "preferred: must be one of the allowed families"),
        (HEAD + FAMILY.replace('"low"', '"sure"'), "confidence: must be high, medium or low"),
    ],
)
def test_a_table_of_families_is_read_as_strictly(text: str, told: str) -> None:
    with pytest.raises(FactsError) as refused:
        read_families(text)
    assert told in str(refused.value)


def test_the_line_of_a_row_is_told_where_rows_are_written_apart() -> None:
    second = GOOD.replace('"gpt-5"', '"o3"').replace("2026-12-11", "later")
    with pytest.raises(FactsError, match="line 7, retirement 2: retires_on"):
        read_retirements(HEAD + GOOD + second)
