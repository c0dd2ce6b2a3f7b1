"""Coding agents' own settings: read on this machine, and written with a way back."""
