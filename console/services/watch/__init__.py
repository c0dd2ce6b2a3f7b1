"""A watch: the probe ladder again and again, what changed since, and where that is told."""
