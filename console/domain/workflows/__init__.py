"""The CI boundary: workflows as data, rules over them, and which variables hold tokens."""
