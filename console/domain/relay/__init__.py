"""The relay: what a coding agent may ask for through it, and what is kept of its calls."""
