"""Completion for bash, zsh and fish, generated from the parsers of the verbs."""
