"""The ledger: the lines of all runs, appended once and never changed, and beside them the artifacts that they name."""
