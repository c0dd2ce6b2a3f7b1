"""Route checks: the rungs of the ladder, assertions, catalogues and the events of a call."""
