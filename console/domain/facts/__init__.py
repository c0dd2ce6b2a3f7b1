"""Facts as data: TOML tables, each row with its source and the date it was read."""
