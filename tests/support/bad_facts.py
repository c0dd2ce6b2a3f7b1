"""Rows of an operator's own facts that cannot be used."""

CONFIG = """
schema = 1
default_profile = "p"
[profiles.p.gateway]
base_url = "https://gw.example"
[profiles.p.routes.writer]
model = "gpt-5-pro"
endpoint_family = "chat_completions"
endpoint_path = "/v1/chat/completions"
"""


GOOD = 'pattern = "^a"\nallowed = ["responses"]\n'


BAD_ROWS = [
    ('pattern = "^a"\nallowed = ["respones"]', "unknown endpoint family; did you mean responses?"),
    ('pattern = "^a"\nallowed = []', "allowed: names no endpoint family"),
    ('allowed = ["responses"]', "pattern is missing"),
    ('pattern = "^a"', "allowed is missing"),
    ('pattern = ""\nallowed = ["responses"]', "pattern: is empty"),
    ('pattern = "("\nallowed = ["responses"]', "pattern: is not a regular expression"),
    ('pattern = "(a+)+$"\nallowed = ["responses"]', "pattern: repeats a group"),
    ('pattern = "(?=a)"\nallowed = ["responses"]', "lookaround"),
    (GOOD + 'required = "chat_completions"', "must be one of the allowed families"),
    (GOOD + 'tools_with_reasoning = "chat_completions"', "must be one of the allowed families"),
    (GOOD + 'requires = "responses"', "requires: unknown key; did you mean required?"),
    (GOOD + 'checked_on = "yesterday"', "must be a date such as 2023-06-01"),
    (GOOD + "required = 5", "required: must be text in quotes"),
    (f'pattern = "{"team-" * 41}"\nallowed = ["responses"]', "pattern: is longer than 200 characters"),
]
