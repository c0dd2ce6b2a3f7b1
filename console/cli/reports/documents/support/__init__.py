"""The documents for people outside: what support gets."""
