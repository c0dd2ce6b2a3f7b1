"""The documents of `store`."""
