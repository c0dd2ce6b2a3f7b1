"""A gated run's work between its gates: what is read, sent and checked for one candidate."""
