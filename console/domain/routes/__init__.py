"""Which endpoint family and model serve a role, and the checks of a route table that need no call."""
