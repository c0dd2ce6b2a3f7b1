"""A token as a `Secret`, and the registry of all tokens that this process knows."""
