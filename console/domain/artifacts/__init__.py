"""What a run's roles write and what is checked of it: plans, diffs, paths, outcomes of checks."""
