"""`agents`: coding agents' own settings, against the route table."""
