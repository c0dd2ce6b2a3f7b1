"""The documents of the fleet."""
