"""The relay for coding agents as both faces show it."""
