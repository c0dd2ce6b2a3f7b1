"""`init`: the first set-up, and each further profile."""
