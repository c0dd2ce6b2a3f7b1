"""Preflight: everything we can check before anything is generated, what it proves, and how it stops a run."""
