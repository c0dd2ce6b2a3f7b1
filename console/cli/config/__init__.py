"""`config`: the config that is used, its faults, and changes of it."""
