"""Facts as data: TOML tables, each row with its source and the day on which it was read."""
