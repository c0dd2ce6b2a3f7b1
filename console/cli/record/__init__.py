"""`record`: the safe records of runs."""
