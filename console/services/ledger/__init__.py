"""The ledger: what happened in runs, appended and never changed."""
