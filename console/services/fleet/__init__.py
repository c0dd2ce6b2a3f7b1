"""The fleet: the newest state of each profile, kept in the store, and read from it or from this machine's history."""
