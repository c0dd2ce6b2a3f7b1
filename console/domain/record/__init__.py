"""The record of a run: what may be stored and shown of it, computed from its events."""
