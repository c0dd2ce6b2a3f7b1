"""The ledger of a team in a PostgreSQL database, behind the same interface as the one in a file."""
