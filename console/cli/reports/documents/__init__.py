"""The documents of `--json`: one plain type each, from which the file `docs/schema/NAME-vN.json` is made.

A document's fields are written in their order, those of the last base first. The types are loaded for `--json` only.
"""
