"""Tokens: a reference goes in, a `Secret` or a clear state comes out. No store is guessed; none keeps plain text."""
