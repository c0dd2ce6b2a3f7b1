"""The sealed candidate, taken out of a run: to a file, or onto a branch of the operator's repository."""
