"""What a check of a route proves: the ladder's rungs, assertions, catalogues and the events of a call."""
