"""Instruction files of coding agents: which exist, what they contain, where they conflict."""
