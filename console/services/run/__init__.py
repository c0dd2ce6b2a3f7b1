"""Runs: one candidate's way through the gates, step by step."""
