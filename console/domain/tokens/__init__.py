"""A token as a `Secret`, and the registry of all tokens in this process."""
