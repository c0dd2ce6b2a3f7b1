"""The verbs of the command line, one module each; `run`, `record` and `token` have rooms of their own."""
