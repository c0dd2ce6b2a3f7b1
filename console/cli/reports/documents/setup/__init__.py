"""The documents on what the console is set to do."""
