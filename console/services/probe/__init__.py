"""Probes: the one client of the gateway, and the live smoke tests that are made with it."""
