"""Setting up a profile: one conversation for both faces, from an address to a profile in the config."""
