"""Escalation: the bundle that a person sends to support, and the scenario that shows the failure again."""
