"""The ledger: the lines of all runs, appended once and never changed, and the artifacts that they name."""
