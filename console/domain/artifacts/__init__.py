"""The artifacts of a run's roles and their checks: plans, diffs, paths, outcomes."""
