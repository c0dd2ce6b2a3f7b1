"""The set-up as lines of text, the same in both faces."""
