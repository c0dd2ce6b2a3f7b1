"""Instruction files as coding agents find them in a repository."""
