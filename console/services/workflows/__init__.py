"""Workflows and token variables of a repository, read from disk."""
