"""Tokens: references in, a `Secret` or a clear state out. No store is guessed, and there is no plain-text one."""
