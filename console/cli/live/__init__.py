"""Calls to a gateway for `smoke`, `check` and `demo`; loaded only when calls are due."""
