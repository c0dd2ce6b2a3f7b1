"""Dialogs: a question over a screen, or a text to read."""
