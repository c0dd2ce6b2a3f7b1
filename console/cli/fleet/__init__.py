"""`fleet`: many profiles in one table, the worst first."""
