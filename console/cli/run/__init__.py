"""The verbs `run` and `record`."""
