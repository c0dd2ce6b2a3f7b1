"""Gated runs: what a run stands on before, between and after its calls."""
