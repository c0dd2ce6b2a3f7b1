"""The documents of `check --against`, and of a command that a problem ended."""
