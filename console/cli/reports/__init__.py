"""What verbs print: lines for a person here, the documents of `--json` in `documents`."""
