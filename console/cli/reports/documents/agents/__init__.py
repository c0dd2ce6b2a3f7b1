"""The documents of `agents`."""
