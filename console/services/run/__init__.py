"""Runs: take one candidate through the gates, step by step."""
