"""Escalation: what a failure looked like, in closed types, for whoever has to fix it."""
