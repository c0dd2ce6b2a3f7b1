"""A watch: what is kept of each route from round to round, and which changes are told."""
