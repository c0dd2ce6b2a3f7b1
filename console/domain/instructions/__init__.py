"""Instruction files of coding agents: which exist, what they say, where they conflict."""
